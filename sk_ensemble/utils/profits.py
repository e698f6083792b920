"""Statistics of a series of profits, one number per period.

Plain functions of arrays: they know nothing of bars, symbols or costs, and serve the
profits of a backtest as well as anybody else's returns. Profits are fractions of the
capital and are added up, as a backtest with a fixed capital earns them; `compound=True`
multiplies them up instead, as a fund that reinvests reports them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError

__all__ = [
    "TRADING_DAYS_PER_YEAR",
    "calmar_ratio",
    "checked_profits",
    "drawdowns",
    "hit_rate",
    "max_drawdown",
    "max_drawdown_duration",
    "profit_factor",
    "sharpe_ratio",
    "sortino_ratio",
    "turnover",
]

TRADING_DAYS_PER_YEAR = 252


def checked_profits(
    profits: npt.ArrayLike, *, name: str = "profits", n_dimensions: int = 1
) -> FloatArray:
    """Return profits as float64 after refusing what is none.

    Parameters
    ----------
    profits : array-like
        The numbers, one row per period.
    name : str, default="profits"
        What they are called in messages.
    n_dimensions : int, default=1
        How many dimensions they must have.

    Returns
    -------
    profits : ndarray of float64
        Finite numbers, at least one row.

    Raises
    ------
    DataError
        If there is another number of dimensions, no row, or a number is not finite.
    """
    values = np.asarray(profits, dtype=np.float64)
    if values.ndim != n_dimensions:
        msg = f"{name} must have {n_dimensions} dimension(s), got shape {values.shape}."
        raise DataError(msg)
    if not values.size:
        msg = f"{name} are empty, got shape {values.shape}."
        raise DataError(msg)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        place = tuple(int(number) for number in wrong[0])
        shown = place[0] if n_dimensions == 1 else place
        msg = (
            f"{name} must be finite, got {values[place]} in row {shown} ({len(wrong)} "
            "such values in all). Drop periods without a value, or write 0 if nothing "
            "was held."
        )
        raise DataError(msg)
    return values


def _over(numerator: float, denominator: float) -> float:
    """Return the quotient; by zero it is infinite, and NaN for 0 / 0."""
    if denominator == 0:
        return float("nan") if numerator == 0 else float(np.copysign(np.inf, numerator))
    return float(numerator / denominator)


def sharpe_ratio(
    profits: npt.ArrayLike, *, periods_per_year: float = 1, ddof: int = 1
) -> float:
    """Compute the Sharpe ratio: mean over standard deviation.

    Parameters
    ----------
    profits : array-like of shape (n_periods,)
        Profit of each period over the riskless rate, fraction of the capital.
    periods_per_year : float, default=1
        The ratio is multiplied by the root of it: 252 annualises daily profits, 1
        leaves the ratio per period, as the tests of a Sharpe ratio need it.
    ddof : int, default=1
        The sum of squares is divided by ``n_periods - ddof``.

    Returns
    -------
    sharpe : float
        NaN where the profits do not vary or there are fewer than two.

    Raises
    ------
    DataError
        If a profit is not finite.

    Examples
    --------
    >>> from sk_ensemble.metrics import sharpe_ratio
    >>> round(sharpe_ratio([0.01, 0.0, 0.02, -0.01], periods_per_year=252), 3)
    6.148
    """
    values = checked_profits(profits)
    if len(values) < 2 or np.ptp(values) == 0:
        return float("nan")
    return float(values.mean() / values.std(ddof=ddof) * np.sqrt(periods_per_year))


def sortino_ratio(
    profits: npt.ArrayLike, *, target: float = 0.0, periods_per_year: float = 1
) -> float:
    """Compute the Sortino ratio: mean above a target over the downside deviation.

    The downside deviation is the root of the mean, over *all* periods, of the squared
    shortfall below the target. (Dividing by the number of losing periods alone, as is
    often seen, rewards a strategy for losing often.)

    Parameters
    ----------
    profits : array-like of shape (n_periods,)
        Profit of each period, fraction of the capital.
    target : float, default=0.0
        Profit per period below which it falls short, fraction of the capital.
    periods_per_year : float, default=1
        The ratio is multiplied by the root of it: 252 annualises daily profits.

    Returns
    -------
    sortino : float
        Infinite if no period falls short, NaN if all profits equal the target.

    Raises
    ------
    DataError
        If a profit is not finite.

    References
    ----------
    Rollinger, T. N. and Hoffman, S. T. (2013). Sortino: A "Sharper" Ratio. Red Rock
    Capital. The example is theirs.

    Examples
    --------
    >>> from sk_ensemble.metrics import sortino_ratio
    >>> years = [0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04]
    >>> round(sortino_ratio(years), 3)
    4.417
    """
    above = checked_profits(profits) - target
    downside = np.sqrt(np.mean(np.minimum(above, 0) ** 2))
    return _over(float(above.mean()), float(downside)) * float(
        np.sqrt(periods_per_year)
    )


def drawdowns(profits: npt.ArrayLike, *, compound: bool = False) -> FloatArray:
    """Compute how far below its peak the capital is after each period.

    Parameters
    ----------
    profits : array-like of shape (n_periods,)
        Profit of each period, fraction of the capital.
    compound : bool, default=False
        False adds the profits up, and a drawdown is a fraction of the capital at the
        start; True multiplies them up, and it is a fraction of the capital at the peak.

    Returns
    -------
    drawdowns : ndarray of float64 of shape (n_periods,)
        Not negative, 0 at a peak. The capital at the start counts as a peak.

    Raises
    ------
    DataError
        If a profit is not finite, or one loses more than everything and is to be
        compounded.

    Examples
    --------
    >>> from sk_ensemble.metrics import drawdowns
    >>> drawdowns([0.5, -0.25, -0.25, 1.0]).tolist()
    [0.0, 0.25, 0.5, 0.0]
    """
    values = checked_profits(profits)
    if not compound:
        wealth = np.concatenate(([0.0], np.cumsum(values)))
        return (np.maximum.accumulate(wealth) - wealth)[1:]
    if (values < -1).any():
        row = int(np.argmax(values < -1))
        msg = (
            f"A loss of more than the whole capital cannot be compounded, got "
            f"{values[row]} in row {row}. Pass fractions, not percent; or "
            "compound=False."
        )
        raise DataError(msg)
    wealth = np.concatenate(([1.0], np.cumprod(1 + values)))
    return (1 - wealth / np.maximum.accumulate(wealth))[1:]


def max_drawdown(profits: npt.ArrayLike, *, compound: bool = False) -> float:
    """Compute the deepest fall of the capital below its peak.

    Parameters
    ----------
    profits : array-like of shape (n_periods,)
        Profit of each period, fraction of the capital.
    compound : bool, default=False
        Whether profits are reinvested; see :func:`drawdowns`.

    Returns
    -------
    drawdown : float
        Not negative; 0 if there was never a loss.

    Raises
    ------
    DataError
        If a profit is not finite.

    Examples
    --------
    >>> from sk_ensemble.metrics import max_drawdown
    >>> max_drawdown([0.5, -0.25, -0.25, 1.0])
    0.5
    """
    return float(drawdowns(profits, compound=compound).max())


def max_drawdown_duration(profits: npt.ArrayLike, *, compound: bool = False) -> int:
    """Count the periods of the longest time under water.

    Parameters
    ----------
    profits : array-like of shape (n_periods,)
        Profit of each period, fraction of the capital.
    compound : bool, default=False
        Whether profits are reinvested; see :func:`drawdowns`.

    Returns
    -------
    duration : int
        Greatest number of periods in a row that end below an earlier peak. A time
        under water that has not ended yet counts as far as it goes.

    Raises
    ------
    DataError
        If a profit is not finite.

    Notes
    -----
    The longest time under water need not be the deepest.

    Examples
    --------
    >>> from sk_ensemble.metrics import max_drawdown_duration
    >>> max_drawdown_duration([0.5, -0.25, -0.25, 1.0])
    2
    """
    # Sums of decimal fractions return to a peak only up to rounding.
    depths = drawdowns(profits, compound=compound)
    dry = np.flatnonzero(depths <= 1e-12)
    edges = np.concatenate(([-1], dry, [len(depths)]))
    return int(np.diff(edges).max()) - 1


def calmar_ratio(
    profits: npt.ArrayLike,
    *,
    periods_per_year: float = TRADING_DAYS_PER_YEAR,
    compound: bool = False,
) -> float:
    """Compute the Calmar ratio: profit per year over the deepest drawdown.

    Parameters
    ----------
    profits : array-like of shape (n_periods,)
        Profit of each period, fraction of the capital.
    periods_per_year : float, default=252
        Number of periods that make a year.
    compound : bool, default=False
        False takes the mean profit times `periods_per_year`, True the annual growth
        rate, and :func:`max_drawdown` accordingly.

    Returns
    -------
    calmar : float
        Infinite if a profit came without any drawdown, NaN if there was neither.

    Raises
    ------
    DataError
        If a profit is not finite.

    Examples
    --------
    >>> from sk_ensemble.metrics import calmar_ratio
    >>> calmar_ratio([0.5, -0.25, -0.25, 1.0], periods_per_year=2)
    1.0
    """
    values = checked_profits(profits)
    yearly = (
        np.prod(1 + values) ** (periods_per_year / len(values)) - 1
        if compound
        else values.mean() * periods_per_year
    )
    return _over(float(yearly), max_drawdown(values, compound=compound))


def hit_rate(profits: npt.ArrayLike) -> float:
    """Compute the share of gains among the periods that were not flat.

    Parameters
    ----------
    profits : array-like of shape (n_periods,)
        Profit of each period, fraction of the capital; periods with a profit of
        exactly 0 are left out.

    Returns
    -------
    rate : float
        Fraction in [0, 1]; NaN if all periods were flat.

    Raises
    ------
    DataError
        If a profit is not finite.

    Examples
    --------
    >>> from sk_ensemble.metrics import hit_rate
    >>> hit_rate([0.01, 0.0, 0.03, -0.01, 0.02])
    0.75
    """
    values = checked_profits(profits)
    return _over(float((values > 0).sum()), float((values != 0).sum()))


def profit_factor(profits: npt.ArrayLike) -> float:
    """Compute the sum of the gains over the sum of the losses.

    Parameters
    ----------
    profits : array-like of shape (n_periods,)
        Profit of each period, fraction of the capital.

    Returns
    -------
    factor : float
        Not negative, 1 where gains and losses cancel; infinite without a loss, NaN
        without a gain or a loss.

    Raises
    ------
    DataError
        If a profit is not finite.

    Examples
    --------
    >>> from sk_ensemble.metrics import profit_factor
    >>> profit_factor([0.5, 0.0, 0.25, -0.25])
    3.0
    """
    values = checked_profits(profits)
    return _over(float(values[values > 0].sum()), float(-values[values < 0].sum()))


def turnover(positions: npt.ArrayLike) -> float:
    """Compute how much is traded per period.

    Parameters
    ----------
    positions : array-like of shape (n_periods,) or (n_periods, n_assets)
        Position held in each period, fraction of the capital.

    Returns
    -------
    turnover : float
        Mean over the periods of the sum over the assets of ``|change of position|``,
        multiples of the capital. The first position is bought; the last is not sold.

    Raises
    ------
    DataError
        If a position is not finite.

    Examples
    --------
    >>> from sk_ensemble.metrics import turnover
    >>> turnover([1.0, 1.0, -1.0, 0.0])
    1.0
    """
    n_dimensions = 2 if np.ndim(positions) == 2 else 1
    held = checked_profits(positions, name="positions", n_dimensions=n_dimensions)
    changes = np.diff(held, axis=0, prepend=np.zeros_like(held[:1]))
    return float(np.abs(changes).sum() / len(held))
