"""MiniRocket: many fixed convolutions and one linear model."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import (
    TrainingSet,
    WindowClassifier,
    predict_in_blocks,
    split_validation_tail,
)
from sk_ensemble.panel import Windows
from sk_ensemble.time_series._head import Head
from sk_ensemble.time_series._kernels import (
    KERNEL_LENGTH,
    Kernels,
    draw_kernels,
    most_combinations,
    transform_windows,
)
from sk_ensemble.time_series._ridge import PENALTIES, fit_ridge
from sk_ensemble.time_series._scale import bar_scale
from sk_ensemble.time_series._softmax import fit_softmax
from sk_ensemble.utils.sklearn_api import Interval, StrOptions, fit_context

__all__ = ["MiniRocketClassifier"]

#: Above this the matrix of pairs of samples, and all features, would be too large.
_MOST_FOR_RIDGE = 3000

#: Samples of which the features are made together: enough for long operations, few
#: enough for their intermediate results to stay near the processor.
_CHUNK = 512

#: Samples predicted together; the sums of their scores are in float64.
_BLOCK = 256

_TAIL = 0.1


class MiniRocketClassifier(WindowClassifier):
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
    alphas : array-like of float or None, default=None
        Penalties that ridge regression tries. None: ten from 0.001 to 1000.
    standardize : bool, default=True
        Whether each feature is scaled to mean 0 and variance 1 over the bars of the
        training windows. Kernels add up features, so one with large numbers would
        drown the others.
    max_epochs : int, default=5
        Passes of logistic regression over the samples.
    batch_size : int, default=256
        Samples per step of logistic regression.
    learning_rate : float, default=0.001
        Step of logistic regression.
    weight_decay : float, default=0.01
        Decoupled weight decay of logistic regression.
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

    The penalty of ridge regression is chosen on the last tenth of the time stamps,
    purged of labels that reach it, where the ends of labels are known; otherwise each
    sample is predicted by a model of all others. The same predictions turn the
    regression's scores into probabilities.

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
        max_epochs: int = 5,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
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
        self.class_weight = class_weight
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The training samples, in any order.
        y : array-like of shape (n_samples,)
            Labels of any kind.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        DataError
            For samples, labels or weights that cannot be used as they are.
        EmptyFoldError
            If the ends of labels are known and too few samples lie before the last
            tenth of the time stamps.
        """
        return self._fit(X, y, sample_weight)

    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        penalties = self._penalties()
        random_state = self._generator()
        n_features = training.windows.shape[2]
        self.mean_, self.scale_ = np.zeros(n_features), np.ones(n_features)
        if self.standardize:
            self.mean_, self.scale_ = bar_scale(training.windows, training.weights)
        self._store_kernels(self._draw(training, random_state))
        is_small = len(training) <= _MOST_FOR_RIDGE
        uses_ridge = self.head == "ridge" or (self.head == "auto" and is_small)
        self.head_ = "ridge" if uses_ridge else "logistic"
        # Products of matrices round differently on another number of threads.
        with threadpool_limits(1, user_api="blas"):
            head = (
                self._fit_ridge(training, penalties)
                if uses_ridge
                else self._fit_softmax(training, random_state)
            )
        self.coef_, self.intercept_ = head

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

    def _draw(
        self, training: TrainingSet, random_state: np.random.RandomState
    ) -> Kernels:
        """Draw kernels, with thresholds from windows drawn by their weights."""
        n_examples = most_combinations(self.num_kernels, self.max_dilations_per_kernel)
        ends = np.cumsum(training.weights)
        drawn = random_state.uniform(0, ends[-1], n_examples)
        rows = np.searchsorted(ends, drawn, side="right").clip(max=len(training) - 1)
        return draw_kernels(
            self._values(training.windows, rows),
            self.num_kernels,
            self.max_dilations_per_kernel,
            random_state,
        )

    def _store_kernels(self, kernels: Kernels) -> None:
        self.dilations_, self.bias_counts_ = kernels.dilations, kernels.bias_counts
        self.channel_counts_, self.channels_ = kernels.channel_counts, kernels.channels
        self.biases_ = kernels.biases

    def _kernels(self) -> Kernels:
        return Kernels(
            self.dilations_,
            self.channel_counts_,
            self.channels_,
            self.biases_,
            self.bias_counts_,
        )

    def _values(self, windows: Windows, rows: IntArray) -> FloatArray:
        """Return scaled windows side by side, (n_features, n_bars, n_windows)."""
        values = (windows.gather(rows) - self.mean_) / self.scale_
        missing = max(KERNEL_LENGTH - values.shape[1], 0)
        values = np.pad(values, ((0, 0), (missing, 0), (0, 0)), mode="edge")
        return np.ascontiguousarray(values.transpose(2, 1, 0), dtype=np.float32)

    def _shares(self, windows: Windows, rows: IntArray) -> FloatArray:
        """Return the columns of rows, (n_rows, n_kernels), made in chunks."""
        kernels = self._kernels()
        shares = np.empty((len(rows), len(kernels.biases)), dtype=np.float32)
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            shares[part] = transform_windows(
                self._values(windows, rows[part]), kernels
            ).T
        return shares

    def _fit_ridge(self, training: TrainingSet, penalties: FloatArray) -> Head:
        tail = None
        if training.windows.label_end_ns is not None:
            # Numbers for classes, to learn which rows the two parts have.
            rows = np.arange(len(training))
            numbered = TrainingSet(
                training.windows, rows, training.weights, len(training)
            )
            parts = split_validation_tail(numbered, _TAIL)
            tail = parts[0].codes, parts[1].codes
        head, self.alpha_ = fit_ridge(
            self._shares(training.windows, np.arange(len(training))),
            training.codes,
            training.weights,
            training.n_classes,
            penalties=penalties,
            tail=tail,
        )
        return head

    def _fit_softmax(
        self, training: TrainingSet, random_state: np.random.RandomState
    ) -> Head:
        self.alpha_ = None
        return fit_softmax(
            lambda rows: self._shares(training.windows, rows),
            training.codes,
            training.weights,
            training.n_classes,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            chunk_size=max(_CHUNK // self.batch_size, 1) * self.batch_size,
            random_state=random_state,
        )

    def _predict_windows(self, windows: Windows) -> FloatArray:
        head, kernels = Head(self.coef_, self.intercept_), self._kernels()

        def predict(rows: IntArray) -> FloatArray:
            # A second window where there is one only, see `Head.probabilities`.
            padded = np.pad(rows, (0, max(2 - len(rows), 0)), mode="edge")
            shares = transform_windows(self._values(windows, padded), kernels)
            return head.probabilities(shares)[: len(rows)]

        return predict_in_blocks(len(windows), _BLOCK, predict, pad=False)
