"""The features that an ensemble has seen, told by the samples or by its members."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble.panel import Samples
from sk_ensemble.utils.feature_names import set_features
from sk_ensemble.utils.sklearn_api import get_feature_names

__all__ = ["record_features"]


def record_features(ensemble: Any, X: Any, member: Any) -> None:
    """Set `n_features_in_` and `feature_names_in_`, those of a bar.

    Parameters
    ----------
    ensemble : estimator
        Gets the attributes.
    X : Panel, Windows, DataFrame or array-like of n_samples rows
        The samples.
    member : classifier
        A fitted member.
    """
    if isinstance(X, Samples):
        set_features(ensemble, X.history.n_features, X.columns)
        return
    n_features = getattr(member, "n_features_in_", None)
    if n_features is None:
        n_features = np.shape(X)[1]
    set_features(ensemble, n_features, get_feature_names(X))
