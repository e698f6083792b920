"""Predict the class shares of the training samples."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.utils import Tags

from sk_ensemble._typing import FloatArray
from sk_ensemble.baseline._base import BaselineClassifier
from sk_ensemble.baseline._shares import class_shares
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import Windows

__all__ = ["PriorBaseline"]


class PriorBaseline(BaselineClassifier):
    """Predict the class shares of the training samples, whatever the features.

    The least that any other model must beat.

    Attributes
    ----------
    shares_ : ndarray of shape (n_classes,)
        Share of each class in the total weight.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Features per bar.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.
    window_length_ : int
        Bars per window.

    See Also
    --------
    ClockBaseline : Class shares per symbol and time of day.

    Notes
    -----
    Uses no bars at all. Missing values are allowed.

    Examples
    --------
    >>> from sk_ensemble import PriorBaseline
    >>> model = PriorBaseline().fit([[1.0], [2.0], [3.0], [4.0]], [0, 0, 0, 1])
    >>> model.predict_proba([[9.0]])
    array([[0.75, 0.25]])
    """

    shares_: FloatArray

    _parameter_constraints: ClassVar[dict[str, Any]] = {}

    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        self.shares_ = class_shares(training)

    def _fit_one_class(self) -> None:
        self.shares_ = np.eye(len(self.classes_))[self._only_class]

    def _predict_windows(self, windows: Windows) -> FloatArray:
        return np.tile(self.shares_, (len(windows), 1))

    def __sklearn_tags__(self) -> Tags:
        """Describe the baseline to scikit-learn: it does not look at features."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
