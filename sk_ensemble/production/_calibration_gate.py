"""Whether probabilities come true as often as they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.metrics import classwise_calibration_error, top_label_calibration_error
from sk_ensemble.production._evidence import Evidence
from sk_ensemble.production._gate_outcome import GateOutcome

__all__ = ["CalibrationGate"]


@dataclass(frozen=True)
class CalibrationGate:
    """Let a model pass whose probabilities come true about as often as they say.

    It predicts the labelled bars of the run's test period that are later than its
    training. The error is that of `classwise_calibration_error`, in bins of equal
    weight.

    Parameters
    ----------
    max_error : float, default=0.05
        Mean difference between probability and frequency, fraction.
    n_bins : int, default=10
        Bins of each class.

    Attributes
    ----------
    name : str
        ``"calibration"``.

    Examples
    --------
    >>> from sk_ensemble.production import CalibrationGate
    >>> CalibrationGate().max_error
    0.05
    """

    name: ClassVar[str] = "calibration"

    max_error: float = 0.05
    n_bins: int = 10

    def check(self, evidence: Evidence) -> GateOutcome:
        """Compare probabilities with what came true.

        Parameters
        ----------
        evidence : Evidence
            The model, and data later than its training.

        Returns
        -------
        outcome : GateOutcome
            With the error of all classes, and that of the most probable class.
        """
        later = evidence.own_later
        proba = evidence.proba(later.X)
        how: Any = {"labels": LABELS, "n_bins": self.n_bins, "binning": "mass"}
        error = classwise_calibration_error(later.y, proba, **how)
        top = top_label_calibration_error(later.y, proba, **how)
        return GateOutcome(
            self.name,
            error <= self.max_error,
            f"Probabilities are off by {error:.4f}, of at most {self.max_error:g}.",
            {
                "classwise_error": error,
                "top_label_error": top,
                "max_error": self.max_error,
                "n_samples": len(later.y),
            },
        )
