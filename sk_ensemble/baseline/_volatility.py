"""Predict movement from the last bar, and nothing about its direction."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.baseline._base import BaselineClassifier
from sk_ensemble.baseline._shares import class_shares
from sk_ensemble.estimator import TrainingSet, predict_in_blocks
from sk_ensemble.panel import Windows
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["VolatilityBaseline"]

_ROWS_PER_BLOCK = 65_536


def _last_bars(windows: Windows, rows: Any = slice(None)) -> FloatArray:
    """Return the last bar's features and their sizes, (n_rows, 2 * n_features)."""
    part = Windows.from_panel(windows[rows], 1, windows.lag)
    values = part.gather()[:, 0].astype(np.float64)
    return np.concatenate([values, np.abs(values)], axis=1)


class VolatilityBaseline(BaselineClassifier):
    """Predict whether there is movement, from the last bar, and never its direction.

    A logistic model of "neutral or not" sees each feature of the last bar and its
    absolute value. All classes but the neutral one share the probability of movement
    equally, so whatever another model has over this one in direction is its own.

    Parameters
    ----------
    neutral : label, default=0
        The class that means no movement. Where it does not occur, the class shares
        are predicted.
    C : float, default=1.0
        Inverse strength of the L2 penalty on the coefficients of the standardised
        columns.

    Attributes
    ----------
    coef_ : ndarray of shape (2 * n_features_in_,)
        Change in the log odds of movement per standard deviation of each feature,
        then of each absolute value. All 0 where the class shares are predicted.
    intercept_ : float
        Log odds of movement at the means.
    mean_ : ndarray of shape (2 * n_features_in_,)
        Weighted means of the columns.
    scale_ : ndarray of shape (2 * n_features_in_,)
        Their weighted standard deviations; 1 for constant ones.
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
    ClockBaseline : Movement from the clock alone.

    Notes
    -----
    Uses the last bar of the window only; volatility over more bars should be among
    the features. The loss is summed over samples, so the penalty weighs less the more
    of them there are.

    `sklearn.model_selection.cross_val_predict` numbers the classes 0, 1, 2 before it
    fits, if it is asked for probabilities. Then `neutral` names the first of them and
    not the one that was meant. `sk_ensemble.model_selection.cross_val_oof` leaves them
    as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import VolatilityBaseline
    >>> returns = np.random.default_rng(0).normal(size=(500, 1))
    >>> y = np.sign(returns[:, 0]) * (np.abs(returns[:, 0]) > 1)
    >>> VolatilityBaseline().fit(returns, y).predict_proba([[-2.0], [0.0]]).round(2)
    array([[0.5, 0. , 0.5],
           [0. , 1. , 0. ]])
    """

    coef_: FloatArray
    intercept_: float
    mean_: FloatArray
    scale_: FloatArray
    shares_: FloatArray

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "neutral": "no_validation",
        "C": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, *, neutral: Any = 0, C: float = 1.0) -> None:
        self.neutral = neutral
        self.C = C

    def _neutral_code(self) -> int | None:
        """Return the number of the neutral class, if it occurs."""
        found = np.flatnonzero(self.classes_ == self.neutral)
        return int(found[0]) if len(found) else None

    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        self._forget(class_shares(training))
        neutral = self._neutral_code()
        if neutral is None or not 0 < self.shares_[neutral] < 1:
            return
        columns = _last_bars(training.windows)
        moves = training.codes != neutral
        # Sums over samples round differently on another number of threads.
        with threadpool_limits(1):
            scaler = StandardScaler().fit(columns, sample_weight=training.weights)
            model = LogisticRegression(C=self.C, max_iter=1000, tol=1e-6)
            model.fit(scaler.transform(columns), moves, training.weights)
        self.coef_, self.intercept_ = model.coef_[0], float(model.intercept_[0])
        self.mean_, self.scale_ = scaler.mean_, scaler.scale_

    def _forget(self, shares: FloatArray) -> None:
        """Set everything learnt to what predicts the class shares."""
        n_columns = 2 * self.n_features_in_
        self.shares_ = shares
        self.coef_, self.intercept_ = np.zeros(n_columns), 0.0
        self.mean_, self.scale_ = np.zeros(n_columns), np.ones(n_columns)

    def _fit_one_class(self) -> None:
        self._forget(np.eye(len(self.classes_))[self._only_class])

    def _predict_windows(self, windows: Windows) -> FloatArray:
        neutral = self._neutral_code()
        if neutral is None or not 0 < self.shares_[neutral] < 1:
            return np.tile(self.shares_, (len(windows), 1))
        return predict_in_blocks(
            len(windows),
            _ROWS_PER_BLOCK,
            lambda rows: self._rows(windows, rows, neutral),
            pad=False,
        )

    def _rows(self, windows: Windows, rows: IntArray, neutral: int) -> FloatArray:
        """Return the probabilities of some samples."""
        columns = (_last_bars(windows, rows) - self.mean_) / self.scale_
        # A sum along each row, unlike a matrix product, does not depend on the others.
        log_odds = (columns * self.coef_).sum(axis=1) + self.intercept_
        n_others = len(self.classes_) - 1
        proba = np.tile(expit(log_odds)[:, None] / n_others, (1, len(self.classes_)))
        proba[:, neutral] = expit(-log_odds)
        return proba
