"""When the models know something: by hour, by volatility, over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.datasets import contract_specs
from sk_ensemble.labeling import bar_volatility
from sk_ensemble.metrics import Interval
from sk_ensemble.report._blocks import (
    Block,
    Column,
    Details,
    Figure,
    Heading,
    Section,
    Table,
    Value,
)
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

#: Months that a table shows, the latest ones.
_MOST_MONTHS = 12


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


@dataclass(frozen=True, eq=False)
class _Gains:
    """Hold a value per row of each model, and what it is."""

    by_model: Mapping[str, FloatArray]
    unit: str
    is_gain: bool


def _gains(horizon: Horizon) -> _Gains:
    """Return gains on the prior baseline, or losses where there is none."""
    if "prior" not in horizon.references:
        losses = {m: horizon.log_loss(m) * _MILLI for m in horizon.models}
        return _Gains(losses, "log loss, 1e-3 nats", False)
    prior = horizon.references["prior"]
    reference = horizon.log_loss(prior)
    gains = {
        model: (reference - horizon.log_loss(model)) * _MILLI
        for model in horizon.models
        if model != prior
    }
    return _Gains(gains, "gain on prior, 1e-3 nats", True)


def _hours(horizon: Horizon, zone: str) -> IntArray:
    times = pd.DatetimeIndex(horizon.times.astype("datetime64[ns]")).tz_localize("UTC")
    return np.asarray(times.tz_convert(zone).hour)


def _by_hour(
    evidence: Evidence, horizon: Horizon, hours: IntArray, gains: _Gains
) -> Figure:
    counts = np.bincount(hours, minlength=24)
    shown = np.arange(np.flatnonzero(counts)[0], np.flatnonzero(counts)[-1] + 1)
    few = counts[shown] < _FEWEST_ROWS
    series = {}
    for model, values in gains.by_model.items():
        sums = np.bincount(hours, weights=values, minlength=24)[shown]
        means = np.where(few, np.nan, sums / np.maximum(counts[shown], 1))
        series[model] = (shown, means)
    return curves(
        f"by_hour_h{horizon.horizon}",
        f"By hour of the day, horizon {horizon.horizon}; hours with fewer than "
        f"{_FEWEST_ROWS} bars are left out.",
        series,
        evidence.styles,
        y_label=gains.unit,
        x_label="hour",
        marker="o",
        zero=0.0 if gains.is_gain else None,
    )


def _over_time(evidence: Evidence, horizon: Horizon, gains: _Gains) -> Figure:
    days = pd.DatetimeIndex(horizon.times.astype("datetime64[ns]")).floor("D")
    series = {}
    for model, values in gains.by_model.items():
        daily = pd.Series(values).groupby(days).mean()
        shown = daily.cumsum() if gains.is_gain else daily
        series[model] = (daily.index.to_numpy(), shown.to_numpy())
    said = "Daily means, added up" if gains.is_gain else "Daily means"
    return curves(
        f"over_time_h{horizon.horizon}",
        f"{said}, horizon {horizon.horizon}: a steady rise is knowledge, a single jump "
        "is an event.",
        series,
        evidence.styles,
        y_label=gains.unit,
        zero=0.0 if gains.is_gain else None,
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


def _value(part: Interval, is_gain: bool) -> Value:
    tone = ""
    if is_gain and part.low > 0:
        tone = "good"
    elif is_gain and part.high < 0:
        tone = "bad"
    detail = "" if np.isnan(part.low) else interval(part, 1)
    return Value(signed(part.estimate, 1), part.estimate, detail, tone)


def _part_means(
    horizon: Horizon, parts: Mapping[str, BoolArray], gains: _Gains
) -> dict[str, dict[str, Interval]]:
    """Return the mean of each model on each part of the rows."""
    times = horizon.times.astype("datetime64[ns]")
    draws = {name: DayDraws(times[rows]) for name, rows in parts.items()}
    return {
        model: {name: draws[name].mean(values[rows]) for name, rows in parts.items()}
        for model, values in gains.by_model.items()
    }


def _regime_table(
    horizon: Horizon, parts: Mapping[str, BoolArray], gains: _Gains
) -> Table:
    """Return a row for each model and a column for each regime."""
    means = _part_means(horizon, parts, gains)
    heads = [
        Column(f"{name} ({count(rows.sum())} bars)", gains.unit)
        for name, rows in parts.items()
    ]
    rows = [
        [Value(model), *(_value(part, gains.is_gain) for part in found.values())]
        for model, found in means.items()
    ]
    return Table(
        f"by_volatility_h{horizon.horizon}",
        f"By volatility regime, horizon {horizon.horizon}: {gains.unit} per bar.",
        [Column("Model", is_text=True), *heads],
        rows,
        _frame("regime", parts, means),
    )


def _long_table(
    horizon: Horizon, what: str, parts: Mapping[str, BoolArray], gains: _Gains
) -> Table:
    """Return a row for each model and part; of very many months the last are shown."""
    means = _part_means(horizon, parts, gains)
    shown = list(parts) if what != "month" else list(parts)[-_MOST_MONTHS:]
    n_more = len(parts) - len(shown)
    more = f", the last {len(shown)} months; the CSV file has all" if n_more else ""
    rows = [
        [
            Value(model),
            Value(name),
            Value(count(parts[name].sum()), float(parts[name].sum())),
            _value(part, gains.is_gain),
        ]
        for model, found in means.items()
        for name, part in found.items()
        if name in shown
    ]
    return Table(
        f"by_{what}_h{horizon.horizon}",
        f"By {what}, horizon {horizon.horizon}: {gains.unit} per bar{more}.",
        [
            Column("Model", is_text=True),
            Column(what.capitalize(), is_text=True),
            Column("Bars"),
            Column(gains.unit.partition(",")[0].capitalize(), gains.unit),
        ],
        rows,
        _frame(what, parts, means),
    )


def _frame(
    what: str,
    parts: Mapping[str, BoolArray],
    means: Mapping[str, Mapping[str, Interval]],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": model,
            what: name,
            "n_rows": int(parts[name].sum()),
            "value": part.estimate,
            "low": part.low,
            "high": part.high,
        }
        for model, found in means.items()
        for name, part in found.items()
    )


def _hour_parts(hours: IntArray) -> dict[str, BoolArray]:
    return {
        f"{hour:02d} h": hours == hour
        for hour in range(24)
        if (hours == hour).sum() >= _FEWEST_ROWS
    }


def _month_parts(horizon: Horizon) -> dict[str, BoolArray]:
    months = horizon.times.astype("datetime64[ns]").astype("datetime64[M]")
    return {str(month): months == month for month in np.unique(months)}


def _regime_parts(regimes: IntArray) -> dict[str, BoolArray]:
    parts = {name: regimes == number for number, name in enumerate(_REGIMES)}
    return {name: rows for name, rows in parts.items() if rows.any()}


def _blocks(evidence: Evidence, horizon: Horizon) -> Iterator[Block]:
    gains = _gains(horizon)
    if not gains.by_model:
        return
    hours = _hours(horizon, _timezone(evidence) or "UTC")
    yield _by_hour(evidence, horizon, hours, gains)
    yield _over_time(evidence, horizon, gains)
    regimes = _regimes(evidence, horizon)
    if regimes is not None:
        yield _regime_table(horizon, _regime_parts(regimes), gains)
    tables = [
        _long_table(horizon, what, parts, gains)
        for what, parts in (
            ("hour", _hour_parts(hours)),
            ("month", _month_parts(horizon)),
        )
        if parts
    ]
    yield Details(f"Hours and months with intervals, horizon {horizon.horizon}", tables)


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
