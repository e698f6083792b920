"""What the predictions earn and lose, with costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.backtest import BacktestResult
from sk_ensemble.metrics import drawdowns
from sk_ensemble.report._blocks import Block, Column, Heading, Section, Table, Value
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import count, interval, number, percent
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._sections._curves import curves

__all__ = ["make"]

_LEAD = (
    "Each prediction is held for its horizon in slices that net, flat over session "
    "gaps; every trade pays half a tick and a fee. Profits are shares of the "
    "capital, added up without compounding. The best six by Sharpe ratio are "
    "coloured; point at a line to follow its model through all figures."
)

#: Trading days over which turnover is averaged.
_SMOOTHED = 5


def _by_sharpe(horizon: Horizon) -> dict[str, BacktestResult]:
    """Return the backtests, the best Sharpe ratio first, those without one last."""
    results = horizon.backtests

    def worth(model: str) -> float:
        sharpe = results[model].sharpe
        return -sharpe if np.isfinite(sharpe) else np.inf

    return {model: results[model] for model in sorted(results, key=worth)}


def _turnover(result: BacktestResult) -> pd.Series:
    """Return the traded value per day, multiples of the capital."""
    position = result.bars["position"].sort_index()
    traded = position.groupby(level="symbol", sort=False).diff().fillna(position).abs()
    days = pd.DatetimeIndex(traded.index.get_level_values("datetime"))
    days = days.tz_convert("UTC").tz_localize(None) if days.tz is not None else days
    n_symbols = len(result.daily_by_symbol.columns)
    daily = traded.groupby(days.floor("D")).sum() / n_symbols
    return daily.reindex(result.daily.index, fill_value=0.0)


def _costs(result: BacktestResult) -> pd.Series:
    """Return the cost per day, fraction of the capital."""
    cost = result.bars["cost"]
    days = pd.DatetimeIndex(cost.index.get_level_values("datetime"))
    days = days.tz_convert("UTC").tz_localize(None) if days.tz is not None else days
    n_symbols = len(result.daily_by_symbol.columns)
    daily = cost.groupby(days.floor("D")).sum() / n_symbols
    return daily.reindex(result.daily.index, fill_value=0.0)


def _percent(values: Any) -> Any:
    return np.asarray(values) * 100


def _figures(
    evidence: Evidence, horizon: Horizon, results: Mapping[str, BacktestResult]
) -> Iterator[Block]:
    drawn = (
        (
            "equity",
            "Net profit after costs, added up",
            "% of the capital",
            lambda r: _percent(r.daily.cumsum()),
        ),
        (
            "drawdown",
            "Loss since the highest profit so far",
            "% of the capital",
            lambda r: _percent(drawdowns(r.daily)),
        ),
        (
            "cost",
            "Costs, added up",
            "% of the capital",
            lambda r: _percent(_costs(r).cumsum()),
        ),
        (
            "turnover",
            f"Turnover per day, mean of {_SMOOTHED} days",
            "multiples of the capital",
            lambda r: _turnover(r).rolling(_SMOOTHED, min_periods=1).mean().to_numpy(),
        ),
    )
    for name, title, y_label, values in drawn:
        yield curves(
            f"{name}_h{horizon.horizon}",
            f"{title}; horizon {horizon.horizon}.",
            {m: (r.daily.index.to_numpy(), values(r)) for m, r in results.items()},
            evidence.styles,
            y_label=y_label,
            are_dates=True,
        )


def _figures_of(result: BacktestResult) -> dict[str, float]:
    """Return the figures of the portfolio."""
    summary = result.summary()
    values = summary.loc[["portfolio"]].to_numpy(dtype=np.float64)[0]
    return dict(zip(map(str, summary.columns), values.tolist(), strict=True))


def _tone(profit: float) -> str:
    return "good" if profit > 0 else "bad" if profit < 0 else ""


def _row(model: str, result: BacktestResult) -> list[Value]:
    figures = _figures_of(result)
    sharpe = result.sharpe_interval
    detail = "" if np.isnan(sharpe.low) else interval(sharpe)
    return [
        Value(model),
        Value(number(sharpe.estimate), sharpe.estimate, detail),
        Value(percent(result.gross_return, 2), result.gross_return),
        Value(percent(result.total_cost, 2), result.total_cost),
        Value(
            percent(result.net_return, 2),
            result.net_return,
            tone=_tone(result.net_return),
        ),
        Value(number(result.turnover, 1), result.turnover),
        Value(percent(figures["max_drawdown"], 2), figures["max_drawdown"]),
        Value(count(figures["drawdown_days"]), figures["drawdown_days"]),
        Value(percent(figures["hit_rate"]), figures["hit_rate"]),
        Value(number(figures["sortino"]), figures["sortino"]),
    ]


def _frame(results: Mapping[str, BacktestResult]) -> pd.DataFrame:
    rows = {}
    for model, result in results.items():
        ends = result.sharpe_interval
        rows[model] = {
            **_figures_of(result),
            "sharpe_low": ends.low,
            "sharpe_high": ends.high,
        }
    return (
        pd.DataFrame.from_dict(rows, orient="index").rename_axis("model").reset_index()
    )


def _table(horizon: Horizon, results: Mapping[str, BacktestResult]) -> Table:
    columns = [
        Column("Model", is_text=True),
        Column("Sharpe", "after costs, per year"),
        Column("Gross", "profit before costs"),
        Column("Costs"),
        Column("Net", "profit after costs"),
        Column("Turnover", "multiples of the capital per day"),
        Column("Max drawdown"),
        Column("Under water", "longest, days"),
        Column("Hit rate", "share of days with a gain"),
        Column("Sortino", "per year"),
    ]
    rows = [_row(model, result) for model, result in results.items()]
    n_days = next(iter(results.values())).n_days
    caption = f"Trading at horizon {horizon.horizon}, {n_days} trading days."
    return Table(f"trading_h{horizon.horizon}", caption, columns, rows, _frame(results))


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        results = _by_sharpe(horizon)
        if results:
            blocks.append(Heading(f"Horizon {horizon.horizon} bars"))
            blocks.append(_table(horizon, results))
            blocks += _figures(evidence, horizon, results)
    return Section("trading", "Trading", blocks, _LEAD) if blocks else None
