"""One row of figures for a series of daily profits."""

from __future__ import annotations

import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.backtest._sharpe import daily_sharpe
from sk_ensemble.utils.profits import (
    TRADING_DAYS_PER_YEAR,
    calmar_ratio,
    hit_rate,
    max_drawdown,
    max_drawdown_duration,
    profit_factor,
    sortino_ratio,
)

__all__ = ["daily_figures"]


def daily_figures(daily: pd.Series) -> dict[str, float]:
    """Return the figures that follow from daily profits alone; NaN is no day."""
    profits: FloatArray = daily.dropna().to_numpy()
    return {
        "sharpe": daily_sharpe(profits),
        "sortino": sortino_ratio(profits, periods_per_year=TRADING_DAYS_PER_YEAR),
        "calmar": calmar_ratio(profits),
        "max_drawdown": max_drawdown(profits),
        "drawdown_days": max_drawdown_duration(profits),
        "hit_rate": hit_rate(profits),
        "profit_factor": profit_factor(profits),
    }
