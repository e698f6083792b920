"""MiniRocket: many fixed convolutions and one linear model."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import IterativeClassifier, Rounds, TrainingSet
from sk_ensemble.panel import Windows
from sk_ensemble.time_series._columns import CHUNK, Columns, draw_columns
from sk_ensemble.time_series._head import Head, head_loss, predict_with_head
from sk_ensemble.time_series._kernels import Kernels
from sk_ensemble.time_series._ridge import PENALTIES, RidgeChoice, fit_ridge
from sk_ensemble.time_series._scale import bar_scale
from sk_ensemble.time_series._softmax import softmax_epochs
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["MiniRocketClassifier"]

#: Above this the matrix of pairs of samples, and all features, would be too large.
_MOST_FOR_RIDGE = 3000


class MiniRocketClassifier(IterativeClassifier):
    """Classify windows by how often fixed convolutions exceed thresholds.

    84 kernels of nine weights, at several dilations, are applied to sums of features
    drawn at random. Each of up to 10,000 columns is the share of bars at which one of
    these convolutions exceeds a threshold, itself a quantile of what the kernel gives
    on a training window. A linear model does the rest [1]_.

    Parameters
    ----------
    num_kernels : int, default=10000
        Columns to make, of which there are the next lower multiple of 84, but 84 at
        least. Time and memory grow with it.
    max_dilations_per_kernel : int, default=32
        Most dilations per kernel.
    head : {"auto", "ridge", "logistic"}, default="auto"
        The linear model. Ridge regression is exact and needs all columns and pairs of
        samples at once; logistic regression sees samples in batches and makes their
        columns anew in each epoch, so its memory does not grow with their number.
        ``"auto"`` is ridge up to 3000 samples, then logistic.
    alphas : array-like of shape (n_alphas,) or None, default=None
        Penalties that ridge regression tries. None: nineteen from 0.001 to a million.
    standardize : bool, default=True
        Whether each feature is scaled to mean 0 and variance 1 over the bars of the
        training windows. Kernels add up features, so one with large numbers would
        drown the others.
    max_epochs : int, default=30
        Passes of logistic regression over the samples, at most.
    batch_size : int, default=256
        Samples per step of logistic regression.
    learning_rate : float, default=3e-05
        Step of logistic regression. It starts from the shares of the classes and from
        no weights, so that few small steps are what restrains it.
    weight_decay : float, default=0.01
        Decoupled weight decay of logistic regression.
    early_stopping : {"auto"} or bool, default="auto"
        Whether the last samples are kept for validation: logistic regression stops when
        their loss no longer falls and keeps the weights of the best epoch, ridge
        regression takes the penalty that suits them best. ``"auto"``: if the samples
        carry the ends of their labels, as those of ``panel.align(labels)`` do. True on
        plain arrays takes the last rows for validation.
    validation_fraction : float, default=0.1
        Fraction of the time stamps of the training samples, the last ones, that
        validate.
    n_iter_no_change : int, default=3
        Epochs without a lower validation loss after which to stop.
    refit_tail : bool, default=False
        Train again on all samples, the validating ones too: logistic regression for
        `n_iter_` epochs, ridge regression with the penalty `alpha_`.
    time_limit : float or None, default=None
        Seconds that one fit may take, both trainings of `refit_tail` together; looked
        at after each epoch, one of which is trained in any case. When they are over,
        training stops and keeps what early stopping would keep; a training on all
        samples that they cut short is dropped for the one before it. None: no limit.
    class_weight : {"balanced"}, dict or None, default=None
        Weights of the classes.
    random_state : int, RandomState or None, default=None
        Seed of the draws of features, training windows and batches.

    Attributes
    ----------
    coef_ : ndarray of shape (n_classes, n_kernels)
        Weight of each column in the score of each class.
    intercept_ : ndarray of shape (n_classes,)
        Scores where all columns are 0.
    head_ : {"ridge", "logistic"}
        The linear model used.
    n_iter_ : int
        Epochs that the kept weights were trained for; 1 for ridge regression.
    history_ : dict of lists of float
        Log loss of each epoch trained, or of the one ridge regression: ``"train_loss"``
        and, where there was a validation set, ``"val_loss"``.
    hit_time_limit_ : bool
        Whether `time_limit` ended training before it would have ended by itself.
    alpha_ : float or None
        The penalty chosen; None if the model is logistic.
    dilations_ : ndarray of shape (n_dilations,)
        Bars between neighbouring weights of the kernels.
    channel_counts_ : ndarray of shape (n_dilations * 84,)
        Features that each kernel adds up at each dilation.
    channels_ : ndarray of shape (n_channels,)
        Their numbers, kernel by kernel.
    biases_ : ndarray of shape (n_kernels,)
        Thresholds.
    bias_counts_ : ndarray of shape (n_dilations,)
        Thresholds per kernel at each dilation.
    mean_ : ndarray of shape (n_features_in_,)
        What is subtracted from each feature.
    scale_ : ndarray of shape (n_features_in_,)
        What each feature is divided by.
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
    SktimeClassifier : Any classifier of sktime.

    Notes
    -----
    A prediction sees the bars of its window and no others. Windows of less than nine
    bars are filled up with their earliest bar. Missing values are refused.

    Without a validation set the penalty of ridge regression is chosen by predicting
    each sample by a model of all others. The same predictions, or those of the
    validation set, turn the regression's scores into probabilities. On bars by far the
    heaviest penalties are best, beyond those that the authors try on other problems.

    The columns of samples are made in chunks and dropped again, so that the memory of
    logistic regression does not depend on how many samples there are.

    Computed with NumPy alone, on one thread. The columns are those that sktime's
    `MiniRocketMultivariate` makes of the same thresholds.

    References
    ----------
    .. [1] Dempster, A., Schmidt, D. F. and Webb, G. I. (2021). "MiniRocket: A very
       fast (almost) deterministic transform for time series classification".
       Proceedings of KDD 2021, 248-257.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import MiniRocketClassifier
    >>> rng = np.random.default_rng(0)
    >>> phase = rng.uniform(0, 6, size=(80, 1))
    >>> y = np.arange(80) % 2
    >>> waves = np.sin(np.arange(30) * (1 + y[:, None]) / 2 + phase)[:, :, None]
    >>> model = MiniRocketClassifier(num_kernels=500, random_state=0)
    >>> model.fit(waves[:40], y[:40]).score(waves[40:], y[40:])
    1.0
    """

    coef_: FloatArray
    intercept_: FloatArray
    head_: str
    alpha_: float | None
    dilations_: IntArray
    channel_counts_: IntArray
    channels_: IntArray
    biases_: FloatArray
    bias_counts_: IntArray
    mean_: FloatArray
    scale_: FloatArray

    round_name: ClassVar[str] = "epoch"

    #: What the validation set has shown, for a second ridge regression.
    _choice: RidgeChoice | None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "num_kernels": [Interval(Integral, 1, None, closed="left")],
        "max_dilations_per_kernel": [Interval(Integral, 1, None, closed="left")],
        "head": [StrOptions({"auto", "ridge", "logistic"})],
        "alphas": ["array-like", None],
        "standardize": ["boolean"],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        **IterativeClassifier.early_stopping_constraints,
        "class_weight": [StrOptions({"balanced"}), Mapping, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        num_kernels: int = 10_000,
        max_dilations_per_kernel: int = 32,
        head: str = "auto",
        alphas: Any = None,
        standardize: bool = True,
        max_epochs: int = 30,
        batch_size: int = 256,
        learning_rate: float = 3e-5,
        weight_decay: float = 0.01,
        early_stopping: str | bool = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 3,
        refit_tail: bool = False,
        time_limit: float | None = None,
        class_weight: str | Mapping[Any, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.num_kernels = num_kernels
        self.max_dilations_per_kernel = max_dilations_per_kernel
        self.head = head
        self.alphas = alphas
        self.standardize = standardize
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.refit_tail = refit_tail
        self.time_limit = time_limit
        self.class_weight = class_weight
        self.random_state = random_state

    def _max_rounds(self) -> int:
        return self.max_epochs

    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        is_small = len(training) <= _MOST_FOR_RIDGE
        uses_ridge = self.head == "ridge" or (self.head == "auto" and is_small)
        self.head_ = "ridge" if uses_ridge else "logistic"
        self._choice = None
        # Products of matrices round differently on another number of threads.
        with threadpool_limits(1, user_api="blas"):
            super()._fit_windows(training, validation)
        del self._choice

    def _fit_rounds(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
    ) -> None:
        penalties = self._penalties()
        random_state = self._generator()
        n_features = training.windows.shape[2]
        self.mean_, self.scale_ = np.zeros(n_features), np.ones(n_features)
        if self.standardize:
            self.mean_, self.scale_ = bar_scale(training.windows, training.weights)
        columns = draw_columns(
            training,
            (self.mean_, self.scale_),
            num_kernels=self.num_kernels,
            most_dilations=self.max_dilations_per_kernel,
            random_state=random_state,
        )
        self._store_kernels(columns.kernels)
        rounds.begin()
        self.coef_, self.intercept_ = (
            self._fit_ridge(columns, training, validation, rounds, penalties)
            if self.head_ == "ridge"
            else self._fit_softmax(columns, training, validation, rounds, random_state)
        )

    def _penalties(self) -> FloatArray:
        if self.alphas is None:
            return PENALTIES
        penalties = np.asarray(self.alphas, dtype=np.float64)
        if penalties.ndim != 1 or not len(penalties) or not (penalties > 0).all():
            msg = (
                "alphas must be a list of at least one number above 0, "
                f"got {self.alphas!r}."
            )
            raise ValueError(msg)
        return penalties

    def _generator(self) -> np.random.RandomState:
        """Return a generator of this fit's own."""
        if self.random_state is None:
            return np.random.RandomState(np.random.default_rng().integers(2**31))
        return check_random_state(self.random_state)

    def _store_kernels(self, kernels: Kernels) -> None:
        self.dilations_, self.bias_counts_ = kernels.dilations, kernels.bias_counts
        self.channel_counts_, self.channels_ = kernels.channel_counts, kernels.channels
        self.biases_ = kernels.biases

    def _columns(self) -> Columns:
        """Return what makes the columns of windows."""
        kernels = Kernels(
            self.dilations_,
            self.channel_counts_,
            self.channels_,
            self.biases_,
            self.bias_counts_,
        )
        return Columns(kernels, self.mean_, self.scale_)

    def _fit_ridge(
        self,
        columns: Columns,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
        penalties: FloatArray,
    ) -> Head:
        """Fit the regression, which is all one round."""
        shares = columns.of_all(training.windows)
        unseen = None
        if validation is not None:
            unseen = columns.of_all(validation.windows), validation
        head, self._choice = fit_ridge(
            shares, training, penalties=penalties, unseen=unseen, choice=self._choice
        )
        self.alpha_ = self._choice.penalty
        rounds.end(
            self._losses(head, columns, training, validation), head.as_attributes
        )
        return head

    def _fit_softmax(
        self,
        columns: Columns,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
        random_state: np.random.RandomState,
    ) -> Head:
        """Train epoch by epoch, and return the head of the best one."""
        self.alpha_ = None
        epochs = softmax_epochs(
            lambda rows: columns.of(training.windows, rows),
            training,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            chunk_size=max(CHUNK // self.batch_size, 1) * self.batch_size,
            random_state=random_state,
        )
        for head, train_loss in epochs:
            losses = {"train_loss": train_loss}
            if validation is not None:
                losses["val_loss"] = head_loss(head, columns, validation)
            stop = rounds.end(losses, head.as_attributes)
            if rounds.n_best == rounds.n_done:
                best = head
            if stop:
                break
        return best

    def _losses(
        self,
        head: Head,
        columns: Columns,
        training: TrainingSet,
        validation: TrainingSet | None,
    ) -> dict[str, float]:
        """Return the losses of the one round of ridge regression."""
        sets = {"train_loss": training, "val_loss": validation}
        return {
            name: head_loss(head, columns, samples)
            for name, samples in sets.items()
            if samples is not None
        }

    def _predict_windows(self, windows: Windows) -> FloatArray:
        head = Head(self.coef_, self.intercept_)
        return predict_with_head(head, self._columns(), windows)
