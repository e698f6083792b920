"""When the models know something: by hour, by volatility, over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.datasets import contract_specs
from sk_ensemble.labeling import bar_volatility
from sk_ensemble.report._blocks import Block, Column, Heading, Section, Table, Value
from sk_ensemble.report._day_draws import DayDraws
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import count, interval, signed
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._sections._curves import curves

__all__ = ["make"]

_MILLI = 1000

#: Rows below which an hour is left out of a figure: its mean says nothing.
_FEWEST_ROWS = 30

_REGIMES = ("calm", "usual", "wild")


def _lead(evidence: Evidence) -> str:
    zone = _timezone(evidence) or "UTC"
    return (
        "Gain in log loss on the class shares of training (the prior baseline), or the "
        "log loss itself where there is no such baseline, in thousandths of a nat per "
        f"bar. Hours are those of {zone}. Volatility is the trailing one, known at the "
        "bar; calm, usual and wild are the thirds of each symbol's test bars."
    )


def _timezone(evidence: Evidence) -> str | None:
    """Return the time zone of the exchanges, None if there are several or none."""
    if evidence.experiment.trading_bars("test") is None:
        return None
    specs = contract_specs()
    traded = {
        str(s) for h in evidence.horizons for s in np.unique(h.symbols.astype(str))
    }
    zones = set(specs.loc[specs.index.map(str).isin(traded), "timezone"])
    return str(zones.pop()) if len(zones) == 1 else None


def _gains(horizon: Horizon) -> tuple[dict[str, FloatArray], str]:
    """Return a value per row and model, and its name."""
    if "prior" not in horizon.references:
        losses = {m: horizon.log_loss(m) * _MILLI for m in horizon.models}
        return losses, "log loss, 1e-3 nats"
    prior = horizon.references["prior"]
    reference = horizon.log_loss(prior)
    gains: dict[str, FloatArray] = {
        model: (reference - horizon.log_loss(model)) * _MILLI
        for model in horizon.models
        if model != prior
    }
    return gains, "gain on prior, 1e-3 nats"


def _hours(horizon: Horizon, zone: str) -> IntArray:
    times = pd.DatetimeIndex(horizon.times.astype("datetime64[ns]")).tz_localize("UTC")
    return np.asarray(times.tz_convert(zone).hour)


def _by_hour(evidence: Evidence, horizon: Horizon, gains: Any, unit: str) -> Block:
    hours = _hours(horizon, _timezone(evidence) or "UTC")
    counts = np.bincount(hours, minlength=24)
    shown = np.arange(np.flatnonzero(counts)[0], np.flatnonzero(counts)[-1] + 1)
    few = counts[shown] < _FEWEST_ROWS
    series = {}
    for model, values in gains.items():
        sums = np.bincount(hours, weights=values, minlength=24)[shown]
        means = np.where(few, np.nan, sums / np.maximum(counts[shown], 1))
        series[model] = (shown, means)
    return curves(
        f"by_hour_h{horizon.horizon}",
        f"By hour of the day, horizon {horizon.horizon}; hours with fewer than "
        f"{_FEWEST_ROWS} bars are left out.",
        series,
        evidence.styles,
        y_label=unit,
        x_label="hour",
        marker="o",
        zero=0.0 if "gain" in unit else None,
    )


def _over_time(evidence: Evidence, horizon: Horizon, gains: Any, unit: str) -> Block:
    days = pd.DatetimeIndex(horizon.times.astype("datetime64[ns]")).floor("D")
    daily = {model: pd.Series(v).groupby(days).mean() for model, v in gains.items()}
    is_gain = "gain" in unit
    series = {
        model: (one.index.to_numpy(), (one.cumsum() if is_gain else one).to_numpy())
        for model, one in daily.items()
    }
    said = "Daily means, added up" if is_gain else "Daily means"
    return curves(
        f"over_time_h{horizon.horizon}",
        f"{said}, horizon {horizon.horizon}: a steady rise is knowledge, a single jump "
        "is an event.",
        series,
        evidence.styles,
        y_label=unit,
        zero=0.0 if is_gain else None,
        are_dates=True,
    )


def _regimes(evidence: Evidence, horizon: Horizon) -> IntArray | None:
    """Return the third of its symbol's volatility of each row, -1 where unknown."""
    source = evidence.experiment.source
    bars = getattr(source, "bars", None)
    if bars is None:
        return None
    volatility = bar_volatility(bars).reindex(horizon.index)
    ranks = volatility.groupby(level="symbol").rank(pct=True).to_numpy()
    thirds = np.minimum((ranks * len(_REGIMES)).astype(float), len(_REGIMES) - 1e-9)
    return np.where(np.isnan(ranks), -1, np.nan_to_num(thirds)).astype(np.int64)


def _regime_table(horizon: Horizon, gains: Any, unit: str, regimes: IntArray) -> Table:
    times = horizon.times.astype("datetime64[ns]")
    parts = {name: regimes == number for number, name in enumerate(_REGIMES)}
    parts = {name: rows for name, rows in parts.items() if rows.any()}
    draws = {name: DayDraws(times[rows]) for name, rows in parts.items()}
    rows_, records = [], []
    for model, values in gains.items():
        found = {name: draws[name].mean(values[rows]) for name, rows in parts.items()}
        shown = []
        for name, value in found.items():
            is_gain = "gain" in unit
            tone = "good" if is_gain and value.low > 0 else ""
            tone = "bad" if is_gain and value.high < 0 else tone
            text = signed(value.estimate, 1)
            shown.append(Value(text, value.estimate, interval(value, 1), tone))
            records.append(
                {
                    "model": model,
                    "regime": name,
                    "n_rows": int(parts[name].sum()),
                    "value": value.estimate,
                    "low": value.low,
                    "high": value.high,
                }
            )
        rows_.append([Value(model), *shown])
    heads = [Column(f"{n} ({count(r.sum())} bars)", unit) for n, r in parts.items()]
    return Table(
        f"by_volatility_h{horizon.horizon}",
        f"By volatility regime, horizon {horizon.horizon}: {unit} per bar.",
        [Column("Model", is_text=True), *heads],
        rows_,
        pd.DataFrame(records),
    )


def _blocks(evidence: Evidence, horizon: Horizon) -> Iterator[Block]:
    gains, unit = _gains(horizon)
    if not gains:
        return
    yield _by_hour(evidence, horizon, gains, unit)
    yield _over_time(evidence, horizon, gains, unit)
    regimes = _regimes(evidence, horizon)
    if regimes is not None:
        yield _regime_table(horizon, gains, unit, regimes)


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        found = list(_blocks(evidence, horizon))
        if found:
            blocks += [Heading(f"Horizon {horizon.horizon} bars"), *found]
    if not blocks:
        return None
    return Section("when", "When", blocks, _lead(evidence))
