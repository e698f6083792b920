"""What was found, in sentences, before any table."""

from __future__ import annotations

from collections.abc import Iterator

from sk_ensemble.report._blocks import Banner, Block, Heading, Section, Text
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import interval, number, signed
from sk_ensemble.report._horizon import Horizon

__all__ = ["make"]

#: Days below which no bootstrap of days is to be trusted.
_FEWEST_DAYS = 20

_MILLI = 1000


def _banners(evidence: Evidence) -> Iterator[Block]:
    experiment = evidence.experiment
    for bars, audit in evidence.audits.items():
        if audit.failed_canaries:
            yield Banner(
                "bad",
                f"Leakage at horizon {bars}: a canary scores",
                "Targets that nobody can know were predicted, so no figure on this "
                "page can be believed. See the leakage certificate.",
            )
    if experiment.status.state != "finished":
        yield Banner(
            "warn", "The experiment is not finished", experiment.status.describe()
        )
    for name, reason in experiment.failures.items():
        yield Banner("warn", f"{name} failed", reason)
    for horizon in evidence.horizons:
        if horizon.draws.n_days < _FEWEST_DAYS:
            yield Banner(
                "warn",
                f"Horizon {horizon.horizon}: {horizon.draws.n_days} days of test data",
                f"With fewer than {_FEWEST_DAYS} days no bootstrap interval is to be "
                "trusted; take the figures as a rehearsal.",
            )
        if horizon.strays:
            names = ", ".join(horizon.strays)
            yield Banner("warn", "Scored on other rows and left out", names)
    for remark in experiment.remarks:
        yield Banner("info", "Parts are left out", remark)


def _against(horizon: Horizon, best: str) -> str:
    """Say what the best model is against the hardest baseline there is."""
    others = [
        (name, model)
        for name, model in horizon.references.items()
        if name != "best" and model != best
    ]
    if not others:
        return ""
    name, model = others[-1]
    gain = horizon.gains_on(model)[best].interval
    return (
        f" Against the {name} baseline it gains {signed(gain.estimate * _MILLI, 1)} "
        f"thousandths of a nat per bar ({interval(gain, 1, _MILLI)}), which is "
        f"{'more than' if gain.low > 0 else 'within'} the noise of days."
    )


def _direction(horizon: Horizon) -> str:
    sure = [m for m, s in horizon.scores.items() if s.direction_gain.low > 0]
    if not sure:
        return " No model has shown that it knows which way the price moves."
    names = ", ".join(sure)
    return f" The whole interval of the direction gain lies above zero for {names}."


def _trading(horizon: Horizon) -> str:
    if not horizon.backtests:
        return ""
    sure = [m for m, b in horizon.backtests.items() if b.sharpe_interval.low > 0]
    if not sure:
        return " After costs no Sharpe ratio is surely above zero."
    return f" After costs the Sharpe ratio is surely above zero for {', '.join(sure)}."


def _sentence(horizon: Horizon) -> str:
    best = horizon.models[0]
    loss = horizon.scores[best].log_loss
    return (
        f"{best} has the best log loss in the test period, "
        f"{number(loss.estimate, 4)} ({interval(loss, 4)})."
        f"{_against(horizon, best)}{_direction(horizon)}{_trading(horizon)}"
    )


def _findings(evidence: Evidence) -> Iterator[Block]:
    for horizon in evidence.horizons:
        yield Heading(f"Horizon {horizon.horizon} bars")
        yield Text(_sentence(horizon))


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks = [*_banners(evidence), *_findings(evidence)]
    if not evidence.horizons:
        blocks.append(
            Banner("warn", "No cell is finished", "There is nothing to compare yet.")
        )
    lead = (
        ""
        if not evidence.horizons
        else (
            "Intervals hold 95 % and come from a bootstrap of whole days. The best "
            "model was picked by the same test period, so it looks better than it is."
        )
    )
    return Section("summary", "Summary", blocks, lead)
