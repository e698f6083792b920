"""What a model gains over the class shares, row by row, added up over periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError

__all__ = [
    "day_sums",
    "gain_series",
    "log_loss_gains",
    "period_sums",
    "profit_series",
]


def _log(proba: FloatArray) -> FloatArray:
    return np.log(np.clip(proba, np.finfo(np.float64).eps, 1.0))


def log_loss_gains(
    proba: FloatArray, y: Any, y_train: Any, classes: np.ndarray
) -> FloatArray:
    """Return the log loss of the class shares minus that of a model, per row.

    Parameters
    ----------
    proba : ndarray of float64 of shape (n_test, n_classes)
        Probabilities of the test rows.
    y : array-like of shape (n_test,)
        Their classes.
    y_train : array-like of shape (n_train,)
        Classes of the training rows, whose shares (with one more row of each class)
        are the reference.
    classes : ndarray of shape (n_classes,)
        All classes, sorted.

    Returns
    -------
    gains : ndarray of float64 of shape (n_test,)
        Greater is better; 0 for a model that knows no more than the shares.
    """
    target = np.searchsorted(classes, np.asarray(y))
    codes = np.searchsorted(classes, np.asarray(y_train))
    counts = np.bincount(codes, minlength=len(classes)) + 1.0
    own = _log(proba)[np.arange(len(target)), target]
    return own - _log(counts / counts.sum())[target]


def period_sums(values: FloatArray, periods: IntArray) -> dict[str, list]:
    """Return sum and number of values per period, as plain values for JSON."""
    named, place, counts = np.unique(periods, return_inverse=True, return_counts=True)
    sums = np.bincount(place, weights=values)
    return {
        "period": named.tolist(),
        "sum": sums.tolist(),
        "count": counts.tolist(),
    }


def gain_series(folds: Sequence[dict[str, list]], n_periods: int) -> FloatArray:
    """Return the mean gain per period over all folds of a trial, NaN for none.

    Parameters
    ----------
    folds : sequence of dict
        Results of `period_sums`, one per fold.
    n_periods : int
        Number of periods in all.

    Returns
    -------
    means : ndarray of float64 of shape (n_periods,)
        One value per period.
    """
    sums, counts = np.zeros(n_periods), np.zeros(n_periods)
    for fold in folds:
        np.add.at(sums, fold["period"], fold["sum"])
        np.add.at(counts, fold["period"], fold["count"])
    return np.divide(sums, counts, out=np.full(n_periods, np.nan), where=counts > 0)


def day_sums(profits: Any) -> dict[str, list]:
    """Return the profits of one fold per UTC day, as plain values for JSON.

    Parameters
    ----------
    profits : Series of float
        Profits, indexed by time.

    Returns
    -------
    sums : dict
        Days since 1970 and their sums.
    """
    if not isinstance(getattr(profits, "index", None), pd.DatetimeIndex):
        msg = (
            "profits must return a Series indexed by time, got "
            f"{type(profits).__name__}. BacktestResult.daily is one."
        )
        raise DataError(msg)
    days = profits.index.to_numpy("datetime64[D]").astype(np.int64)
    return period_sums(profits.to_numpy(dtype=np.float64), days)


def profit_series(
    folds: Sequence[dict[str, list]], days: IntArray, n_tests: float
) -> FloatArray:
    """Return the profits of a trial on each of some days, 0 where there are none.

    Parameters
    ----------
    folds : sequence of dict
        Results of `day_sums`, one per fold.
    days : ndarray of int64 of shape (n_days,)
        Days since 1970, sorted.
    n_tests : float
        How many folds test a row, on average; profits are divided by it.

    Returns
    -------
    profits : ndarray of float64 of shape (n_days,)
        One value per day.
    """
    sums = np.zeros(len(days))
    for fold in folds:
        np.add.at(sums, np.searchsorted(days, fold["period"]), fold["sum"])
    return sums / n_tests
