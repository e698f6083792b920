"""The rows of one horizon, in three periods that do not overlap."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from sk_ensemble._typing import NanosecondArray
from sk_ensemble.panel import History, Panel

__all__ = ["PERIODS", "HorizonSamples", "training_spans"]

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
        rows = pd.util.hash_pandas_object(self.outcomes, index=True).to_numpy()
        _feed(digest, rows)
        return digest.hexdigest()

    def outcomes_of(self, X: Panel) -> pd.DataFrame:
        """Return the outcomes at some samples; missing where there is no label."""
        return self.outcomes.reindex(X.index)


def training_spans(samples: HorizonSamples) -> tuple[NanosecondArray, NanosecondArray]:
    """Return the times of the training samples and the ends of their labels."""
    X = samples.X
    return cast(NanosecondArray, X.times_ns), cast(NanosecondArray, X.label_end_ns)
