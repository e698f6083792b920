"""Predict class shares by symbol and time of day."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils import Tags

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.baseline._base import BaselineClassifier
from sk_ensemble.baseline._local_time import time_slots
from sk_ensemble.baseline._shares import class_shares
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import Windows
from sk_ensemble.utils.sklearn_api import Interval
from sk_ensemble.utils.time import timedelta_ns

__all__ = ["ClockBaseline"]


def _counts(groups: IntArray, n_groups: int, training: TrainingSet) -> FloatArray:
    """Return the weight of each class in each group, shape (n_groups, n_classes)."""
    n_classes = training.n_classes
    totals = np.bincount(
        groups * n_classes + training.codes,
        weights=training.weights,
        minlength=n_groups * n_classes,
    )
    return totals.reshape(n_groups, n_classes).astype(np.float64, copy=False)


def _shrunk(counts: FloatArray, towards: FloatArray, shrinkage: float) -> FloatArray:
    """Return class shares as if `shrinkage` more samples were divided `towards`."""
    totals = counts.sum(axis=-1, keepdims=True)
    return (counts + shrinkage * towards) / (totals + shrinkage)


def _find(values: np.ndarray, known: np.ndarray) -> IntArray:
    """Return the place of each value among the known ones, or their number."""
    places = {value: place for place, value in enumerate(known.tolist())}
    codes, unique = pd.factorize(values)
    found = [places.get(value, len(known)) for value in unique.tolist()]
    return np.array(found, dtype=np.int64)[codes]


class ClockBaseline(BaselineClassifier):
    """Predict class shares per symbol and time of day.

    On bars, movement follows the clock: much of what a model seems to know is that
    markets move more at the open than at noon. This baseline knows just that. The
    shares of a slot are shrunk to those of the symbol, and these to those of all.

    Parameters
    ----------
    timezone : str, mapping or Series, default="UTC"
        Exchange time zone: one name for all symbols, or one for each, as
        ``contract_specs()["timezone"]``. Daylight saving is followed.
    slot : str or Timedelta, default="5min"
        Length of a slot of the local day.
    shrinkage : float, default=100.0
        Weight with which the coarser shares count, in samples.

    Attributes
    ----------
    symbols_ : ndarray of shape (n_symbols,)
        Symbols of the training samples; one empty name without symbols.
    slots_ : ndarray of int64 of shape (n_slots,)
        Slots of the training samples, counted from local midnight; -1 without times.
    shares_ : ndarray of shape (n_symbols + 1, n_slots + 1, n_classes)
        Class shares; the last symbol and the last slot stand for those not seen.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Features per bar.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.
    window_length_ : int
        Bars per window.

    Raises
    ------
    DataError
        For a time zone that does not exist, or a training symbol without one.

    See Also
    --------
    VolatilityBaseline : Movement from recent volatility as well.

    Notes
    -----
    Uses only the sample's own symbol and time, no features. A slot that was not seen
    gets the shares of its symbol, a symbol that was not seen those of all samples.
    On samples without times this is `PriorBaseline`. Missing values are allowed.

    Examples
    --------
    >>> from sk_ensemble import ClockBaseline, Panel
    >>> from sk_ensemble.datasets import make_bars
    >>> data = make_bars(5000, 1, volatility="sessions", random_state=0)
    >>> panel = Panel.from_frame(data.bars, features=["close"])
    >>> X, y = panel.align(data.labels)
    >>> neutral = ClockBaseline(shrinkage=10).fit(X, y).predict_proba(X)[:, 1]
    >>> neutral[[0, 20, 40]].round(1)  # the first, a middle and a late bar of a session
    array([0.3, 0.6, 0.3])
    """

    symbols_: np.ndarray
    slots_: np.ndarray
    shares_: FloatArray

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "timezone": [str, Mapping, pd.Series],
        "slot": [str, pd.Timedelta],
        "shrinkage": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        timezone: str | Mapping[Any, str] | pd.Series = "UTC",
        slot: str | pd.Timedelta = "5min",
        shrinkage: float = 100.0,
    ) -> None:
        self.timezone = timezone
        self.slot = slot
        self.shrinkage = shrinkage

    def _slots(self, windows: Windows) -> IntArray:
        return time_slots(windows, self.timezone, timedelta_ns(self.slot, name="slot"))

    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        windows = training.windows
        self.symbols_, symbols = np.unique(windows.symbols, return_inverse=True)
        self.slots_, slots = np.unique(self._slots(windows), return_inverse=True)
        n_symbols, n_slots = len(self.symbols_) + 1, len(self.slots_) + 1

        overall = class_shares(training)
        of_symbols = _shrunk(
            _counts(symbols, n_symbols, training), overall, self.shrinkage
        )
        cells = _counts(symbols * n_slots + slots, n_symbols * n_slots, training)
        cells = cells.reshape(n_symbols, n_slots, -1)

        # An empty cell has the shares it is shrunk to, so what was not seen is there.
        self.shares_ = _shrunk(cells, of_symbols[:, None, :], self.shrinkage)

    def _fit_one_class(self) -> None:
        self.symbols_ = np.array([], dtype=object)
        self.slots_ = np.array([], dtype=np.int64)
        self.shares_ = np.eye(len(self.classes_))[self._only_class].reshape(1, 1, -1)

    def _predict_windows(self, windows: Windows) -> FloatArray:
        symbols = _find(windows.symbols, self.symbols_)
        slots = np.zeros(len(windows), dtype=np.int64)
        known = np.flatnonzero(symbols < len(self.symbols_))
        slots[known] = _find(self._slots(windows[known]), self.slots_)
        return self.shares_[symbols, slots]

    def __sklearn_tags__(self) -> Tags:
        """Describe the baseline to scikit-learn: it does not look at features."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
