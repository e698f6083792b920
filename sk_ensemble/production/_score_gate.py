"""Whether a model is better than the live one, on data later than both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import ProductionError
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.metrics import Interval, day_block_bootstrap, loss_table
from sk_ensemble.production._evidence import Evidence, LaterSamples
from sk_ensemble.production._gate_outcome import GateOutcome
from sk_ensemble.utils.time import format_ns, from_utc_ns

__all__ = ["ScoreGate"]

_LOSSES = ("log_loss", "movement_log_loss", "direction_log_loss", "brier_score")

#: Resamples at least, and how many should lie below the lower end of the interval.
_RESAMPLES = 2000
_BELOW = 20


def _share_of_look(error_rate: float, look: int) -> float:
    """Return the error that one look may make; all looks together make no more.

    The sum of 1 / (k (k + 1)) over all k from 1 is 1.
    """
    return error_rate / (look * (look + 1))


@dataclass(frozen=True)
class ScoreGate:
    """Let a model pass that is better than the live one on data later than both.

    Both predict the labelled bars of the run's test period that are later than the
    last training label of either. The mean difference of their losses gets a bootstrap
    interval over whole days, and must lie above `-margin` with all of it. Where nothing
    is live yet, the class shares of the training labels are to be beaten.

    Parameters
    ----------
    metric : str, default="log_loss"
        ``"log_loss"``, ``"movement_log_loss"``, ``"direction_log_loss"`` (nats per bar)
        or ``"brier_score"``.
    margin : float, default=0.0
        How much worse than the live one it might be, in units of the metric. Above 0,
        a model that is as good passes, too, given enough data: say to replace one that
        was trained long ago.
    error_rate : float, default=0.05
        Chance that any of all looks at the same data lets a model pass that is not
        better than `-margin`, fraction.
    max_looks : int, default=20
        Looks at the same data; after that, newer data are needed.
    earlier_looks : int, default=0
        Looks that the registry cannot know of, such as the models of a leaderboard by
        whose test scores this one was chosen.
    min_days : int, default=20
        Days of later data; with fewer, no bootstrap of days is to be trusted.

    Attributes
    ----------
    name : str
        ``"score"``.

    Notes
    -----
    A look is counted before it is made, also if the process dies. The k-th one at data
    that overlap spends ``error_rate / (k (k + 1))`` of the error, so that all of them
    together spend no more than `error_rate`, however many there will be. Looks are told
    apart by name of the model in production and by times of the data.

    Examples
    --------
    >>> from sk_ensemble.production import ScoreGate
    >>> ScoreGate(margin=0.001).name
    'score'
    """

    name: ClassVar[str] = "score"

    metric: str = "log_loss"
    margin: float = 0.0
    error_rate: float = 0.05
    max_looks: int = 20
    earlier_looks: int = 0
    min_days: int = 20

    def __post_init__(self) -> None:
        if self.metric not in _LOSSES:
            msg = f"metric must be one of {_LOSSES}, got {self.metric!r}."
            raise ProductionError(msg)
        if not 0 < self.error_rate < 1 or not 0 <= self.margin < math.inf:
            msg = (
                "error_rate must lie between 0 and 1, and margin must not be negative; "
                f"got {self.error_rate!r} and {self.margin!r}."
            )
            raise ProductionError(msg)

    def check(self, evidence: Evidence) -> GateOutcome:
        """Compare a model with the live one.

        Parameters
        ----------
        evidence : Evidence
            The two models, and data later than both.

        Returns
        -------
        outcome : GateOutcome
            With the interval, the number of looks, and the days.
        """
        later = evidence.later
        look = self.earlier_looks + evidence.count_look(later.span)
        if look > self.max_looks:
            figures = {"looks": look, "max_looks": self.max_looks}
            message = (
                f"These data were looked at {look} times, more than {self.max_looks}. "
                "Make a run with later data."
            )
            return GateOutcome(self.name, False, message, figures)
        losses = self._losses(later, evidence.proba(later.X))
        others = self._losses(later, evidence.reference(later.X))
        gain = self._interval(others - losses, later, look)
        is_enough = gain.n_blocks >= self.min_days
        passed = is_enough and gain.low > -self.margin
        figures = self._figures(later, gain, look, losses, others, evidence)
        return GateOutcome(self.name, passed, self._message(figures), figures)

    def _losses(self, later: LaterSamples, proba: FloatArray) -> FloatArray:
        table = loss_table(later.y, proba, labels=LABELS)
        return table[self.metric].to_numpy()

    def _interval(self, gain: FloatArray, later: LaterSamples, look: int) -> Interval:
        share = _share_of_look(self.error_rate, look)
        return day_block_bootstrap(
            gain,
            from_utc_ns(later.times),
            n_resamples=max(_RESAMPLES, math.ceil(_BELOW / share)),
            confidence=1 - 2 * share,
        )

    def _figures(
        self,
        later: LaterSamples,
        gain: Interval,
        look: int,
        losses: FloatArray,
        others: FloatArray,
        evidence: Evidence,
    ) -> dict[str, Any]:
        first, last = later.span
        current = evidence.current
        return {
            "metric": self.metric,
            "against": f"v{current.number}" if current else "class shares",
            "loss": float(np.mean(losses)),
            "loss_of_other": float(np.mean(others)),
            "gain": gain.estimate,
            "gain_low": gain.low,
            "gain_high": gain.high,
            "margin": self.margin,
            "looks": look,
            "error_rate": self.error_rate,
            "confidence": 1 - 2 * _share_of_look(self.error_rate, look),
            "n_samples": len(later.y),
            "n_days": gain.n_blocks,
            "min_days": self.min_days,
            "first": format_ns(first),
            "last": format_ns(last),
        }

    def _message(self, figures: dict[str, Any]) -> str:
        if figures["n_days"] < self.min_days:
            return (
                f"There are {figures['n_days']} days later than the training of both, "
                f"and at least {self.min_days} are needed. Make a run with later data."
            )
        low, high = (f"{figures[end]:+.5f}" for end in ("gain_low", "gain_high"))
        return (
            f"{self.metric} gains {figures['gain']:+.5f} ({low} to {high}) against "
            f"{figures['against']} on {figures['n_days']} days, look "
            f"{figures['looks']}; the lower end must be above {0 - self.margin:g}."
        )
