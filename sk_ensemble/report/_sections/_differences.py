"""Whether models differ: from the best, and from the baselines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from sk_ensemble.report._blocks import Block, Column, Heading, Section, Table, Value
from sk_ensemble.report._day_draws import Contrast
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import interval, number, signed
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._sections._curves import points

__all__ = ["holm", "make"]

_LEAD = (
    "How much better each model is than another, in thousandths of a nat of log loss "
    "per bar; more is better. Every bar is compared with itself, and whole days are "
    "drawn with replacement, so what both models find hard does not blur the "
    "difference. p is two-sided and holds for all models of a column together "
    "(Holm). The best model was picked by the same test period: that column says who "
    "cannot be told from it, not that it is the best."
)

_MILLI = 1000
_LEVEL = 0.05


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values that hold for all hypotheses together, after Holm (1979).

    Parameters
    ----------
    p_values : dict of float
        One per hypothesis.
    """
    order = sorted(p_values, key=lambda name: p_values[name])
    factors = np.arange(len(order), 0, -1)
    values = np.array([p_values[name] for name in order])
    adjusted = np.minimum(np.maximum.accumulate(values * factors), 1.0)
    return dict(zip(order, adjusted.tolist(), strict=True))


def _value(contrast: Contrast, p_value: float) -> Value:
    gain = contrast.interval
    tone = ""
    if p_value < _LEVEL:
        tone = "good" if gain.estimate > 0 else "bad"
    detail = f"{interval(gain, 1, _MILLI)}, p = {number(p_value, 3)}"
    return Value(
        signed(gain.estimate * _MILLI, 1), gain.estimate * _MILLI, detail, tone
    )


def _column(horizon: Horizon, other: str) -> dict[str, tuple[Contrast, float]]:
    """Return the difference of every other model from one, with its p-value."""
    contrasts = {m: c for m, c in horizon.gains_on(other).items() if m != other}
    adjusted = holm({model: c.p_value for model, c in contrasts.items()})
    return {model: (c, adjusted[model]) for model, c in contrasts.items()}


def _name(name: str, model: str) -> str:
    return f"the best, {model}" if name == "best" else model


def _frame(
    horizon: Horizon, columns: Mapping[str, Mapping[str, tuple[Contrast, float]]]
) -> pd.DataFrame:
    rows = [
        {
            "horizon": horizon.horizon,
            "model": model,
            "against": name,
            "against_model": horizon.references[name],
            "gain": contrast.interval.estimate,
            "gain_low": contrast.interval.low,
            "gain_high": contrast.interval.high,
            "p_value": contrast.p_value,
            "p_value_holm": adjusted,
        }
        for name, column in columns.items()
        for model, (contrast, adjusted) in column.items()
    ]
    return pd.DataFrame(rows)


def _table(horizon: Horizon) -> Table:
    references = horizon.references
    columns = {name: _column(horizon, model) for name, model in references.items()}
    rows = [
        [
            Value(model),
            *(
                _value(*column[model]) if model in column else Value("–", tone="muted")
                for column in columns.values()
            ),
        ]
        for model in horizon.models
    ]
    heads = [
        Column(f"Against {_name(n, m)}", "1e-3 nats per bar")
        for n, m in references.items()
    ]
    return Table(
        f"differences_h{horizon.horizon}",
        f"Gain in log loss at horizon {horizon.horizon}, 1e-3 nats per bar. Coloured "
        f"where p is below {_LEVEL}.",
        [Column("Model", is_text=True), *heads],
        rows,
        _frame(horizon, columns),
    )


def _figures(evidence: Evidence, horizon: Horizon) -> Iterator[Block]:
    for name, other in horizon.references.items():
        gains = horizon.gains_on(other)
        rows = {m: c.interval for m, c in gains.items() if m != other}
        if rows:
            yield points(
                f"gain_on_{name}_h{horizon.horizon}",
                f"Gain in log loss on {_name(name, other)}, horizon {horizon.horizon}, "
                "with paired 95 % intervals.",
                rows,
                evidence.styles,
                x_label=f"gain on {name}, 1e-3 nats per bar",
                scale=_MILLI,
                zero=0.0,
                is_small=False,
            )


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        if len(horizon.models) < 2:
            continue
        blocks += [Heading(f"Horizon {horizon.horizon} bars"), _table(horizon)]
        blocks += _figures(evidence, horizon)
    return Section("differences", "Differences", blocks, _LEAD) if blocks else None
