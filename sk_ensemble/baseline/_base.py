"""The `fit` of baselines."""

from __future__ import annotations

from typing import Any, Self

from sklearn.utils import Tags

from sk_ensemble.estimator import WindowClassifier
from sk_ensemble.utils.sklearn_api import fit_context

__all__ = ["BaselineClassifier"]


class BaselineClassifier(WindowClassifier):
    """Base of the baselines: a plain `fit`, and no claim to a good score."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the baseline.

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
            The fitted baseline.

        Raises
        ------
        DataError
            For samples, labels or weights that cannot be used as they are.
        """
        return self._fit(X, y, sample_weight)

    def __sklearn_tags__(self) -> Tags:
        """Describe the baseline to scikit-learn: its scores are meant to be poor."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags
