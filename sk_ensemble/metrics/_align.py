"""Put the columns of probabilities in a fixed order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError

__all__ = ["align_proba"]


def _refuse_repeats(values: np.ndarray, name: str) -> None:
    """Raise unless the values are a one-dimensional array without repeats."""
    if values.ndim != 1 or len(np.unique(values)) != len(values):
        msg = f"{name} must be distinct classes, got {values.tolist()}."
        raise DataError(msg)


def align_proba(
    proba: npt.ArrayLike, classes: npt.ArrayLike, labels: npt.ArrayLike
) -> FloatArray:
    """Reorder the columns of probabilities, with zeros for classes that are missing.

    Parameters
    ----------
    proba : array-like of shape (n_samples, n_classes)
        Probabilities, one column per class.
    classes : array-like of shape (n_classes,)
        Class of each column, as in ``estimator.classes_``.
    labels : array-like of shape (n_labels,)
        Classes of the columns of the result, in this order.

    Returns
    -------
    aligned : ndarray of shape (n_samples, n_labels)
        The same probabilities in the order of `labels`; dtype as given.

    Raises
    ------
    DataError
        If a class is not among the labels, or the widths differ.

    Examples
    --------
    >>> from sk_ensemble.metrics import align_proba
    >>> align_proba([[0.25, 0.75]], classes=[1, -1], labels=[-1, 0, 1])
    array([[0.75, 0.  , 0.25]])
    """
    table, have, want = np.asarray(proba), np.asarray(classes), np.asarray(labels)
    _refuse_repeats(have, "classes")
    _refuse_repeats(want, "labels")
    if table.ndim != 2 or table.shape[1] != len(have):
        msg = (
            f"proba must have one column for each of the {len(have)} classes "
            f"{have.tolist()}, got shape {table.shape}."
        )
        raise DataError(msg)
    unknown = have[~np.isin(have, want)].tolist()
    if unknown:
        msg = (
            f"Classes {unknown} are not among the labels {want.tolist()}. Pass all "
            "classes of the data as labels."
        )
        raise DataError(msg)
    aligned = np.zeros((len(table), len(want)), dtype=table.dtype)
    places = [want.tolist().index(name) for name in have.tolist()]
    aligned[:, places] = table
    return aligned
