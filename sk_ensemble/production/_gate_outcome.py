"""What came out at one gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["GateOutcome"]


@dataclass(frozen=True)
class GateOutcome:
    """Say whether a model passed a gate to production, and by which figures.

    Parameters
    ----------
    gate : str
        Name of the gate.
    passed : bool
        Whether it may pass.
    message : str
        Why, in one sentence.
    figures : dict, default={}
        The numbers behind it: plain values.
    is_overridden : bool, default=False
        Whether somebody let it through by name.

    Examples
    --------
    >>> from sk_ensemble.production import GateOutcome
    >>> print(GateOutcome("latency", False, "One bar takes 120 ms, above 100 ms."))
    latency: FAILED. One bar takes 120 ms, above 100 ms.
    """

    gate: str
    passed: bool
    message: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    is_overridden: bool = False

    @property
    def may_pass(self) -> bool:
        """Whether a model with this outcome is promoted."""
        return self.passed or self.is_overridden

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values."""
        return asdict(self)

    def __str__(self) -> str:
        overridden = ", overridden" if self.is_overridden and not self.passed else ""
        verdict = "passed" if self.passed else f"FAILED{overridden}"
        return f"{self.gate}: {verdict}. {self.message}"
