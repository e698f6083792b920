"""What a backtest found."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sk_ensemble.backtest._summary import daily_figures
from sk_ensemble.utils.bootstrap import Interval

__all__ = ["BacktestResult"]


@dataclass(frozen=True, eq=False, repr=False)
class BacktestResult:
    """Profit and loss of positions, per bar, per day and in all.

    All profits are fractions of the capital, added up without compounding. Each symbol
    has the same share of the capital, so the figures of the portfolio are the means
    over symbols; a day on which a symbol has no bar counts as 0 for it.

    Attributes
    ----------
    bars : DataFrame of n_bars rows
        Per bar and per unit of the symbol's own capital: ``position`` really held from
        the close of the bar to the next close (0 where it may not be held), ``gross``
        profit of the step that ends at the bar, ``cost`` of the trade at its close,
        ``net`` = gross - cost. Levels ``symbol`` and ``datetime``, rows as given.
    daily : Series of n_days rows
        Net profit of the portfolio per trading day, indexed by day.
    daily_by_symbol : DataFrame of shape (n_days, n_symbols)
        Net profit of each symbol per trading day; NaN where it has no bar.
    by_symbol : DataFrame of n_symbols rows
        ``gross_return``, ``net_return``, ``total_cost``, ``turnover``, ``sharpe`` and
        ``n_days`` of each symbol alone, over the days on which it has bars.
    gross_return, net_return, total_cost : float
        Sums over the whole period, fractions of the capital.
    turnover : float
        Traded value per trading day, multiples of the capital: 2 means that the whole
        capital was bought and sold once a day.
    sharpe : float
        Mean over standard deviation of the daily net profits times the root of 252;
        NaN if they do not vary.
    sharpe_interval : Interval
        95 % interval of `sharpe` from a bootstrap of days; its ends are NaN if the
        Sharpe ratio is undefined in some resample, as with very few trades or days.
    n_days : int
        Number of trading days, those without a trade too.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.backtest import backtest
    >>> bars = pd.DataFrame({
    ...     "symbol": "A",
    ...     "datetime": pd.date_range("2021-01-04 09:35", periods=3, freq="5min"),
    ...     "close": [100.0, 101.0, 101.0],
    ... })
    >>> index = pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])
    >>> result = backtest(pd.Series([1.0, 0.0, 0.0], index=index), bars, costs=0.001)
    >>> result.bars["net"].round(4).tolist()
    [-0.001, 0.009, 0.0]
    """

    bars: pd.DataFrame
    daily: pd.Series
    daily_by_symbol: pd.DataFrame
    by_symbol: pd.DataFrame
    gross_return: float
    net_return: float
    total_cost: float
    turnover: float
    sharpe: float
    sharpe_interval: Interval
    n_days: int

    def __repr__(self) -> str:
        interval = self.sharpe_interval
        return (
            f"BacktestResult(net_return={self.net_return:.4f}, "
            f"sharpe={self.sharpe:.2f} [{interval.low:.2f}, {interval.high:.2f}], "
            f"turnover={self.turnover:.2f}, n_days={self.n_days})"
        )

    def summary(self) -> pd.DataFrame:
        """Return the figures of the portfolio and of each symbol side by side.

        Returns
        -------
        figures : DataFrame of shape (1 + n_symbols, 12)
            A first row ``portfolio`` and one per symbol. Columns ``net_return``,
            ``gross_return``, ``total_cost``, ``turnover`` (all as in the attributes)
            and ``n_days``; of the daily net profits ``sharpe``, ``sortino`` and
            ``calmar`` (annualised with 252 days), ``max_drawdown`` (fraction of the
            capital at the start), ``drawdown_days`` (longest time under water),
            ``hit_rate`` (share of gains among days with a profit or loss) and
            ``profit_factor`` (gains over losses). NaN or infinite where undefined, as
            without a trade or a loss.

        See Also
        --------
        sk_ensemble.metrics.deflated_sharpe_ratio : Whether the Sharpe ratio is luck.

        Examples
        --------
        >>> import pandas as pd
        >>> from sk_ensemble.backtest import backtest
        >>> bars = pd.DataFrame({
        ...     "symbol": "A",
        ...     "datetime": pd.date_range("2021-01-04", periods=6, freq="12h"),
        ...     "close": [100.0, 102.0, 102.0, 101.0, 101.0, 103.0],
        ... })
        >>> index = pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])
        >>> result = backtest(
        ...     pd.Series(1.0, index=index), bars, costs=0, session_gap="1D"
        ... )
        >>> result.summary().loc["A", ["hit_rate", "profit_factor"]].round(3).tolist()
        [0.667, 4.06]
        """
        totals = ["net_return", "gross_return", "total_cost", "turnover", "n_days"]
        portfolio = pd.DataFrame(
            {name: [getattr(self, name)] for name in totals}, index=["portfolio"]
        )
        series = [self.daily, *(day for _, day in self.daily_by_symbol.items())]
        figures = pd.concat([portfolio, self.by_symbol[totals]]).rename_axis(None)
        return figures.assign(
            **pd.DataFrame([daily_figures(one) for one in series], figures.index)
        )
