"""scikit-learn's own classifiers as Pipelines that take windows."""

from __future__ import annotations

from sk_ensemble.tabular._hist_gradient_boosting import hist_gradient_boosting
from sk_ensemble.tabular._logistic import logistic
from sk_ensemble.tabular._random_forest import random_forest

__all__ = ["hist_gradient_boosting", "logistic", "random_forest"]
