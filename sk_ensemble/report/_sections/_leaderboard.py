"""The leaderboard of each horizon, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from sk_ensemble.metrics import Interval
from sk_ensemble.report._blocks import Block, Column, Heading, Section, Table, Value
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import interval, number, seconds
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._sections._curves import points

__all__ = ["interval_value", "make"]

_LEAD = (
    "One row per model, best test log loss first; the second line of a value is its "
    "95 % interval from a bootstrap of whole days. The log loss is the sum of its "
    "movement part (will the price move?) and its direction part (which way?); on "
    "bars nearly all of what models know is movement. Lower is better for losses and "
    "the Brier score, higher for AUC, MCC and Sharpe ratio."
)

#: Figures of the leaderboard: attribute, title, decimals, what it means.
_FIGURES = (
    ("log_loss", "Log loss", 4, "nats per bar"),
    ("movement_log_loss", "Movement part", 4, "neutral or not, nats per bar"),
    ("direction_log_loss", "Direction part", 4, "up or down, nats per bar"),
    ("direction_auc", "Direction AUC", 3, "0.5 means no skill"),
    ("brier_score", "Brier", 4, "mean squared error of probabilities, 0 to 2"),
    ("mcc", "MCC", 3, "Matthews' correlation; 0 means no skill"),
)


def interval_value(
    value: Interval,
    digits: int,
    scale: float = 1.0,
    null: float | None = None,
    fewer: int = 0,
) -> Value:
    """Return an estimate with its interval below it.

    Parameters
    ----------
    value : Interval
        The estimate.
    digits : int
        Decimals.
    scale : float, default=1.0
        What it is multiplied with.
    null : float or None, default=None
        What more is good, and less is bad, if the whole interval says so.
    fewer : int, default=0
        Decimals that the interval lacks.
    """
    tone = ""
    if null is not None and value.low > null:
        tone = "good"
    elif null is not None and value.high < null:
        tone = "bad"
    estimate = value.estimate * scale
    detail = "" if pd.isna(value.low) else interval(value, digits - fewer, scale)
    return Value(number(estimate, digits), float(estimate), detail, tone)


def _figure_values(horizon: Horizon, model: str) -> Iterator[Value]:
    scores = horizon.scores[model]
    nulls = {"direction_auc": 0.5, "mcc": 0.0}
    for name, _, digits, _ in _FIGURES:
        value = getattr(scores, name)
        yield interval_value(value, digits, null=nulls.get(name), fewer=1)


def _sharpe(horizon: Horizon, model: str) -> Iterator[Value]:
    if horizon.backtests:
        sharpe = horizon.backtests[model].sharpe_interval
        yield interval_value(sharpe, 2, null=0.0, fewer=1)


def _seconds(horizon: Horizon, model: str) -> Iterator[Value]:
    taken = horizon.cells[model].seconds
    for kind in ("fit", "predict"):
        value = taken.get(kind)
        yield Value(seconds(value), None if value is None else float(value))


def _model_value(evidence: Evidence, horizon: Horizon, model: str) -> Value:
    hits = horizon.cells[model].training.get("fits_at_time_limit")
    limited = ", ended by a time limit" if hits else ""
    return Value(model, detail=f"{evidence.styles.family(model)}{limited}")


def _row(evidence: Evidence, horizon: Horizon, model: str) -> list[Value]:
    return [
        _model_value(evidence, horizon, model),
        *_figure_values(horizon, model),
        *_sharpe(horizon, model),
        *_seconds(horizon, model),
    ]


def _frame(horizon: Horizon) -> pd.DataFrame:
    rows = []
    for model in horizon.models:
        row: dict[str, Any] = {"model": model}
        figures = {n: getattr(horizon.scores[model], n) for n, *_ in _FIGURES}
        figures["direction_gain"] = horizon.scores[model].direction_gain
        if horizon.backtests:
            figures["sharpe"] = horizon.backtests[model].sharpe_interval
        for name, value in figures.items():
            row |= {name: value.estimate, f"{name}_low": value.low}
            row[f"{name}_high"] = value.high
        taken = horizon.cells[model].seconds
        row |= {
            "fit_seconds": taken.get("fit"),
            "predict_seconds": taken.get("predict"),
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _table(evidence: Evidence, horizon: Horizon) -> Table:
    columns = [
        Column("Model", is_text=True),
        *(Column(title, meaning) for _, title, _, meaning in _FIGURES),
        *([Column("Sharpe", "after costs, per year")] if horizon.backtests else []),
        Column("Fit", "time of the refit"),
        Column("Predict", "time to predict both later periods"),
    ]
    rows = [_row(evidence, horizon, model) for model in horizon.models]
    caption = (
        f"Test period, horizon {horizon.horizon} bars: {len(horizon.y):,} labelled "
        f"bars on {horizon.draws.n_days} days."
    )
    key = f"leaderboard_h{horizon.horizon}"
    return Table(key, caption, columns, rows, _frame(horizon))


_POINTS: tuple[tuple[str, str, str, Callable[[Horizon, str], Interval], Any], ...] = (
    (
        "log_loss",
        "Log loss",
        "log loss, nats per bar",
        lambda horizon, model: horizon.scores[model].log_loss,
        None,
    ),
    (
        "direction_auc",
        "Direction AUC",
        "direction AUC (0.5 is no skill)",
        lambda horizon, model: horizon.scores[model].direction_auc,
        0.5,
    ),
    (
        "sharpe",
        "Sharpe ratio after costs",
        "Sharpe ratio after costs",
        lambda horizon, model: horizon.backtests[model].sharpe_interval,
        0.0,
    ),
)


def _figures(evidence: Evidence, horizon: Horizon) -> Iterator[Block]:
    for name, title, x_label, value, zero in _POINTS:
        if name == "sharpe" and not horizon.backtests:
            continue
        yield points(
            f"{name}_h{horizon.horizon}",
            f"{title}, horizon {horizon.horizon}, with 95 % intervals.",
            {model: value(horizon, model) for model in horizon.models},
            evidence.styles,
            x_label=x_label,
            zero=zero,
        )


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    if not evidence.horizons:
        return None
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        blocks.append(Heading(f"Horizon {horizon.horizon} bars"))
        blocks.append(_table(evidence, horizon))
        blocks += _figures(evidence, horizon)
    return Section("leaderboard", "Leaderboard", blocks, _LEAD)
