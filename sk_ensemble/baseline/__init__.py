"""Models without insight, for others to be compared with."""

from __future__ import annotations

from sk_ensemble.baseline._clock import ClockBaseline
from sk_ensemble.baseline._prior import PriorBaseline
from sk_ensemble.baseline._volatility import VolatilityBaseline

__all__ = ["ClockBaseline", "PriorBaseline", "VolatilityBaseline"]
