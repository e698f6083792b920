"""Check what all metrics take: true classes, probabilities, labels, weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.exceptions import DataError

__all__ = ["Inputs", "checked_inputs", "checked_weight", "neutral_column"]


class Inputs(NamedTuple):
    """Checked input of a metric.

    Attributes
    ----------
    target : ndarray of int64 of shape (n_samples,)
        Column of the true class.
    proba : ndarray of float of shape (n_samples, n_labels)
        Probabilities in [0, 1], in the order of the labels, in their own precision.
    """

    target: IntArray
    proba: FloatArray


def _refuse_other_index(y: Any, other: Any, name: str) -> None:
    """Raise if both are pandas objects whose rows are labelled differently."""
    pandas = (pd.Series, pd.DataFrame)
    if not (isinstance(y, pandas) and isinstance(other, pandas)):
        return
    if len(y) == len(other) and not y.index.equals(other.index):
        msg = (
            f"y and {name} have different indexes, so their rows do not belong "
            "together. Reindex one like the other, or pass both as arrays to compare "
            "them by position."
        )
        raise DataError(msg)


def _columns_in_order(proba: Any, labels: np.ndarray) -> np.ndarray:
    """Return probabilities as an array; columns of a frame are chosen by name."""
    if not isinstance(proba, pd.DataFrame):
        return np.asarray(proba)
    if set(proba.columns) != set(labels.tolist()):
        msg = (
            f"The columns of proba must be the labels {labels.tolist()}, got "
            f"{list(proba.columns)}. Rename them, or pass labels=."
        )
        raise DataError(msg)
    return proba[labels.tolist()].to_numpy()


def _as_floats(proba: np.ndarray) -> FloatArray:
    """Return probabilities as they are if they are floats, else as float64."""
    if proba.dtype.kind == "f" and proba.dtype.itemsize <= 8:
        return proba
    try:
        return proba.astype(np.float64)
    except (TypeError, ValueError) as error:
        msg = f"proba must hold numbers, got dtype {proba.dtype}."
        raise DataError(msg) from error


#: How far from 1 probabilities may add up: many models compute them in float32, and
#: the type they arrive in does not tell.
_SLACK = float(np.sqrt(np.finfo(np.float32).eps))


def _refuse_rows(wrong: BoolArray, proba: FloatArray, what: str) -> None:
    """Raise if some row is wrong, showing the first."""
    if wrong.any():
        row = int(np.argmax(wrong))
        msg = (
            f"Probabilities must {what}, got {proba[row].tolist()} in row {row} "
            f"({wrong.sum()} such rows in all)."
        )
        raise DataError(msg)


def _checked_proba(proba: Any, labels: np.ndarray) -> FloatArray:
    """Return probabilities clipped to [0, 1] after refusing what is none."""
    table = _as_floats(_columns_in_order(proba, labels))
    if table.ndim != 2 or table.shape[1] != len(labels):
        msg = (
            f"proba must have one column for each of the labels {labels.tolist()}, got "
            f"shape {table.shape}. Line the columns up with align_proba."
        )
        raise DataError(msg)
    _refuse_rows(
        np.asarray(~np.isfinite(table).all(axis=1)),
        table,
        "be finite (leave out rows without a prediction)",
    )
    _refuse_rows(
        np.asarray(((table < -_SLACK) | (table > 1 + _SLACK)).any(axis=1)),
        table,
        "lie in [0, 1]",
    )
    totals: FloatArray = table.sum(axis=1)
    _refuse_rows(np.abs(totals - 1) > _SLACK, table, "add up to 1")
    return np.clip(table, 0, 1)


def _target_columns(y: npt.ArrayLike, labels: np.ndarray) -> IntArray:
    """Return the column of each true class."""
    classes = np.asarray(y)
    if classes.ndim != 1:
        msg = f"y must have one dimension, got shape {classes.shape}."
        raise DataError(msg)
    columns = pd.Index(labels).get_indexer(pd.Index(classes))
    unknown = columns < 0
    if unknown.any():
        found = pd.unique(classes[unknown])[:5].tolist()
        msg = (
            f"y contains {found}, which are not among the labels {labels.tolist()} "
            f"({unknown.sum()} rows, first row {np.argmax(unknown)}). Pass all classes "
            "of the data as labels."
        )
        raise DataError(msg)
    return columns.astype(np.int64)


def _checked_labels(labels: Sequence[Any]) -> np.ndarray:
    """Return two or more distinct labels as an array."""
    array = np.asarray(labels)
    if array.ndim != 1 or len(np.unique(array)) != len(array) or len(array) < 2:
        msg = f"labels must be two or more distinct classes, got {labels!r}."
        raise DataError(msg)
    return array


def checked_inputs(y: npt.ArrayLike, proba: Any, labels: Sequence[Any]) -> Inputs:
    """Check true classes and probabilities against the labels and each other."""
    columns = _checked_labels(labels)
    _refuse_other_index(y, proba, "proba")
    target = _target_columns(y, columns)
    table = _checked_proba(proba, columns)
    if len(target) != len(table):
        msg = f"y and proba differ in length: {len(target)} and {len(table)} rows."
        raise DataError(msg)
    if not len(target):
        msg = "y and proba have no rows, so there is nothing to score."
        raise DataError(msg)
    return Inputs(target, table)


def checked_weight(y: npt.ArrayLike, sample_weight: Any) -> FloatArray | None:
    """Return weights as float64, finite and not negative, or None."""
    if sample_weight is None:
        return None
    _refuse_other_index(y, sample_weight, "sample_weight")
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != np.shape(y):
        msg = f"sample_weight has shape {weight.shape}, y has shape {np.shape(y)}."
        raise DataError(msg)
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any()):
        msg = (
            "sample_weight must be finite, not negative and not all zero, got values "
            f"from {weight.min()} to {weight.max()}."
        )
        raise DataError(msg)
    return weight


def neutral_column(
    labels: Sequence[Any], neutral: Any, *, n_labels: int | None = None
) -> int:
    """Return the column of the neutral class; refuse another number of labels."""
    names = np.asarray(labels).tolist()
    if neutral not in names:
        msg = f"The neutral class {neutral!r} is not among the labels {names}."
        raise DataError(msg)
    if n_labels is not None and len(names) != n_labels:
        msg = (
            f"Direction is defined for {n_labels} labels (down, neutral, up), got "
            f"{len(names)}: {names}."
        )
        raise DataError(msg)
    return names.index(neutral)
