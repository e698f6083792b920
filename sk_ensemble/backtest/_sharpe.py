"""Sharpe ratio of daily profits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sk_ensemble._typing import FloatArray
from sk_ensemble.utils.profits import TRADING_DAYS_PER_YEAR, sharpe_ratio

__all__ = ["daily_sharpe", "sharpe_along"]


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

    Raises
    ------
    DataError
        If a profit is not finite.

    Examples
    --------
    >>> from sk_ensemble.backtest import daily_sharpe
    >>> round(daily_sharpe([0.01, 0.0, 0.02, -0.01]), 3)
    6.148
    """
    profits = np.asarray(daily, dtype=np.float64)
    if len(profits) < 2:
        return float("nan")
    return sharpe_ratio(profits, periods_per_year=TRADING_DAYS_PER_YEAR)


def sharpe_along(daily: FloatArray, axis: int) -> FloatArray:
    """Compute `daily_sharpe` along an axis of profits that are known to be finite."""
    varies = np.ptp(daily, axis=axis) > 0
    spread = np.where(varies, daily.std(axis=axis, ddof=1), np.nan)
    found: FloatArray = daily.mean(axis=axis) / spread * np.sqrt(TRADING_DAYS_PER_YEAR)
    return found
