"""Ranking of up against down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from sk_ensemble._typing import BoolArray, FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics._inputs import (
    Inputs,
    checked_inputs,
    checked_weight,
    neutral_column,
)

__all__ = ["direction_auc"]


def _share(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return one / (one + other), and 1/2 where both are zero."""
    total = one + other
    return np.divide(one, total, out=np.full(len(one), 0.5), where=total > 0)


def _refuse_missing_side(
    inputs: Inputs, weighted: BoolArray, labels: Sequence[Any], sides: Sequence[int]
) -> None:
    """Raise if one of the two sides has no row with weight."""
    counts = np.bincount(inputs.target[weighted], minlength=len(labels))
    if (counts[list(sides)] == 0).any():
        shown = {label: int(count) for label, count in zip(labels, counts, strict=True)}
        msg = (
            "The direction AUC needs rows of both sides, got (class: rows with "
            f"weight) {shown}. Score a longer stretch of time."
        )
        raise DataError(msg)


def direction_auc(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    sample_weight: npt.ArrayLike | None = None,
    neutral: Any = 0,
) -> float:
    """Compute the area under the ROC curve of up against down.

    Rows that turned out neutral are left out; the score of a row is
    ``p(up) / (p(up) + p(down))``, 1/2 where both are zero. 0.5 means no skill.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes; both sides must occur.
    proba : array-like of shape (n_samples, 3)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name.
    labels : sequence of 3 classes, default=(-1, 0, 1)
        All classes there are.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    auc : float
        Probability that a row that went up has a higher score than one that went
        down, ties counted half.

    Raises
    ------
    DataError
        If one side has no row; the message gives the counts. Also if a class is not
        among the labels, or a row holds no probabilities.

    Notes
    -----
    It makes no difference which of the two sides is called up. The AUC ranks rows of
    different times and symbols against each other, so a drift that the model follows
    counts as skill.

    Examples
    --------
    >>> from sk_ensemble.metrics import direction_auc
    >>> direction_auc([1, -1, 0], [[0.2, 0.2, 0.6], [0.3, 0.3, 0.4], [0.9, 0.1, 0]])
    1.0
    """
    column = neutral_column(labels, neutral, n_labels=3)
    inputs = checked_inputs(y, proba, labels)
    weight = checked_weight(y, sample_weight)
    one, other = (place for place in range(3) if place != column)
    weighted = np.ones(len(inputs.target), dtype=bool) if weight is None else weight > 0
    _refuse_missing_side(inputs, weighted, labels, (one, other))
    counted = weighted & (inputs.target != column)
    table = inputs.proba[counted].astype(np.float64)
    return float(
        roc_auc_score(
            inputs.target[counted] == other,
            _share(table[:, other], table[:, one]),
            sample_weight=None if weight is None else weight[counted],
        )
    )
