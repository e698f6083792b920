"""Folds of samples that were put in order first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError, EmptyFoldError

__all__ = ["Fold", "make_folds", "mean_over_folds"]


class Fold(NamedTuple):
    """Rows to train on and rows to test.

    Attributes
    ----------
    train, test : ndarray of int64
        Row numbers.
    """

    train: IntArray
    test: IntArray


def _as_numbers(rows: Any) -> IntArray:
    """Return row numbers, of a mask too."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)


def _moved(splits: Iterable[Any], order: IntArray) -> list[Fold]:
    """Say where the rows of given splits are after they were put in order."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return [
        Fold(np.sort(place[_as_numbers(train)]), np.sort(place[_as_numbers(test)]))
        for train, test in splits
    ]


def _refuse_useless(folds: list[Fold]) -> None:
    """Raise if there is no fold, or one tests rows it trains on, or is empty."""
    if not folds:
        msg = "cv gives no folds. Pass a splitter, or a list of (train, test) rows."
        raise EmptyFoldError(msg)
    for number, (train, test) in enumerate(folds):
        if not len(train) or not len(test):
            msg = (
                f"Fold {number} of cv has {len(train)} rows to train on and "
                f"{len(test)} to test; both must be there."
            )
            raise EmptyFoldError(msg)
        n_both = len(np.intersect1d(train, test))
        if n_both:
            msg = (
                f"Fold {number} of cv trains on {n_both} of the {len(test)} rows it "
                "tests. Predictions of these rows would not be out of fold; leave them "
                "out of the training rows."
            )
            raise DataError(msg)


def make_folds(
    cv: Any, X: Any, y: np.ndarray, params: dict[str, Any], order: IntArray
) -> list[Fold]:
    """Split samples that were put in order.

    Parameters
    ----------
    cv : cross-validator or list of (train, test)
        The splits of a list are row numbers (or masks) before the rows were ordered.
    X : Panel, Windows, DataFrame or array-like of n_rows rows
        The samples, in order.
    y : ndarray of shape (n_rows,)
        Their labels.
    params : dict
        Passed to the splitter, in order too.
    order : ndarray of int64 of shape (n_rows,)
        Row at which each of them stood before.

    Returns
    -------
    folds : list of Fold
        Row numbers in the new order, ascending in each fold.

    Raises
    ------
    DataError
        If a fold trains on rows that it tests.
    EmptyFoldError
        If there are no folds, or an empty one.
    """
    if hasattr(cv, "split"):
        folds = [Fold(*map(_as_numbers, f)) for f in cv.split(X, y, **params)]
    else:
        folds = _moved(cv, order)
    _refuse_useless(folds)
    return folds


def mean_over_folds(
    folds: list[Fold], values: list[FloatArray], n_rows: int
) -> FloatArray:
    """Return the mean of all predictions of each row, NaN where there are none.

    Parameters
    ----------
    folds : list of Fold
        What each fold tests.
    values : list of ndarray of shape (n_test, n_outputs)
        Predictions of each fold.
    n_rows : int
        Number of rows.

    Returns
    -------
    mean : ndarray of shape (n_rows, n_outputs)
        In splits that test each row along several paths, the mean over the paths.
    """
    total = np.zeros((n_rows, values[0].shape[1]))
    counts = np.zeros(n_rows)
    for fold, value in zip(folds, values, strict=True):
        total[fold.test] += value
        counts[fold.test] += 1
    return total / np.where(counts > 0, counts, np.nan)[:, None]
