"""The rows of one horizon, in three periods that do not overlap."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.panel import History, Panel
from sk_ensemble.utils.bars import symbol_time_keys
from sk_ensemble.utils.time import to_utc_ns

__all__ = ["PERIODS", "TRAINING", "HorizonSamples"]

#: Name of the samples that are trained on.
TRAINING = "train"

#: Periods a model is scored on after it was fitted to the training samples.
PERIODS = ("val", "test")


def _feed(digest: Any, value: Any) -> None:
    """Add an array, or anything with a stable text, to a digest."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(f"{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).data)
    elif isinstance(value, np.ndarray):
        digest.update(repr(value.tolist()).encode())
    else:
        digest.update(repr(value).encode())


def _feed_history(digest: Any, history: History) -> None:
    for part in (
        history.block,
        history.times,
        history.symbol_names,
        history.symbol_bounds,
        history.segment_start,
        history.columns,
    ):
        _feed(digest, part)


@dataclass(frozen=True, eq=False)
class HorizonSamples:
    """Hold the samples of one horizon.

    Attributes
    ----------
    horizon : int
        Bars from a bar to the end of its label.
    X : Panel
        Training samples, carrying `label_end` where it is known.
    y : ndarray of int64 of shape (n_samples,)
        Their labels.
    periods : dict of Panel
        Every bar of the validation and test periods, ``"val"`` and ``"test"``,
        labelled or not.
    outcomes : DataFrame
        ``y``, ``label_end`` and ``forward_return`` of every labelled bar, with levels
        symbol and datetime.
    """

    horizon: int
    X: Panel
    y: np.ndarray
    periods: dict[str, Panel]
    outcomes: pd.DataFrame

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every number that can reach a fit, a prediction or a score."""
        digest = hashlib.sha256(str(self.horizon).encode())
        panels = [self.X, *(self.periods[name] for name in PERIODS)]
        seen: set[int] = set()
        for panel in panels:
            if id(panel.history) not in seen:
                seen.add(id(panel.history))
                _feed_history(digest, panel.history)
            _feed(digest, panel.positions)
            _feed(digest, panel.label_end_ns)
        _feed(digest, self.y)
        symbols, times = symbol_time_keys(self.outcomes)
        for part in (*pd.factorize(symbols), times):
            _feed(digest, np.asarray(part))
        for name in ("y", "forward_return"):
            _feed(digest, self.outcomes[name].to_numpy(np.float64, na_value=np.nan))
        _feed(digest, to_utc_ns(self.outcomes["label_end"]))
        return digest.hexdigest()

    @cached_property
    def known(self) -> dict[str, pd.DataFrame]:
        """Outcomes of the samples of ``"train"``, ``"val"`` and ``"test"``.

        They are shared by the predictions of all models.
        """
        panels = {TRAINING: self.X, **self.periods}
        return {part: self.outcomes_of(panel) for part, panel in panels.items()}

    def outcomes_of(self, X: Panel) -> pd.DataFrame:
        """Return the outcomes at some samples; missing where there is no label."""
        # By places in the history: looking a million pairs up in an index of pairs
        # takes more memory than the bars.
        bars = X.history.locate(*symbol_time_keys(self.outcomes))
        row_of_bar = np.full(X.history.n_bars, -1, dtype=np.int64)
        row_of_bar[bars[bars >= 0]] = np.flatnonzero(bars >= 0)
        rows = row_of_bar[X.positions]
        table = self.outcomes.reset_index(drop=True).reindex(rows)
        return table.astype({"y": "Int64"}).set_axis(X.index)
