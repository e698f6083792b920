"""Whether one bar is predicted in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sk_ensemble.panel import Panel
from sk_ensemble.production._evidence import Evidence
from sk_ensemble.production._gate_outcome import GateOutcome

__all__ = ["LatencyGate"]

#: Predictions that are not counted, as the first ones make ready for the others.
_WARM_UP = 3


def _milliseconds(model: Any, X: Panel, n_repeats: int) -> Iterator[float]:
    for _ in range(n_repeats):
        started = time.perf_counter()
        model.predict_proba(X)
        yield 1000 * (time.perf_counter() - started)


@dataclass(frozen=True)
class LatencyGate:
    """Let a model pass that predicts one bar of one symbol in time.

    The loaded model predicts the last bar of the run's test period again and again, on
    this machine; the median counts.

    Parameters
    ----------
    max_ms : float, default=100.0
        Milliseconds that one prediction may take.
    n_repeats : int, default=30
        Predictions that are timed.

    Attributes
    ----------
    name : str
        ``"latency"``.

    Examples
    --------
    >>> from sk_ensemble.production import LatencyGate
    >>> LatencyGate(max_ms=5.0)
    LatencyGate(max_ms=5.0, n_repeats=30)
    """

    name: ClassVar[str] = "latency"

    max_ms: float = 100.0
    n_repeats: int = 30

    def check(self, evidence: Evidence) -> GateOutcome:
        """Time the model.

        Parameters
        ----------
        evidence : Evidence
            The model and a bar.

        Returns
        -------
        outcome : GateOutcome
            With the median and the 95 % quantile, milliseconds.
        """
        X = evidence.samples.periods["test"][-1:]
        n_all = _WARM_UP + self.n_repeats
        times = [*_milliseconds(evidence.model, X, n_all)][_WARM_UP:]
        median, late = (float(np.quantile(times, q)) for q in (0.5, 0.95))
        return GateOutcome(
            self.name,
            median <= self.max_ms,
            f"One bar takes {median:.3g} ms at the median, of at most {self.max_ms:g}.",
            {
                "median_ms": median,
                "p95_ms": late,
                "max_ms": self.max_ms,
                "n_repeats": self.n_repeats,
            },
        )
