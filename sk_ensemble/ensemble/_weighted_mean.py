"""Members averaged with weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._meta_samples import MemberPredictions

__all__ = ["WeightedMean"]


@dataclass(frozen=True, eq=False)
class WeightedMean:
    """Average the members' probabilities.

    Parameters
    ----------
    weights : ndarray of float64 of shape (n_members,)
        Not negative, adding up to 1.
    """

    weights: FloatArray

    def combine(self, predictions: MemberPredictions) -> FloatArray:
        """Return the weighted mean; members of weight 0 are not looked at."""
        used = np.flatnonzero(self.weights)
        parts = [self.weights[i] * predictions.members[i] for i in used]
        return np.sum(parts, axis=0)
