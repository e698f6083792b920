"""Probabilities that already exist, checked and in the order of the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError

__all__ = ["check_member_proba", "normalised"]

#: How far from 1 probabilities may add up: many models compute them in float32.
_SLACK = float(np.sqrt(np.finfo(np.float32).eps))


def normalised(table: FloatArray) -> FloatArray:
    """Return probabilities in float64 whose rows add up to 1 as exactly as can be."""
    table = table.astype(np.float64)
    return table / table.sum(axis=1, keepdims=True)


def _in_order(values: Any, classes: np.ndarray, name: str) -> np.ndarray:
    """Return an array; the columns of a frame are chosen by name."""
    if not isinstance(values, pd.DataFrame):
        return np.asarray(values, dtype=np.float64)
    if set(values.columns) != set(classes.tolist()):
        msg = (
            f"The columns of the predictions of {name!r} must be the classes "
            f"{classes.tolist()}, got {list(values.columns)}. Rename them, or pass an "
            "array whose columns are in the order of the classes."
        )
        raise DataError(msg)
    return values[classes.tolist()].to_numpy(dtype=np.float64)


def _refuse_wrong_rows(table: FloatArray, name: str) -> None:
    """Raise if a row holds no probabilities and is not wholly NaN either."""
    missing = np.isnan(table).all(axis=1)
    with np.errstate(invalid="ignore"):
        fine = (table >= -_SLACK).all(axis=1) & (np.abs(table.sum(axis=1) - 1) < _SLACK)
    wrong = ~(fine | missing)
    if wrong.any():
        row = int(np.argmax(wrong))
        msg = (
            f"The predictions of {name!r} are no probabilities in {wrong.sum()} rows, "
            f"first in row {row}: {table[row].tolist()}. Rows must lie in [0, 1] and "
            "add up to 1, or be wholly NaN where there is no prediction."
        )
        raise DataError(msg)
    if missing.all():
        msg = f"Member {name!r} has no predictions at all. Leave it out."
        raise DataError(msg)


def _check_table(values: Any, classes: np.ndarray, name: str) -> FloatArray:
    """Return the probabilities of one member."""
    table = _in_order(values, classes, name)
    if table.ndim != 2 or table.shape[1] != len(classes):
        msg = (
            f"The predictions of {name!r} must have one column for each of the classes "
            f"{classes.tolist()}, got shape {table.shape}. If y lacks a class, pass "
            "classes."
        )
        raise DataError(msg)
    _refuse_wrong_rows(table, name)
    return normalised(np.clip(table, 0, 1))


def check_member_proba(
    predictions: Mapping[str, Any], names: Sequence[str], classes: np.ndarray
) -> tuple[FloatArray, ...]:
    """Check the probabilities of members.

    Parameters
    ----------
    predictions : mapping of str to array-like of shape (n_rows, n_classes)
        Probabilities by member, columns in the order of `classes`; those of a
        DataFrame are chosen by name. NaN rows are rows without a prediction.
    names : sequence of str
        The members wanted, in this order.
    classes : ndarray of shape (n_classes,)
        The classes.

    Returns
    -------
    tables : tuple of ndarray of float64 of shape (n_rows, n_classes)
        The same probabilities, one array per name.

    Raises
    ------
    DataError
        If a member is missing, numbers of rows differ, or something is no
        probability.
    """
    missing = [name for name in names if name not in predictions]
    if missing or not names:
        msg = (
            f"Predictions of the members {missing} are missing; there are "
            f"{list(predictions)}."
        )
        raise DataError(msg)
    tables = tuple(_check_table(predictions[name], classes, name) for name in names)
    lengths = {name: len(table) for name, table in zip(names, tables, strict=True)}
    if len(set(lengths.values())) > 1:
        msg = f"Members have predictions of different numbers of rows: {lengths}."
        raise DataError(msg)
    return tables
