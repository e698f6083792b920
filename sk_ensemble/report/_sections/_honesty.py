"""How much of what looks good may be luck."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    probability_of_backtest_overfitting,
    sharpe_ratio,
)
from sk_ensemble.report._blocks import (
    Banner,
    Block,
    Column,
    Section,
    Table,
    Text,
    Value,
)
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import count, number
from sk_ensemble.report._horizon import Horizon

__all__ = ["make"]

_LEAD = (
    "Who compares many models on one test period and keeps the best, keeps luck. The "
    "deflated Sharpe ratio is the confidence that the best model's Sharpe ratio is "
    "more than the best of as many worthless ones would have; above 0.95 it is more "
    "than luck. PBO is how often the model that is best in one half of the days is "
    "no better than the median in the other; choosing is no better than lots at 0.5."
)

_CONFIDENT = 0.95
_LOTS = 0.5
_MOST_BLOCKS, _DAYS_IN_BLOCK = 12, 4

#: Days from which a Sharpe ratio can be deflated at all.
_FEWEST_DAYS = 3


def _daily(horizon: Horizon) -> tuple[dict[str, FloatArray], str]:
    """Return one series of days per model, and what it is.

    Without prices it is the gain in log loss on the class shares.
    """
    if horizon.backtests:
        found = {m: b.daily.to_numpy() for m, b in horizon.backtests.items()}
        return _varying(found), "net profit per day"
    if "prior" not in horizon.references:
        return {}, ""
    prior = horizon.log_loss(horizon.references["prior"])
    days = pd.DatetimeIndex(horizon.times.astype("datetime64[ns]")).floor("D")
    found = {
        model: pd.Series(prior - horizon.log_loss(model))
        .groupby(days)
        .mean()
        .to_numpy()
        for model in horizon.models
    }
    return _varying(found), "gain in log loss on the class shares per day"


def _varying(series: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the series that have a Sharpe ratio, each once."""
    known: dict[bytes, str] = {}
    for model, values in series.items():
        if len(values) >= _FEWEST_DAYS and np.ptp(values) > 0:
            known.setdefault(values.tobytes(), model)
    return {model: series[model] for model in known.values()}


def _pbo(table: FloatArray) -> float:
    n_blocks = min(_MOST_BLOCKS, len(table) // _DAYS_IN_BLOCK // 2 * 2)
    if table.shape[1] < 2 or n_blocks < 2:
        return float("nan")
    try:
        return probability_of_backtest_overfitting(table, n_blocks=n_blocks).pbo
    except DataError:
        # A model that does not trade in some half has no Sharpe ratio there.
        return float("nan")


def _facts(evidence: Evidence, horizon: Horizon) -> dict[str, Any] | None:
    series, what = _daily(horizon)
    if not series:
        return None
    sharpes = {model: sharpe_ratio(values) for model, values in series.items()}
    best = max(sharpes, key=lambda model: sharpes[model])
    n_trials = max(evidence.looks.by_horizon.get(horizon.horizon, 0), len(series))
    variance = float(np.var(list(sharpes.values()), ddof=1)) if len(series) > 1 else 0.0
    year = np.sqrt(252)
    return {
        "horizon": horizon.horizon,
        "measured": what,
        "n_days": len(series[best]),
        "best_model": best,
        "sharpe": float(sharpes[best] * year),
        "n_trials": n_trials,
        "luck": float(expected_maximum_sharpe(n_trials, variance=variance) * year),
        "deflated_sharpe_ratio": float(
            deflated_sharpe_ratio(
                series[best], n_trials=n_trials, trial_variance=variance
            )
        ),
        "n_compared": len(series),
        "pbo": _pbo(np.stack(list(series.values()), axis=1)),
    }


def _row(fact: dict[str, Any]) -> list[Value]:
    dsr, pbo = fact["deflated_sharpe_ratio"], fact["pbo"]
    return [
        Value(str(fact["horizon"]), float(fact["horizon"])),
        Value(fact["best_model"], detail=fact["measured"]),
        Value(number(fact["sharpe"]), fact["sharpe"]),
        Value(count(fact["n_trials"]), float(fact["n_trials"])),
        Value(number(fact["luck"]), fact["luck"]),
        Value(number(dsr, 3), dsr, tone="good" if dsr > _CONFIDENT else ""),
        Value(
            number(pbo, 2),
            pbo,
            f"{fact['n_compared']} models, {fact['n_days']} days",
            "bad" if pbo >= _LOTS else "",
        ),
    ]


def _table(facts: list[dict[str, Any]]) -> Table:
    columns = [
        Column("Horizon", "bars"),
        Column("Best by Sharpe", is_text=True),
        Column("Sharpe", "of the best, per year"),
        Column("Trials", "different models ever scored on this test period"),
        Column("By luck", "Sharpe ratio that the best of as many worthless models has"),
        Column("Deflated Sharpe", "confidence; more than luck above 0.95"),
        Column("PBO", "choosing is no better than lots at 0.5"),
    ]
    caption = "What the best Sharpe ratio of each horizon is worth."
    rows = [_row(fact) for fact in facts]
    return Table("overfitting", caption, columns, rows, pd.DataFrame(facts))


def _looks(evidence: Evidence) -> Iterator[Block]:
    looks = evidence.looks
    many = looks.n_experiments > 1
    by_horizon = ", ".join(f"{n} at horizon {h}" for h, n in looks.by_horizon.items())
    yield Banner(
        "warn" if many else "info",
        f"This test period was looked at by {looks.n_experiments} "
        f"experiment{'s' if many else ''} and {looks.n_models} different models",
        f"({by_horizon}.) Every look is a chance to be lucky. Counted are the "
        "experiments in this directory that scored any of its bars; what was run "
        "elsewhere, or deleted, cannot be counted.",
    )


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    if not evidence.horizons:
        return None
    facts = [f for f in (_facts(evidence, h) for h in evidence.horizons) if f]
    blocks = list(_looks(evidence))
    if facts:
        blocks.append(_table(facts))
    else:
        blocks.append(
            Text(
                "No model's profit or gain varies over three days or more, so there is "
                "no Sharpe ratio to deflate."
            )
        )
    return Section("luck", "Looks and luck", blocks, _LEAD)
