"""Windows, labels and metadata from the parquet splits of an upstream pipeline."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from sk_ensemble.datasets._dataset_config import DatasetConfig
from sk_ensemble.datasets._dataset_files import (
    inferred_features,
    open_split,
    read_columns,
)
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import Panel, Windows

__all__ = ["TimeSeriesDataset"]


def _read_split(config: DatasetConfig, split: str, features: list[str]) -> pd.DataFrame:
    """Read the bars of the chosen symbols, with the keys under their usual names."""
    file = open_split(config.paths[split])
    columns = [config.time, config.symbol, config.label_column, *features]
    if config.label_end_column in file.schema_arrow.names:
        columns.append(config.label_end_column)
    frame = read_columns(file, columns)
    if config.include_symbols is not None:
        frame = frame[frame[config.symbol].isin(list(config.include_symbols))]
    return frame


def _labels(frame: pd.DataFrame, config: DatasetConfig) -> pd.DataFrame:
    """Return labels, and their ends if they are known, as `Panel.align` wants them."""
    names = {
        config.time: "datetime",
        config.symbol: "symbol",
        config.label_column: "label",
        config.label_end_column: "label_end",
    }
    labels = frame[[name for name in names if name in frame.columns]]
    return labels.rename(columns=names)


def _warn_of_short_symbols(panel: Panel, sequence_length: int, split: str) -> None:
    """Name the symbols that have no bar with a full window before it."""
    history = panel.history
    counts = np.diff(history.symbol_bounds)
    short = counts <= sequence_length
    if short.any():
        named = dict(
            zip(history.symbol_names[short], counts[short].tolist(), strict=True)
        )
        msg = (
            f"No samples in {split} of symbols with at most sequence_length="
            f"{sequence_length} bars (bars per symbol: {named})."
        )
        warnings.warn(msg, UserWarning, stacklevel=3)


def _metadata(X: Panel, labels: pd.DataFrame) -> pd.DataFrame:
    """Return time, symbol and row in the file of every sample."""
    rows = labels.set_index(["symbol", "datetime"])["row"]
    return pd.DataFrame(
        {
            "datetime": pd.Series(X.times).dt.tz_localize("UTC"),
            "symbol": X.symbols,
            "index": X.lookup(rows),
        }
    )


class TimeSeriesDataset:
    """Read train, validation and test windows from three parquet files.

    The files are the splits that an upstream pipeline has made, features computed and
    scaled. They are taken as they are: nothing is scaled, filled or resampled here.

    Parameters
    ----------
    config : DatasetConfig
        Where the files lie and how to read them. It is validated at once.

    Attributes
    ----------
    config : DatasetConfig
        The configuration.
    feature_names : list of str
        Features, in the order of the training file.

    Raises
    ------
    ConfigError, DataError
        For settings or files that are not usable; lists every problem, see
        `DatasetConfig.validate`.

    See Also
    --------
    sk_ensemble.panel.Panel.from_parquet : Read one file of bars without splits.

    Notes
    -----
    The window of the bar in row i of a symbol holds the `sequence_length` bars before
    it, rows i-sequence_length ... i-1 of that symbol in time order, and never the bar
    itself. The first sample of a symbol is the first bar with a full window; nothing
    is padded, and no split sees a row of another: the first `sequence_length` bars of
    each symbol in each split serve as history only.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from sk_ensemble.datasets import DatasetConfig, TimeSeriesDataset
    >>> folder = Path(tempfile.mkdtemp())
    >>> bars = pd.DataFrame({
    ...     "datetime": pd.date_range("2024-01-02", periods=30, freq="5min", tz="UTC"),
    ...     "symbol": "MES",
    ...     "ret": range(30),
    ...     "label_h5": ([1.0, 0.0, -1.0, 1.0, 0.0] + [None] * 5) * 3,
    ... })
    >>> for number, split in enumerate(["train", "val", "test"]):
    ...     part = bars.iloc[10 * number : 10 * number + 10]
    ...     part.to_parquet(folder / f"{split}.parquet")
    >>> paths = [folder / f"{split}.parquet" for split in ("train", "val", "test")]
    >>> dataset = TimeSeriesDataset(DatasetConfig(*paths, sequence_length=2))
    >>> X, y, metadata = dataset.get_split("train")
    >>> X.shape, y.tolist(), metadata["index"].tolist()
    ((3, 2, 1), [-1, 1, 0], [2, 3, 4])
    >>> X.gather([0])[0, :, 0].tolist()
    [0.0, 1.0]
    """

    def __init__(self, config: DatasetConfig) -> None:
        config.validate()
        self.config = config
        schema = open_split(config.paths["train"]).schema_arrow
        self.feature_names = inferred_features(schema, config)

    def get_split(self, split: str) -> tuple[Windows, np.ndarray, pd.DataFrame]:
        """Return windows, labels and metadata of one split.

        Parameters
        ----------
        split : {"train", "val", "test"}
            Which split to read. With `exclude_neutrals`, samples with label 0 are left
            out of ``"train"`` only, so that the other two score every bar.

        Returns
        -------
        X : Windows of shape (n_samples, sequence_length, n_features)
            Lazy windows with ``lag=1``, ordered by time, then symbol; with `label_end`
            where the file has it.
        y : ndarray of int64 of shape (n_samples,)
            Labels -1, 0, 1.
        metadata : DataFrame of n_samples rows
            `datetime` (UTC), `symbol`, and `index`, the row number in the file.

        Raises
        ------
        DataError
            If the file has changed for the worse since it was validated, or no bar has
            both a label and a full window.

        Warns
        -----
        UserWarning
            If some symbols have too few bars for a single window.
        """
        if split not in self.config.paths:
            msg = f"split must be one of {list(self.config.paths)}, got {split!r}."
            raise ValueError(msg)
        try:
            return self._read(split)
        except DataError as error:
            msg = f"{split} ({self.config.paths[split]}): {error}"
            raise DataError(msg) from error

    def _read(self, split: str) -> tuple[Windows, np.ndarray, pd.DataFrame]:
        """Read one split; errors do not name it yet."""
        config = self.config
        frame = _read_split(config, split, self.feature_names)
        panel = Panel.from_frame(
            frame,
            features=self.feature_names,
            time=config.time,
            symbol=config.symbol,
            dtype=config.dtype,
        )
        _warn_of_short_symbols(panel, config.sequence_length, split)
        labels = _labels(frame, config).assign(row=frame.index)
        samples, y = panel.align(
            labels,
            min_history=config.sequence_length + 1,
            exclude_neutrals=config.exclude_neutrals and split == "train",
        )
        X = Windows.from_panel(samples, config.sequence_length, lag=1)
        return X, y, _metadata(samples, labels)
