"""Members combined by what they predict out of fold, forward in time."""

from __future__ import annotations

from sk_ensemble.ensemble._calibrated import PurgedCalibratedClassifier
from sk_ensemble.ensemble._factories import greedy, stacking
from sk_ensemble.ensemble._greedy import GreedyEnsembleClassifier
from sk_ensemble.ensemble._seed_ensemble import SeedEnsembleClassifier
from sk_ensemble.ensemble._stacking import PurgedStackingClassifier
from sk_ensemble.ensemble._weighted_vote import WeightedVoteClassifier

__all__ = [
    "GreedyEnsembleClassifier",
    "PurgedCalibratedClassifier",
    "PurgedStackingClassifier",
    "SeedEnsembleClassifier",
    "WeightedVoteClassifier",
    "greedy",
    "stacking",
]
