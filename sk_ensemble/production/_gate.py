"""What a gate to production is."""

from __future__ import annotations

from typing import Protocol

from sk_ensemble.production._evidence import Evidence
from sk_ensemble.production._gate_outcome import GateOutcome

__all__ = ["Gate"]


class Gate(Protocol):
    """Judge whether a model may go live."""

    @property
    def name(self) -> str:
        """Name by which it can be overridden."""

    def check(self, evidence: Evidence) -> GateOutcome:
        """Judge a model.

        Parameters
        ----------
        evidence : Evidence
            The model, the one that is live, and their data.

        Returns
        -------
        outcome : GateOutcome
            Whether it may pass, and why. An error is an outcome, too: it did not pass.
        """
