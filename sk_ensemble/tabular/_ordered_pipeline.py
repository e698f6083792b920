"""A Pipeline whose model does not depend on the order of its training samples."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.pipeline import Pipeline

from sk_ensemble._typing import IntArray
from sk_ensemble.panel import Samples, refuse_other_index

__all__ = ["OrderedPipeline"]


def _ordered(value: Any, order: IntArray) -> Any:
    """Put a fit parameter in order if it has one entry per sample."""
    if np.ndim(value) == 0 or len(value) != len(order):
        return value
    return np.asarray(value)[order]


class OrderedPipeline(Pipeline):
    """Fit on samples in (time, symbol) order, whatever order they come in.

    scikit-learn's estimators add up rows in the order given, which changes the last
    digits. A transformer cannot sort targets along with samples, so the Pipeline does.
    """

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit all steps.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like
            The training samples; a table or 3-D array is taken in the order given.
        y : array-like of shape (n_samples,)
            Their labels.
        **params : dict
            Parameters of steps, such as ``clf__sample_weight``.

        Returns
        -------
        self : OrderedPipeline
            The fitted Pipeline.
        """
        if not isinstance(X, Samples) or X.times_ns is None or len(X) != np.size(y):
            return self._fit_steps(X, y, params)
        for name, value in {"y": y, **params}.items():
            refuse_other_index(X, value, name=name)
        order = X.time_order()
        params = {name: _ordered(value, order) for name, value in params.items()}
        return self._fit_steps(X[order], np.asarray(y)[order], params)

    def _fit_steps(self, X: Any, y: Any, params: dict[str, Any]) -> Self:
        """Fit without a warning that scikit-learn's own steps cause in every fit.

        Callbacks are told of each step by the Pipeline. That some steps, such as the
        forest, tell nothing of what goes on inside is nothing a user could change.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", r"The estimator \w+ does not support callbacks", UserWarning
            )
            return super().fit(X, y, **params)
