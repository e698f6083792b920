"""Ensembles whose combination is one weight per member."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble.ensemble._cross_fit import Combination, CrossFit
from sk_ensemble.ensemble._listed import ListedEnsemble
from sk_ensemble.ensemble._weighted_mean import WeightedMean

__all__ = ["WeightedEnsemble"]


def _weights_of(combination: Combination | None, n_members: int) -> np.ndarray:
    """Return the weights of a fold's choice, NaN where it could not choose."""
    if isinstance(combination, WeightedMean):
        return combination.weights
    return np.full(n_members, np.nan)


class WeightedEnsemble(ListedEnsemble):
    """Base of ensembles that average their members' probabilities with weights."""

    weights_: dict[str, float]
    fold_weights_: pd.DataFrame
    _combination: WeightedMean

    def _keep(self, names: tuple[str, ...], crossed: CrossFit) -> None:
        weights = self._combination.weights.tolist()
        self.weights_ = dict(zip(names, weights, strict=True))
        table = [_weights_of(choice, len(names)) for choice in crossed.combinations]
        self.fold_weights_ = pd.DataFrame(table, columns=list(names)).rename_axis(
            index="fold"
        )

    def _used(self) -> list[str]:
        return [name for name, weight in self.weights_.items() if weight > 0]
