"""Samples, encoded labels and weights, checked and in canonical order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from sk_ensemble._typing import FloatArray, IntArray, Rows
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import Windows, refuse_other_index
from sk_ensemble.utils.sklearn_api import check_sample_weight

__all__ = [
    "TrainingSet",
    "check_labels",
    "class_weights",
    "encode_labels",
    "make_training_set",
]


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What a family is fitted on.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples, in (time, symbol) order where they have times.
    codes : ndarray of int64 of shape (n_samples,)
        Number of each sample's class.
    weights : ndarray of float64 of shape (n_samples,)
        Positive weights, class weights included.
    n_classes : int
        Number of classes, some of which may be absent here.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import Windower
    >>> from sk_ensemble.estimator import TrainingSet
    >>> windows = Windower(2).transform(np.zeros((3, 1)))
    >>> training = TrainingSet(windows, np.array([0, 1, 1]), np.ones(3), n_classes=2)
    >>> len(training[1:])
    2
    """

    windows: Windows
    codes: IntArray
    weights: FloatArray
    n_classes: int

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Rows) -> TrainingSet:
        return TrainingSet(
            self.windows[rows], self.codes[rows], self.weights[rows], self.n_classes
        )


def check_labels(estimator: Any, X: Any, y: Any) -> np.ndarray:
    """Return the labels as an array, refusing what is no classification target.

    Parameters
    ----------
    estimator : estimator
        Named in messages.
    X : Panel, Windows, DataFrame or array-like of n_samples rows
        The samples.
    y : array-like of shape (n_samples,)
        The labels.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        The labels.

    Raises
    ------
    DataError
        If y is indexed by other bars than X.
    ValueError
        If y is missing, no column of labels, or of another length than X.

    Examples
    --------
    >>> from sk_ensemble.baseline import PriorBaseline
    >>> from sk_ensemble.estimator import check_labels
    >>> check_labels(PriorBaseline(), [[0.0], [1.0]], ["up", "down"])
    array(['up', 'down'], dtype='<U4')
    """
    if y is None:
        msg = (
            f"This {type(estimator).__name__} estimator requires y to be passed, but "
            "the target y is None."
        )
        raise ValueError(msg)
    refuse_other_index(X, y, name="y")
    y = column_or_1d(y, warn=True)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y", estimator_name=type(estimator).__name__)
    check_classification_targets(y)
    check_consistent_length(X, y)
    return y


def encode_labels(y: np.ndarray, classes: np.ndarray) -> IntArray:
    """Return the number of each label among the sorted classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        The labels.
    classes : ndarray of shape (n_classes,)
        The classes, sorted.

    Returns
    -------
    codes : ndarray of int64 of shape (n_samples,)
        Place of each label among the classes.

    Raises
    ------
    DataError
        If a label is none of the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.estimator import encode_labels
    >>> encode_labels(np.array([1, -1]), np.array([-1, 0, 1]))
    array([2, 0])
    """
    codes = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    strange = classes[codes] != y
    if strange.any():
        msg = (
            f"Labels {np.unique(y[strange]).tolist()} are not among the classes seen "
            f"in fit, {classes.tolist()}."
        )
        raise DataError(msg)
    return codes


def class_weights(
    class_weight: str | Mapping[Any, float] | None,
    classes: np.ndarray,
    codes: IntArray,
    weights: FloatArray,
) -> FloatArray:
    """Return one factor per class.

    ``"balanced"`` gives every class the same total weight, sample weights counted.

    Parameters
    ----------
    class_weight : {"balanced"}, dict or None
        As in scikit-learn; a dict maps labels to factors, others have 1. A label
        that a fold lacks may be listed.
    classes : ndarray of shape (n_classes,)
        The labels.
    codes : ndarray of shape (n_samples,)
        Class number of each sample.
    weights : ndarray of shape (n_samples,)
        Sample weights.

    Returns
    -------
    factors : ndarray of shape (n_classes,)
        One factor per class.

    Raises
    ------
    DataError
        If a dict has no label that occurs in y.
    """
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, Mapping):
        if not any(label in classes for label in class_weight):
            msg = (
                f"class_weight has the labels {list(class_weight)}, none of which "
                f"occurs in y; the classes are {classes.tolist()}."
            )
            raise DataError(msg)
        return np.array([class_weight.get(label, 1.0) for label in classes.tolist()])
    totals = np.bincount(codes, weights=weights, minlength=len(classes))
    return weights.sum() / (len(classes) * np.where(totals > 0, totals, np.inf))


def _canonical_order(windows: Windows, codes: IntArray, weights: FloatArray) -> Rows:
    """Return the order in which rows are trained on, whatever order they came in."""
    times = windows.times_ns
    if times is None:
        return slice(None)
    order = np.lexsort((weights, codes, windows.symbol_codes, times))
    in_order = bool((order[1:] > order[:-1]).all())
    return slice(None) if in_order else order


def make_training_set(
    estimator: Any,
    X: Any,
    windows: Windows,
    y: np.ndarray,
    sample_weight: Any,
    classes: np.ndarray,
) -> TrainingSet:
    """Encode labels, check weights, drop weightless rows and sort the rest.

    Rows of weight zero are dropped because several libraries would still let them
    place split points or count towards a leaf's minimum.

    Parameters
    ----------
    estimator : estimator
        Its `class_weight` is applied.
    X : object
        The input as the user gave it.
    windows : Windows
        The same samples as windows.
    y : ndarray of shape (n_samples,)
        Checked labels.
    sample_weight : array-like of shape (n_samples,) or None
        Weights.
    classes : ndarray of shape (n_classes,)
        The classes, sorted.

    Returns
    -------
    training_set : TrainingSet
        The rows of positive weight in (time, symbol) order.

    Raises
    ------
    DataError
        If all weights are zero, or a label is none of the classes.
    """
    refuse_other_index(X, sample_weight, name="sample_weight")
    codes = encode_labels(y, classes)
    weights = check_sample_weight(
        sample_weight, codes, dtype=np.float64, ensure_non_negative=True
    )
    factors = class_weights(
        getattr(estimator, "class_weight", None), classes, codes, weights
    )
    weights = weights * factors[codes]
    kept = weights > 0
    if not kept.any():
        msg = "All sample weights are zero: there is nothing to train on."
        raise DataError(msg)
    if not kept.all():
        windows, codes, weights = windows[kept], codes[kept], weights[kept]
    everything = TrainingSet(windows, codes, weights, len(classes))
    return everything[_canonical_order(windows, codes, weights)]
