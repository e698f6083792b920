"""The classifier every family is: inputs, labels, weights and classes in one place."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray
from sk_ensemble.estimator._training_set import (
    TrainingSet,
    check_labels,
    make_training_set,
)
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import Windows, as_windows, check_columns, check_finite
from sk_ensemble.utils.sklearn_api import CallbackSupportMixin, fit_task

__all__ = ["WindowClassifier"]


def _refuse_other_classes(found: np.ndarray, expected: np.ndarray) -> None:
    """Raise unless the classes are those of an earlier fit."""
    if not np.array_equal(found, expected):
        msg = (
            f"y has the classes {found.tolist()}, and the fit that warm_start is to go "
            f"on from had {expected.tolist()}. Give the same classes, or set "
            "warm_start=False."
        )
        raise DataError(msg)


class WindowClassifier(
    CallbackSupportMixin, ClassifierMixin, BaseEstimator, metaclass=ABCMeta
):
    """Base of all classifiers of windows.

    It reads every kind of input as `Windows`, encodes labels, applies sample and
    class weights, puts samples in (time, symbol) order, and sees to `classes_`,
    `n_features_in_`, `feature_names_in_` and `window_length_`. A family supplies
    `_fit_windows` and `_predict_windows`, and a `fit` that calls `_fit`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Features per bar.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.
    window_length_ : int
        Bars per window.

    Examples
    --------
    >>> from sk_ensemble.baseline import PriorBaseline
    >>> from sk_ensemble.estimator import WindowClassifier
    >>> isinstance(PriorBaseline(), WindowClassifier)
    True
    """

    classes_: np.ndarray
    n_features_in_: int
    feature_names_in_: np.ndarray
    window_length_: int
    #: Code of the one class with weight in training, which is then predicted always.
    _only_class: int | None

    @abstractmethod
    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        """Fit to at least two classes, storing what is learnt."""

    def _fit_one_class(self) -> None:
        """Forget an earlier fit, where only one class has weight."""

    @abstractmethod
    def _predict_windows(self, windows: Windows) -> FloatArray:
        """Return probabilities of shape (n_samples, n_classes), float64."""

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        validation: tuple[Any, Any, Any] | None = None,
        classes: np.ndarray | None = None,
    ) -> Self:
        """Check everything and fit.

        `validation` is (X_val, y_val, weights); `classes` are all labels that there
        may be, where the samples need not have them all.
        """
        with fit_task(self, X, y, self._max_subtasks()):
            goes_on = self._goes_on()
            windows = as_windows(self, X, reset=not goes_on)
            labels = check_labels(self, X, y)
            check_columns(self, windows, allow_nan=self._allows_nan())
            if classes is None:
                self.classes_ = self._classes_of(labels, goes_on)
            else:
                self.classes_ = classes
            training = make_training_set(
                self, X, windows, labels, sample_weight, self.classes_
            )
            held_out = None if validation is None else self._held_out(*validation)
            present = np.unique(training.codes)
            is_all = classes is None and len(present) == 1
            self._only_class = int(present[0]) if is_all else None
            if self._only_class is None:
                self._fit_windows(training, held_out)
            else:
                self._fit_one_class()
        return self

    def _classes_of(self, labels: np.ndarray, goes_on: bool) -> np.ndarray:
        """Return the classes, which must be those of the fit that this one goes on."""
        found = np.unique(labels)
        if goes_on:
            _refuse_other_classes(found, self.classes_)
        return found

    def _goes_on(self) -> bool:
        """Tell whether a fit goes on from the one before, on the same features."""
        return False

    def _max_subtasks(self) -> int:
        """Return how many parts of a fit callbacks are told of, at most."""
        return 0

    def _held_out(self, X_val: Any, y_val: Any, weights: Any) -> TrainingSet:
        """Check an explicit validation set as training samples are checked."""
        windows = as_windows(self, X_val, reset=False)
        labels = check_labels(self, X_val, y_val)
        check_finite(self, windows, allow_nan=self._allows_nan())
        return make_training_set(self, X_val, windows, labels, weights, self.classes_)

    def _allows_nan(self) -> bool:
        return get_tags(self).input_tags.allow_nan

    def _windows_to_predict(self, X: Any) -> Windows:
        """Read samples of the kind seen in fit, and check them."""
        check_is_fitted(self, "classes_")
        windows = as_windows(self, X, reset=False)
        check_finite(self, windows, allow_nan=self._allows_nan())
        return windows

    def predict_proba(self, X: Any) -> FloatArray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The samples, with the features and window length seen in fit.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        windows = self._windows_to_predict(X)
        if self._only_class is not None:
            return np.tile(
                np.eye(len(self.classes_))[self._only_class], (len(windows), 1)
            )
        return self._predict_windows(windows)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable class.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The samples, with the features and window length seen in fit.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Labels from `classes_`.
        """
        proba = self.predict_proba(X)
        return self.classes_[np.argmax(proba, axis=1)]

    def __sklearn_tags__(self) -> Tags:
        """Describe the classifier to scikit-learn: tables and windows."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
