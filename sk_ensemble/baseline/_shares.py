"""Weighted class shares, the common ground of the baselines."""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.estimator import TrainingSet

__all__ = ["class_shares"]


def class_shares(training: TrainingSet) -> FloatArray:
    """Return the share of each class in the total weight, shape (n_classes,)."""
    totals = np.bincount(
        training.codes, weights=training.weights, minlength=training.n_classes
    )
    return totals / totals.sum()
