"""Profit and loss of positions on bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.backtest._costs import cost_rates
from sk_ensemble.backtest._keys import places_of
from sk_ensemble.backtest._result import BacktestResult
from sk_ensemble.backtest._sharpe import daily_sharpe, sharpe_along
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bootstrap import Interval, day_block_bootstrap
from sk_ensemble.utils.sessions import SortedCloses, local_days
from sk_ensemble.utils.time import format_ns

__all__ = ["backtest"]


def _wanted_positions(positions: pd.Series, closes: SortedCloses) -> FloatArray:
    """Return one position per bar in sorted order; refuse bars without one."""
    if not isinstance(positions, pd.Series) or positions.dtype.kind not in "iuf":
        kind = getattr(positions, "dtype", type(positions).__name__)
        msg = (
            "positions must be a Series of numbers with levels symbol and datetime, "
            f"got {kind}. See positions_from_proba."
        )
        raise DataError(msg)
    values = positions.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        msg = (
            f"positions must be finite, got {values[row]} at {positions.index[row]}. "
            "Use 0 for no position."
        )
        raise DataError(msg)
    wanted = np.full(len(closes.close), np.nan)
    wanted[places_of(closes, positions, what="positions")] = values
    missing = np.isnan(wanted)
    if missing.any():
        place = int(np.argmax(missing))
        msg = (
            f"{missing.sum()} of {len(wanted)} bars have no position, the first is "
            f"symbol {closes.names[closes.codes[place]]!r} at "
            f"{format_ns(closes.times[place])}. Give every bar a position, 0 for none; "
            "positions_from_proba(..., bars=bars) does."
        )
        raise DataError(msg)
    return wanted


def _holdable_steps(
    closes: SortedCloses, *, overnight: bool, session_gap: Any
) -> BoolArray:
    """Tell for each bar whether a position may be held over the step into it."""
    closed = closes.new_contract.copy()
    closed[closes.bounds[:-1]] = True
    if not overnight:
        closed |= closes.session_starts(session_gap)
    return ~closed


def _held(wanted: FloatArray, holdable: BoolArray) -> FloatArray:
    """Return the position held from each close: none if the next step may not be."""
    return np.where(np.append(holdable[1:], False), wanted, 0.0)


def _before(values: FloatArray) -> FloatArray:
    """Return the value of the bar before.

    The last bar of a symbol holds no position, so it does not matter that the bar
    before a symbol's first is another symbol's last.
    """
    return np.concatenate(([0.0], values[:-1]))


def _step_returns(close: FloatArray) -> FloatArray:
    """Return the simple return into each bar."""
    return np.concatenate(([0.0], close[1:] / close[:-1] - 1))


def _sum_by_day(
    values: FloatArray, cells: IntArray, shape: tuple[int, int]
) -> FloatArray:
    """Return sums of shape (n_days, n_symbols)."""
    sums = np.bincount(cells, weights=values, minlength=shape[0] * shape[1])
    return sums.astype(np.float64).reshape(shape)


def _symbol_summary(
    sums: dict[str, FloatArray], has_bars: BoolArray, names: np.ndarray
) -> pd.DataFrame:
    """Return the totals of each symbol from its sums per day."""
    n_days = has_bars.sum(axis=0)
    net = sums["gross"] - sums["cost"]
    return pd.DataFrame(
        {
            "gross_return": sums["gross"].sum(axis=0),
            "net_return": net.sum(axis=0),
            "total_cost": sums["cost"].sum(axis=0),
            "turnover": sums["traded"].sum(axis=0) / n_days,
            "sharpe": [
                daily_sharpe(column[days])
                for column, days in zip(net.T, has_bars.T, strict=True)
            ],
            "n_days": n_days,
        },
        index=pd.Index(names, name="symbol"),
    )


def _sharpe_interval(daily: pd.Series) -> Interval:
    """Return the bootstrap interval of the Sharpe ratio, NaN where there is none."""
    sharpe = daily_sharpe(daily)
    if np.isnan(sharpe):
        return Interval(sharpe, sharpe, sharpe, len(daily))
    return day_block_bootstrap(
        daily, daily.index, statistic=sharpe_along, vectorized=True
    )


def _result(
    closes: SortedCloses, per_bar: dict[str, FloatArray], timezone: str
) -> BacktestResult:
    """Add up the profits per bar to days, symbols and the portfolio."""
    days, day_codes = np.unique(local_days(closes.times, timezone), return_inverse=True)
    shape = (len(days), len(closes.names))
    cells = day_codes * shape[1] + closes.codes
    sums = {
        name: _sum_by_day(per_bar[name], cells, shape)
        for name in ("gross", "cost", "traded")
    }
    has_bars = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape) > 0
    dates = pd.DatetimeIndex(days.astype("datetime64[D]").astype("datetime64[ns]"))
    dates.name = "day"
    net = sums["gross"] - sums["cost"]
    daily = pd.Series(net.mean(axis=1), index=dates, name="net")
    return BacktestResult(
        bars=pd.DataFrame(
            {
                "position": closes.in_given_order(per_bar["position"]),
                "gross": closes.in_given_order(per_bar["gross"]),
                "cost": closes.in_given_order(per_bar["cost"]),
                "net": closes.in_given_order(per_bar["gross"] - per_bar["cost"]),
            },
            index=closes.index(),
        ),
        daily=daily,
        daily_by_symbol=pd.DataFrame(
            np.where(has_bars, net, np.nan),
            index=dates,
            columns=pd.Index(closes.names, name="symbol"),
        ),
        by_symbol=_symbol_summary(sums, has_bars, closes.names),
        gross_return=float(sums["gross"].mean(axis=1).sum()),
        net_return=float(daily.sum()),
        total_cost=float(sums["cost"].mean(axis=1).sum()),
        turnover=float(sums["traded"].mean(axis=1).mean()),
        sharpe=daily_sharpe(daily),
        sharpe_interval=_sharpe_interval(daily),
        n_days=len(days),
    )


def backtest(
    positions: pd.Series,
    bars: pd.DataFrame,
    *,
    costs: pd.DataFrame | float,
    overnight: bool = False,
    session_gap: Any = "4h",
    timezone: str = "UTC",
) -> BacktestResult:
    """Compute the profit and loss of positions on bars, after costs.

    A position earns the simple return of the step from the close of its bar to the
    close of the symbol's next bar. Positions are closed at the last close of a session
    (unless `overnight`), of a contract and of the data, and bought back at the first
    close after it, and both trades are paid for.

    Parameters
    ----------
    positions : Series of n_bars rows
        Fraction of the symbol's capital wanted from the close of each bar on, with
        levels ``symbol`` and ``datetime``, in any row order; one for every bar. See
        :func:`positions_from_proba`.
    bars : DataFrame of n_bars rows
        Columns or index levels ``symbol`` and ``datetime``, a column ``close``, and a
        boolean column ``new_contract`` if there are contract changes. Any row order.
        To test a period, pass the bars of that period to both functions.
    costs : DataFrame or float
        Either a frame indexed by symbol with columns ``tick`` (price units) and
        ``fee`` (fraction of the traded value per side), such as ``contract_specs()``:
        then one unit of traded capital costs ``tick / 2 / close + fee``. Or that cost
        itself as one number. There is no default: write ``costs=0`` to trade for free.
    overnight : bool, default=False
        Whether positions are held over session gaps. Never over a contract change,
        whose price step is no profit.
    session_gap : str or Timedelta, default="4h"
        A longer step between two bars of a symbol separates two sessions.
    timezone : str, default="UTC"
        Time zone in which a trading day begins at midnight. Choose one in which
        midnight falls outside the trading hours; UTC does for Chinese futures, whose
        night session it joins to the day session before.

    Returns
    -------
    result : BacktestResult
        Profits per bar, day and symbol, Sharpe ratio with interval, turnover, costs.

    Raises
    ------
    DataError
        If bars and positions do not match one to one, a price, position or cost is
        unusable, or a symbol has no costs.

    Notes
    -----
    The profit of bar t uses positions of bars before t; the cost of bar t uses the
    positions of bars t - 1 and t. Whether bar t is the last of its session is read from
    the bars, as a trader reads it from the exchange's calendar; an unscheduled end of
    trading is thereby foreseen. Steps over bars that are absent from `bars` count as
    one step. Every symbol has the same share of the capital from first to last day.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.backtest import backtest
    >>> bars = pd.DataFrame({
    ...     "symbol": "A",
    ...     "datetime": pd.date_range("2021-01-04 09:35", periods=4, freq="5min"),
    ...     "close": [100.0, 100.0, 110.0, 110.0],
    ... })
    >>> positions = pd.Series(
    ...     [0.0, 1.0, 1.0, 1.0],
    ...     index=pd.MultiIndex.from_frame(bars[["symbol", "datetime"]]),
    ... )
    >>> result = backtest(positions, bars, costs=0.001)
    >>> result.bars.round(3).to_numpy().tolist()
    ... # doctest: +NORMALIZE_WHITESPACE
    [[0.0, 0.0, 0.0, 0.0],
     [1.0, 0.0, 0.001, -0.001],
     [1.0, 0.1, 0.0, 0.1],
     [0.0, 0.0, 0.001, -0.001]]
    >>> round(result.net_return, 3), result.turnover, result.n_days
    (0.098, 2.0, 1)
    """
    closes = SortedCloses.from_bars(bars)
    rates = cost_rates(costs, closes)
    holdable = _holdable_steps(closes, overnight=overnight, session_gap=session_gap)
    position = _held(_wanted_positions(positions, closes), holdable)
    before = _before(position)
    traded = np.abs(position - before)
    per_bar = {
        "position": position,
        "gross": before * _step_returns(closes.close),
        "cost": traded * rates,
        "traded": traded,
    }
    return _result(closes, per_bar, timezone)
