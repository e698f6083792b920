"""Weights on the simplex that minimise the log loss of the mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._losses import member_parts
from sk_ensemble.ensemble._meta_samples import MetaSamples
from sk_ensemble.ensemble._weighted_mean import WeightedMean
from sk_ensemble.metrics import log_loss

__all__ = ["FixedWeights", "SimplexChooser", "simplex_weights"]

_EPS = float(np.finfo(np.float64).eps)


def simplex_weights(likelihood: FloatArray, sample_weight: FloatArray) -> FloatArray:
    """Return the convex combination of members with the least log loss.

    Minimising ``-sum_i s_i log(sum_m w_m q_mi) + sum_m w_m`` over w >= 0, with weights
    s that add up to 1, gives weights that add up to 1 by themselves: scaling w by c
    changes the objective by ``-log c + (c - 1) sum_m w_m``, which is least at c = 1
    only if they do. That leaves a convex problem with bounds and no other constraint.

    Parameters
    ----------
    likelihood : ndarray of shape (n_members, n_rows)
        Probability that each member gave to what came true.
    sample_weight : ndarray of shape (n_rows,)
        Weights of the rows, not all zero.

    Returns
    -------
    weights : ndarray of float64 of shape (n_members,)
        Not negative, adding up to 1. Members that say the same get equal weights.

    References
    ----------
    Kim, Y., Carbonetto, P., Stephens, M. and Anitescu, M. (2020). A fast algorithm for
    maximum likelihood estimation of mixture proportions using sequential quadratic
    programming. Journal of Computational and Graphical Statistics 29(2), 261-273.
    """
    shares = sample_weight / sample_weight.sum()
    q = np.clip(likelihood, _EPS, 1.0)

    def objective(w: FloatArray) -> tuple[float, FloatArray]:
        mean = np.maximum(w @ q, _EPS)
        return w.sum() - shares @ np.log(mean), 1.0 - q @ (shares / mean)

    n_members = len(q)
    found = minimize(
        objective,
        np.full(n_members, 1.0 / n_members),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * n_members,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000, "maxfun": 10_000},
    )
    return np.asarray(found.x / found.x.sum())


@dataclass(frozen=True, eq=False)
class SimplexChooser:
    """Choose the weighted mean of least log loss."""

    def choose(self, samples: MetaSamples) -> WeightedMean:
        """Return the weighted mean."""
        likelihood = member_parts(samples, log_loss)[:, :, 0]
        return WeightedMean(simplex_weights(likelihood, samples.weights))


@dataclass(frozen=True, eq=False)
class FixedWeights:
    """Choose the same weights whatever the samples.

    Parameters
    ----------
    weights : mapping of str to float
        Weights by member, in the order of the members; scaled to add up to 1.
    """

    weights: Mapping[str, float]

    def choose(self, samples: MetaSamples) -> WeightedMean:
        """Return the weighted mean."""
        given = np.array(list(self.weights.values()), dtype=np.float64)
        return WeightedMean(given / given.sum())
