"""Samples from the train, validation and test files of an upstream pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from sk_ensemble._typing import NanosecondArray
from sk_ensemble.datasets import DatasetConfig, TimeSeriesDataset
from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments._samples import PERIODS, HorizonSamples
from sk_ensemble.experiments._tables import read_table
from sk_ensemble.experiments.config import DatasetSection, FilesSection
from sk_ensemble.panel import Panel

__all__ = ["FilesSource"]

_SPLITS = ("train", *PERIODS)


def _outcomes(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the labelled bars in the form that predictions are scored with."""
    known = labels[labels["label"].notna()].set_index(["symbol", "datetime"])
    return pd.DataFrame(
        {
            "y": known["label"].astype("int64"),
            "label_end": known.get("label_end", pd.Series(pd.NaT, known.index)),
            "forward_return": np.nan,
        },
        index=known.index,
    )


def _deep_enough(panel: Panel, min_history: int) -> Panel:
    """Keep the samples with a full window, so that nothing is padded."""
    depth = panel.positions - panel.segment_starts + 1
    return panel[depth >= min_history]


@dataclass(frozen=True, eq=False)
class FilesSource:
    """Make samples of any horizon from three parquet files.

    Each file is a history of its own: no split sees another's rows, and the first
    `min_history` - 1 bars of every symbol serve as history only.

    Parameters
    ----------
    data : FilesSection
        Paths and columns.
    horizons : tuple of int
        Horizons of the labels, bars; the files have a label column for each.
    min_history : int
        Bars, the sample's own included, that the longest window needs.
    cache_dir : Path or None
        Folder for decoded bars, which are then memory-mapped.
    """

    data: FilesSection
    horizons: tuple[int, ...]
    min_history: int
    cache_dir: Path | None = None

    @cached_property
    def datasets(self) -> dict[int, TimeSeriesDataset]:
        """The validated files, by horizon."""
        return {h: TimeSeriesDataset(self._config(h)) for h in self.horizons}

    def _config(self, horizon: int) -> DatasetConfig:
        """Return where the files lie and how they are read for one horizon."""
        longest = DatasetSection(sequence_length=max(self.min_history - 1, 1))
        return self.data.dataset_config(horizon, longest)

    @cached_property
    def panels(self) -> dict[str, Panel]:
        """Features of every bar, by split."""
        return {split: self._read_panel(split) for split in _SPLITS}

    def samples(self, horizon: int) -> HorizonSamples:
        """Align the labels of one horizon with the bars.

        Raises
        ------
        ConfigError, DataError
            If the files cannot be used; all problems are listed.
        """
        config = self.datasets[horizon].config
        labels = {split: self._labels(split, config) for split in _SPLITS}
        X, y = self.panels["train"].align(labels["train"], min_history=self.min_history)
        thinned = self._thinned_rows(X)
        outcomes = pd.concat([_outcomes(labels[split]) for split in _SPLITS])
        return HorizonSamples(
            horizon,
            X[thinned],
            y[thinned],
            {p: _deep_enough(self.panels[p], self.min_history) for p in PERIODS},
            outcomes,
        )

    def trading_bars(self, period: str) -> pd.DataFrame | None:
        """Return None: prices before the upstream pipeline are not known."""

    def _thinned_rows(self, X: Panel) -> np.ndarray:
        _, ranks = np.unique(cast(NanosecondArray, X.times_ns), return_inverse=True)
        rows: np.ndarray = np.flatnonzero(ranks % self.data.stride == 0)
        return rows

    def _read_panel(self, split: str) -> Panel:
        """Read the features of one split, memory-mapped where all of it is wanted."""
        data, dataset = self.data, self.datasets[self.horizons[0]]
        path, features = dataset.config.paths[split], dataset.feature_names
        how: Any = {"time": data.time, "symbol": data.symbol, "dtype": data.dtype}
        if data.symbols is None:
            return Panel.from_parquet(
                path, features=features, cache_dir=self.cache_dir, **how
            )
        frame = read_table(path, [data.time, data.symbol, *features])
        frame = frame[frame[data.symbol].isin(list(data.symbols))]
        if frame.empty:
            msg = f"{path} has no bar of the symbols {list(data.symbols)}."
            raise DataError(msg)
        return Panel.from_frame(frame, features=features, **how)

    def _labels(self, split: str, config: DatasetConfig) -> pd.DataFrame:
        """Return symbol, datetime, label and, where there is one, label_end."""
        path = config.paths[split]
        names = {
            config.symbol: "symbol",
            config.time: "datetime",
            config.label_column: "label",
        }
        if config.label_end_column in pq.read_schema(path).names:
            names[config.label_end_column] = "label_end"
        frame = read_table(path, list(names))
        if config.include_symbols is not None:
            frame = frame[frame[config.symbol].isin(list(config.include_symbols))]
        return frame.rename(columns=names)
