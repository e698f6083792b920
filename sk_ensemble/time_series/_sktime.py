"""Classifiers of sktime, fed with windows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import TrainingSet, WindowClassifier, predict_in_blocks
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import Windows
from sk_ensemble.utils.sklearn_api import HasMethods, fit_context

__all__ = ["SktimeClassifier"]

#: Windows that are an array at the same time in prediction.
_BLOCK = 4096


@contextmanager
def _global_generator_kept() -> Iterator[None]:
    """Put NumPy's global generator back, which some of sktime's classifiers seed."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _as_sktime(windows: Windows, rows: IntArray | slice = slice(None)) -> FloatArray:
    """Return windows in sktime's order of axes, (n_windows, n_features, n_bars)."""
    values = windows.gather(rows).transpose(0, 2, 1)
    return np.ascontiguousarray(values, dtype=np.float64)


class SktimeClassifier(WindowClassifier):
    """Make a classifier of sktime one of windows.

    Panels, windows, labels of any kind and the order of samples are treated as in
    all families; the classifier sees sktime's ``numpy3D``.

    Parameters
    ----------
    estimator : classifier of sktime
        What is fitted, after it is cloned; it needs ``fit`` and ``predict_proba``. Set
        its own `random_state`.

    Attributes
    ----------
    estimator_ : classifier of sktime
        The fitted clone. Its classes are numbers of those in `classes_`.
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
    MiniRocketClassifier : Takes a million windows, and weights.

    Notes
    -----
    sktime's classifiers hold all training windows in memory and know no sample
    weights, so `fit` takes none. Such a model is not saved by
    `sk_ensemble.save_model`, which says so. Those that cannot state probabilities
    give 1 to the class they choose. A prediction sees the bars of its window and no
    others if the classifier treats each window by itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sktime.classification.distance_based import KNeighborsTimeSeriesClassifier
    >>> from sk_ensemble.time_series import SktimeClassifier
    >>> waves = np.sin(np.arange(20) * np.array([[1], [2], [1], [2]]))[:, :, None]
    >>> neighbour = KNeighborsTimeSeriesClassifier(1, distance="euclidean")
    >>> model = SktimeClassifier(neighbour)
    >>> model.fit(waves, ["slow", "fast", "slow", "fast"]).predict(waves[:2])
    array(['slow', 'fast'], dtype='<U4')
    """

    estimator_: Any

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [HasMethods(["fit", "predict_proba", "get_tag"])],
    }

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    # The estimator within is checked and cloned by sktime's rules.
    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The training samples, in any order.
        y : array-like of shape (n_samples,)
            Labels of any kind.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        DataError
            For samples or labels that cannot be used as they are, and for several
            features where the classifier takes one.
        """
        return self._fit(X, y)

    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        n_features = training.windows.shape[2]
        takes_several = self.estimator.get_tag("capability:multivariate")
        if n_features > 1 and not takes_several:
            msg = (
                f"{type(self.estimator).__name__} of sktime takes one feature, X has "
                f"{n_features}. Choose one, or combine one classifier per feature with "
                "sktime's ColumnEnsembleClassifier."
            )
            raise DataError(msg)
        with _global_generator_kept():
            self.estimator_ = clone(self.estimator)
            self.estimator_.fit(_as_sktime(training.windows), training.codes)

    def _predict_windows(self, windows: Windows) -> FloatArray:
        with _global_generator_kept():
            known = predict_in_blocks(
                len(windows),
                _BLOCK,
                lambda rows: self.estimator_.predict_proba(_as_sktime(windows, rows)),
                pad=False,
            )
        proba = np.zeros((len(windows), len(self.classes_)))
        proba[:, np.asarray(self.estimator_.classes_, dtype=int)] = known
        return proba
