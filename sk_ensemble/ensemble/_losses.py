"""What a choice of members is judged by: a loss of their mean probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._meta_samples import MetaSamples
from sk_ensemble.metrics import brier_score, log_loss

__all__ = ["LOSSES", "Loss", "MeanLoss", "loss_of_mean", "member_parts", "score"]

#: A loss with the signature of `sk_ensemble.metrics.log_loss`.
Loss: TypeAlias = Callable[..., float]
#: The loss of a mean of the members' parts, an array of shape (n_rows, n_outputs).
MeanLoss: TypeAlias = Callable[[FloatArray], float]

LOSSES: dict[str, Loss] = {"log_loss": log_loss, "brier_score": brier_score}

_EPS = float(np.finfo(np.float64).eps)


def member_parts(samples: MetaSamples, loss: Loss) -> FloatArray:
    """Return what a loss needs of each member, (n_members, n_rows, n_outputs).

    The log loss needs the probability of the true class alone.
    """
    stacked = samples.predictions.stacked()
    if loss is not log_loss:
        return stacked
    return stacked[:, np.arange(len(samples)), samples.codes, None]


def loss_of_mean(samples: MetaSamples, loss: Loss, classes: np.ndarray) -> MeanLoss:
    """Return the loss as a function of the mean of the members' parts."""
    if loss is log_loss:
        shares = samples.weights / samples.weights.sum()
        return lambda mean: -float(shares @ np.log(np.clip(mean[:, 0], _EPS, 1 - _EPS)))
    y = classes[samples.codes]
    return lambda mean: float(
        loss(y, mean, labels=classes.tolist(), sample_weight=samples.weights)
    )


def score(
    proba: FloatArray, samples: MetaSamples, loss: Loss, classes: np.ndarray
) -> float:
    """Return minus the loss over the rows that have probabilities, NaN without any."""
    known = ~np.isnan(proba).any(axis=1) & (samples.weights > 0)
    if not known.any():
        return float("nan")
    options: dict[str, Any] = {
        "labels": classes.tolist(),
        "sample_weight": samples.weights[known],
    }
    return -float(loss(classes[samples.codes[known]], proba[known], **options))
