"""Transform methods whose result may be a panel, windows, an array or a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sk_ensemble.panel import Samples
from sk_ensemble.utils.sklearn_api import wrap_output

__all__ = ["PanelOutputMixin"]


class PanelOutputMixin:
    """Apply `set_output` to arrays and frames and leave panels and windows alone.

    scikit-learn wraps the result of every `transform` that a class defines. A panel
    would then be turned into a frame and lose its history. So `transform` and
    `fit_transform` are defined here, outside of scikit-learn's reach, and the class
    supplies `_transform`. Put this mixin before `TransformerMixin`.
    """

    fit: Callable[..., Any]
    _transform: Callable[[Any], Any]

    def transform(self, X: Any) -> Any:
        """Transform the samples.

        Parameters
        ----------
        X : Panel, DataFrame or array-like of n_samples rows
            The samples, of the kind the transformer was made for.

        Returns
        -------
        Xt : Panel, Windows, ndarray or DataFrame of n_samples rows
            The transformed samples.
        """
        result = self._transform(X)
        if isinstance(result, Samples):
            return result
        return wrap_output("transform", result, X, self)

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit to the samples and transform them.

        Parameters
        ----------
        X : Panel, DataFrame or array-like of n_samples rows
            The samples.
        y : array-like of shape (n_samples,) or None, default=None
            Targets, passed to `fit`.
        **fit_params : dict
            Passed to `fit`.

        Returns
        -------
        Xt : Panel, Windows, ndarray or DataFrame of n_samples rows
            The transformed samples.
        """
        return self.fit(X, y, **fit_params).transform(X)
