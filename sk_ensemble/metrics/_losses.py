"""Mean losses of probabilities, in whole and in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sk_ensemble._typing import FloatArray
from sk_ensemble.metrics._inputs import checked_inputs, checked_weight, neutral_column
from sk_ensemble.metrics._rowwise import (
    brier_rows,
    direction_gain_rows,
    direction_rows,
    log_loss_rows,
    movement_rows,
)

__all__ = [
    "brier_score",
    "direction_gain",
    "direction_log_loss",
    "log_loss",
    "movement_log_loss",
]


def _mean(rows: FloatArray, y: npt.ArrayLike, sample_weight: Any) -> float:
    """Return the weighted mean over all rows."""
    return float(np.average(rows, weights=checked_weight(y, sample_weight)))


def log_loss(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Compute the log loss.

    Unlike scikit-learn's function it takes the labels in any order and refuses rows
    that do not add up to 1 instead of warning.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes; some of the labels may be absent.
    proba : array-like of shape (n_samples, n_labels)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name.
    labels : sequence of n_labels classes, default=(-1, 0, 1)
        All classes there are.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the mean.

    Returns
    -------
    loss : float
        Mean of minus the natural log of the probability of the true class, nats per
        row. Probabilities are first clipped to ``[eps, 1 - eps]``, where eps is the
        precision of their dtype.

    Raises
    ------
    DataError
        If a class is not among the labels, or a row holds no probabilities.

    Examples
    --------
    >>> from sk_ensemble.metrics import log_loss
    >>> round(log_loss([1, 0], [[0.25, 0.25, 0.5], [0.25, 0.5, 0.25]]), 4)
    0.6931
    """
    return _mean(log_loss_rows(checked_inputs(y, proba, labels)), y, sample_weight)


def movement_log_loss(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    sample_weight: npt.ArrayLike | None = None,
    neutral: Any = 0,
) -> float:
    """Compute the log loss of "neutral or not".

    Together with :func:`direction_log_loss` it adds up to :func:`log_loss`.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes; some of the labels may be absent.
    proba : array-like of shape (n_samples, n_labels)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name.
    labels : sequence of n_labels classes, default=(-1, 0, 1)
        All classes there are.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the mean.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    loss : float
        Mean over all rows, nats per row: minus the log of the probability of
        `neutral` where it came true, else of all other classes together.

    Raises
    ------
    DataError
        If a class is not among the labels, or a row holds no probabilities.

    See Also
    --------
    direction_log_loss : The other part.

    Examples
    --------
    >>> from sk_ensemble.metrics import movement_log_loss
    >>> round(movement_log_loss([1, 0], [[0.25, 0.25, 0.5], [0.25, 0.5, 0.25]]), 4)
    0.4904
    """
    column = neutral_column(labels, neutral)
    rows = movement_rows(checked_inputs(y, proba, labels), column)
    return _mean(rows, y, sample_weight)


def direction_log_loss(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    sample_weight: npt.ArrayLike | None = None,
    neutral: Any = 0,
) -> float:
    """Compute the log loss of "up or down, given movement".

    Together with :func:`movement_log_loss` it adds up to :func:`log_loss`.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes; some of the labels may be absent.
    proba : array-like of shape (n_samples, 3)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name.
    labels : sequence of 3 classes, default=(-1, 0, 1)
        All classes there are.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the mean.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    loss : float
        Mean over all rows, nats per row: 0 for neutral rows, else minus the log of
        ``p(true side) / (p(up) + p(down))``.

    Raises
    ------
    DataError
        If a class is not among the labels, or a row holds no probabilities.

    See Also
    --------
    direction_gain : The same, counted from a model without an opinion.
    movement_log_loss : The other part.

    Examples
    --------
    >>> from sk_ensemble.metrics import direction_log_loss
    >>> round(direction_log_loss([1, 0], [[0.25, 0.25, 0.5], [0.25, 0.5, 0.25]]), 4)
    0.2027
    """
    column = neutral_column(labels, neutral, n_labels=3)
    rows = direction_rows(checked_inputs(y, proba, labels), column)
    return _mean(rows, y, sample_weight)


def direction_gain(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    sample_weight: npt.ArrayLike | None = None,
    neutral: Any = 0,
) -> float:
    """Compute how much a model knows about direction, in nats per bar.

    This is the :func:`direction_log_loss` of the same probabilities with up and down
    made equal, minus that of the model: positive when the model's view of direction
    helps, exactly 0 when it has none, however well it knows the volatility.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes; some of the labels may be absent.
    proba : array-like of shape (n_samples, 3)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name.
    labels : sequence of 3 classes, default=(-1, 0, 1)
        All classes there are.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the mean.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    gain : float
        Mean over all rows, nats per row; 0 for neutral rows.

    Raises
    ------
    DataError
        If a class is not among the labels, or a row holds no probabilities.

    See Also
    --------
    loss_table : The gain of each row, as the day-block bootstrap needs it.

    Examples
    --------
    >>> from sk_ensemble.metrics import direction_gain
    >>> round(direction_gain([1, 0], [[0.25, 0.25, 0.5], [0.25, 0.5, 0.25]]), 4)
    0.1438
    >>> direction_gain([1, 0], [[0.1, 0.8, 0.1], [0.3, 0.4, 0.3]])
    0.0
    """
    column = neutral_column(labels, neutral, n_labels=3)
    rows = direction_gain_rows(checked_inputs(y, proba, labels), column)
    return _mean(rows, y, sample_weight)


def brier_score(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    sample_weight: npt.ArrayLike | None = None,
) -> float:
    """Compute the Brier score of all classes together.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes; some of the labels may be absent.
    proba : array-like of shape (n_samples, n_labels)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name.
    labels : sequence of n_labels classes, default=(-1, 0, 1)
        All classes there are.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the mean.

    Returns
    -------
    score : float
        Mean over rows of the sum over classes of the squared difference between
        probability and truth, in [0, 2]; less is better. It is not halved for two
        classes.

    Raises
    ------
    DataError
        If a class is not among the labels, or a row holds no probabilities.

    Examples
    --------
    >>> from sk_ensemble.metrics import brier_score
    >>> brier_score([1, 0], [[0.25, 0.25, 0.5], [0.25, 0.5, 0.25]])
    0.375
    """
    return _mean(brier_rows(checked_inputs(y, proba, labels)), y, sample_weight)
