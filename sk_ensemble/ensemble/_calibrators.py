"""Maps from the probabilities of one classifier to better calibrated ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.isotonic import IsotonicRegression

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.ensemble._meta_samples import MemberPredictions, MetaSamples

__all__ = ["Isotonic", "IsotonicChooser", "Temperature", "TemperatureChooser"]

_EPS = float(np.finfo(np.float64).eps)
#: Temperatures are looked for between exp(-5) and exp(5).
_LOG_BOUND = 5.0


def _logs(proba: FloatArray) -> FloatArray:
    """Return logarithms, finite for probabilities of 0 too."""
    return np.log(np.clip(proba, _EPS, None))


@dataclass(frozen=True, eq=False)
class Temperature:
    """Divide log probabilities by a temperature.

    Parameters
    ----------
    temperature : float
        Above 1 for a classifier that is too sure of itself.
    """

    temperature: float

    def combine(self, predictions: MemberPredictions) -> FloatArray:
        """Return the calibrated probabilities of the only member."""
        return np.asarray(
            softmax(_logs(predictions.members[0]) / self.temperature, axis=1)
        )


def _best_temperature(proba: FloatArray, codes: IntArray, weights: FloatArray) -> float:
    """Return the temperature of least log loss.

    The loss is convex in the inverse of the temperature, so it has one minimum.
    """
    logs, rows = _logs(proba), np.arange(len(proba))
    shares = weights / weights.sum()

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logs / np.exp(log_temperature), axis=1)
        return -float(shares @ scaled[rows, codes])

    found = minimize_scalar(
        loss,
        bounds=(-_LOG_BOUND, _LOG_BOUND),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(np.exp(found.x))


@dataclass(frozen=True, eq=False)
class TemperatureChooser:
    """Choose the temperature of least log loss."""

    def choose(self, samples: MetaSamples) -> Temperature:
        """Return the scaling."""
        proba = samples.predictions.members[0]
        return Temperature(_best_temperature(proba, samples.codes, samples.weights))


@dataclass(frozen=True, eq=False)
class Isotonic:
    """Map the probability of each class by a step function of its own.

    Parameters
    ----------
    maps : list of IsotonicRegression
        One fitted, rising map per class.
    """

    maps: list[IsotonicRegression]

    def combine(self, predictions: MemberPredictions) -> FloatArray:
        """Return the mapped probabilities, scaled to add up to 1 in each row."""
        columns = predictions.members[0].T
        mapped = np.stack(
            [
                one.predict(values)
                for one, values in zip(self.maps, columns, strict=True)
            ],
            axis=1,
        )
        return np.asarray(mapped / mapped.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class IsotonicChooser:
    """Fit a rising map per class, the class against all others."""

    def choose(self, samples: MetaSamples) -> Isotonic:
        """Return the maps.

        They stay as far from 0 and 1 as one row more of either kind would keep them:
        the lowest step is often a stretch of rows in which a class happened not to
        occur, and a probability of 0 costs an infinite log loss the first time it does.
        """
        least = 1.0 / (samples.weights.sum() + 2.0)
        proba = samples.predictions.members[0]
        return Isotonic(
            [
                IsotonicRegression(
                    y_min=least, y_max=1.0 - least, out_of_bounds="clip"
                ).fit(values, samples.codes == code, sample_weight=samples.weights)
                for code, values in enumerate(proba.T)
            ]
        )
