"""Predictions of members as the features of a final estimator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._meta_samples import MemberPredictions

__all__ = ["log_odds", "meta_features", "meta_names", "n_columns"]

#: Probabilities below this say no more than "hardly ever": a nearest-neighbour model
#: with 0 of 5 neighbours must not outweigh all others.
FLOOR = 1e-3


def log_odds(proba: FloatArray) -> FloatArray:
    """Return the log odds of each class against the geometric mean of all.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities, raised to 0.001 where they are less.

    Returns
    -------
    odds : ndarray of shape (n_rows, n_classes)
        Rows add up to 0; no class is singled out as the one to compare with. Of two
        classes, the log odds of the second against the first, (n_rows, 1).
    """
    logs = np.log(np.clip(proba, FLOOR, None))
    if logs.shape[1] == 2:
        return logs[:, 1:] - logs[:, :1]
    return logs - logs.mean(axis=1, keepdims=True)


def n_columns(method: str, n_outputs: int) -> int:
    """Return how many columns a member gives: of two classes one says it all."""
    return 1 if n_outputs == 2 and method != "decision_function" else n_outputs


def _columns(values: FloatArray, method: str) -> FloatArray:
    """Return the columns of one member."""
    if method == "log_odds":
        return log_odds(values)
    return values[:, -n_columns(method, values.shape[1]) :]


def meta_features(predictions: MemberPredictions, methods: Sequence[str]) -> FloatArray:
    """Return the features of a final estimator.

    Parameters
    ----------
    predictions : MemberPredictions
        What the members say.
    methods : sequence of str
        How each member's predictions are to be read.

    Returns
    -------
    features : ndarray of float64 of shape (n_rows, n_features)
        The columns of each member side by side, then those passed through.
    """
    parts = [_columns(*pair) for pair in zip(predictions.members, methods, strict=True)]
    if predictions.extra is not None:
        parts.append(predictions.extra)
    return np.hstack(parts)


def meta_names(
    predictions: MemberPredictions,
    names: Sequence[str],
    methods: Sequence[str],
    classes: np.ndarray,
) -> list[str]:
    """Return the names of the columns of `meta_features`.

    Parameters
    ----------
    predictions : MemberPredictions
        What the members say.
    names : sequence of str
        Names of the members.
    methods : sequence of str
        How each member's predictions are read.
    classes : ndarray of shape (n_classes,)
        The classes.

    Returns
    -------
    columns : list of str
        Such as ``"xgboost[1]"`` for class 1, and ``"x0"`` for what is passed through.
    """
    columns: list[str] = []
    for values, name, method in zip(predictions.members, names, methods, strict=True):
        last = n_columns(method, values.shape[1])
        columns += [f"{name}[{label}]" for label in classes.tolist()[-last:]]
    if predictions.extra is not None:
        columns += [f"x{number}" for number in range(predictions.extra.shape[1])]
    return columns
