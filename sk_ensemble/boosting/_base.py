"""What all boosting libraries share: batches, margins, history and importances."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._flat_rows import flat_rows, rows_per_batch
from sk_ensemble.estimator import (
    IterativeClassifier,
    Rounds,
    TrainingSet,
    predict_in_blocks,
)
from sk_ensemble.panel import Windows
from sk_ensemble.utils.artefacts import Artefacts, fitted_attributes
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["BoosterClassifier"]


def _probabilities(margins: FloatArray) -> FloatArray:
    """Turn margins into probabilities; in float64, as float32 would cost digits."""
    margins = np.asarray(margins, dtype=np.float64)
    if margins.ndim == 1:
        margins = np.stack([np.zeros_like(margins), margins], axis=1)
    # The few classes side by side would make NumPy start anew for every row.
    by_class = np.ascontiguousarray(margins.T)
    return softmax(by_class, axis=0).T


class BoosterClassifier(IterativeClassifier):
    """Base of the boosters: trees on the flattened window, fed in batches.

    A family supplies `_train`, `_margins`, `_column_gains`, `_booster_file` and
    `_booster_from` in terms of its library, and a constructor with at least the
    parameters of `shared_constraints` and `early_stopping_constraints`.

    Attributes
    ----------
    booster_ : object
        The library's own booster; None if only one class had weight.
    n_iter_ : int
        Rounds that the booster holds.
    history_ : dict of lists of float
        Log loss after each round trained: ``"train_loss"`` and, where there was a
        validation set, ``"val_loss"``.
    hit_time_limit_ : bool
        Whether `time_limit` ended training before it would have ended by itself.
    feature_importances_ : ndarray of shape (n_features_in_,)
        Share of each feature in the total gain of all splits.
    lag_importances_ : ndarray of shape (window_length_, n_features_in_)
        The same for each bar of the window, earliest bar first.
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
    >>> from sk_ensemble.boosting import BoosterClassifier, XGBoostClassifier
    >>> issubclass(XGBoostClassifier, BoosterClassifier)
    True
    """

    booster_: Any
    n_estimators: int

    #: The library's distribution, and the name of a booster's file when saved.
    _library: ClassVar[str]
    _file_name: ClassVar[str]

    #: Cells of windows that are predicted together; None: as many as make a batch.
    _cells_at_once: ClassVar[int | None] = None

    shared_constraints: ClassVar[dict[str, Any]] = {
        **IterativeClassifier.early_stopping_constraints,
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "subsample": [Interval(Real, 0, 1, closed="right")],
        "colsample_bytree": [Interval(Real, 0, 1, closed="right")],
        "reg_alpha": [Interval(Real, 0, None, closed="left")],
        "reg_lambda": [Interval(Real, 0, None, closed="left")],
        "max_bin": [Interval(Integral, 2, None, closed="left")],
        "class_weight": [StrOptions({"balanced"}), Mapping, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    @abstractmethod
    def _train(
        self, training: TrainingSet, validation: TrainingSet | None, rounds: Rounds
    ) -> Any:
        """Train until `rounds` says stop; return the booster of round `n_best`."""

    @abstractmethod
    def _margins(self, batch: FloatArray) -> FloatArray:
        """Return raw scores, (n_rows,) for two classes, else (n_rows, n_classes)."""

    @abstractmethod
    def _column_gains(self) -> FloatArray:
        """Return the total gain of each column of the flattened window."""

    @abstractmethod
    def _booster_file(self) -> bytes:
        """Return the booster in the library's format, checked by `_booster_from`."""

    @abstractmethod
    def _booster_from(self, content: bytes) -> Any:
        """Return the booster that bytes hold, refusing what would harm the library."""

    def _max_rounds(self) -> int:
        return self.n_estimators

    def _fit_rounds(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
    ) -> None:
        self.booster_ = self._train(training, validation, rounds)

    def _fit_one_class(self) -> None:
        super()._fit_one_class()
        self.booster_ = None

    def _predict_windows(self, windows: Windows) -> FloatArray:
        # Bar after bar of one symbol after the other, windows need not be copied.
        order = np.argsort(windows.positions, kind="stable")
        in_order = windows[order]
        predicted = predict_in_blocks(
            len(windows),
            rows_per_batch(windows, self._cells_at_once),
            lambda rows: _probabilities(self._margins(flat_rows(in_order, rows))),
            pad=False,
        )
        proba = np.empty_like(predicted)
        proba[order] = predicted
        return proba

    def _get_artefacts(self) -> Artefacts:
        state = fitted_attributes(self, "booster_")
        if getattr(self, "booster_", None) is None:
            return Artefacts(state, {})
        content = self._booster_file()
        # What could not be loaded again is refused now.
        self._booster_from(content)
        return Artefacts(state, {self._file_name: content}, (self._library,))

    def _set_artefacts(self, artefacts: Artefacts) -> None:
        self.__dict__.update(artefacts.state)
        if self._file_name in artefacts.files:
            self.booster_ = self._booster_from(artefacts.files[self._file_name])
        elif hasattr(self, "classes_"):
            self.booster_ = None

    def _n_columns(self) -> int:
        """Return the number of columns of the flattened windows."""
        return self.window_length_ * self.n_features_in_

    def _seed(self) -> int:
        """Return the seed for the library's own generator."""
        if self.random_state is None:
            return 0
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    @property
    def lag_importances_(self) -> FloatArray:
        """Share of each bar and feature in the total gain of all splits."""
        check_is_fitted(self, "classes_")
        shape = (self.window_length_, self.n_features_in_)
        if self.booster_ is None:
            return np.zeros(shape)
        gains = self._column_gains().reshape(shape)
        total = gains.sum()
        return gains / total if total > 0 else gains

    @property
    def feature_importances_(self) -> FloatArray:
        """Share of each feature in the total gain of all splits, over all bars."""
        return self.lag_importances_.sum(axis=0)

    def __sklearn_tags__(self) -> Tags:
        """Describe the classifier to scikit-learn: trees take NaN as it is."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
