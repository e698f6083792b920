"""Losses per row; every mean loss is an average of one of these."""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.metrics._inputs import Inputs

__all__ = [
    "brier_rows",
    "direction_gain_rows",
    "direction_rows",
    "log_loss_rows",
    "movement_rows",
]


def _clipped(proba: FloatArray) -> FloatArray:
    """Clip as scikit-learn does, by the precision of the dtype; return float64."""
    eps = np.finfo(proba.dtype).eps
    return np.clip(proba, eps, 1 - eps).astype(np.float64)


def _of_target(proba: FloatArray, inputs: Inputs) -> FloatArray:
    """Return the probability of the true class of each row."""
    return proba[np.arange(len(proba)), inputs.target]


def _moved(proba: FloatArray, neutral: int) -> FloatArray:
    """Return the probability of all classes but the neutral one."""
    return np.delete(proba, neutral, axis=1).sum(axis=1)


def log_loss_rows(inputs: Inputs) -> FloatArray:
    """Return minus the log probability of the true class."""
    return -np.log(_of_target(_clipped(inputs.proba), inputs))


def movement_rows(inputs: Inputs, neutral: int) -> FloatArray:
    """Return minus the log probability of neutral, or of not neutral."""
    proba = _clipped(inputs.proba)
    is_neutral = inputs.target == neutral
    return -np.log(np.where(is_neutral, proba[:, neutral], _moved(proba, neutral)))


def _direction_given_movement(inputs: Inputs, neutral: int) -> FloatArray:
    """Return the probability of the true side given movement, 1 for neutral rows."""
    proba = _clipped(inputs.proba)
    share = _of_target(proba, inputs) / _moved(proba, neutral)
    return np.where(inputs.target == neutral, 1.0, share)


def direction_rows(inputs: Inputs, neutral: int) -> FloatArray:
    """Return minus the log probability of the true side given movement, or 0."""
    return -np.log(_direction_given_movement(inputs, neutral))


def direction_gain_rows(inputs: Inputs, neutral: int) -> FloatArray:
    """Return the log loss of an even split minus that of the model, or 0."""
    gain = np.log(_direction_given_movement(inputs, neutral)) - np.log(0.5)
    return np.where(inputs.target == neutral, 0.0, gain)


def brier_rows(inputs: Inputs) -> FloatArray:
    """Return the squared distance from the true class, summed over classes."""
    proba = inputs.proba.astype(np.float64)
    truth = np.zeros_like(proba)
    truth[np.arange(len(truth)), inputs.target] = 1
    return ((proba - truth) ** 2).sum(axis=1)
