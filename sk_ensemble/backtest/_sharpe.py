"""Sharpe ratio of daily profits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["TRADING_DAYS_PER_YEAR", "daily_sharpe"]

TRADING_DAYS_PER_YEAR = 252


def daily_sharpe(daily: npt.ArrayLike) -> float:
    """Compute the annualised Sharpe ratio of daily profits.

    Parameters
    ----------
    daily : array-like of shape (n_days,)
        Profit of each trading day, fraction of the capital; days without a trade
        count with 0.

    Returns
    -------
    sharpe : float
        Mean over standard deviation (ddof 1) times the root of 252. NaN where the
        profits do not vary or there are fewer than two days.

    Examples
    --------
    >>> from sk_ensemble.backtest import daily_sharpe
    >>> round(daily_sharpe([0.01, 0.0, 0.02, -0.01]), 3)
    6.148
    """
    profits = np.asarray(daily, dtype=np.float64)
    if len(profits) < 2 or np.ptp(profits) == 0:
        return float("nan")
    ratio = profits.mean() / profits.std(ddof=1)
    return float(ratio * np.sqrt(TRADING_DAYS_PER_YEAR))
