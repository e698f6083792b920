"""Returns over the bars that follow, where there is an honest one."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.utils.sessions import SortedCloses, count_between
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["Forward", "checked_horizon", "forward_returns"]


class Forward:
    """The return after each bar of sorted closes, and where it is usable.

    Parameters
    ----------
    closes : SortedCloses
        The closes.
    horizon, entry_delay : int
        Bars from the entry to the end, and from the bar to the entry.
    across_sessions : bool
        Whether the span of a return may cross a session gap.
    session_gap : str or Timedelta
        Longest step within a session.
    """

    def __init__(
        self,
        closes: SortedCloses,
        *,
        horizon: int,
        entry_delay: int,
        across_sessions: bool,
        session_gap: Any,
    ) -> None:
        self.closes = closes
        bar = np.arange(len(closes.close))
        self.entry = np.minimum(bar + entry_delay, closes.last)
        self.end = np.minimum(bar + entry_delay + horizon, closes.last)
        breaks = closes.new_contract
        if not across_sessions:
            breaks = breaks | closes.session_starts(session_gap)
        enough = bar + entry_delay + horizon <= closes.last
        self.usable: BoolArray = enough & (count_between(breaks, bar, self.end) == 0)

    @property
    def log_returns(self) -> FloatArray:
        """Log return from the entry to the end, shape (n_bars,)."""
        log_close = np.log(self.closes.close)
        return log_close[self.end] - log_close[self.entry]

    def frame(self, name: str, values: np.ndarray, keep: BoolArray) -> pd.DataFrame:
        """Return `values` and the end of each label, in the row order of the bars."""
        closes = self.closes
        rows: IntArray = np.flatnonzero(closes.in_given_order(keep))
        ends = from_utc_ns(closes.in_given_order(closes.times[self.end])[rows])
        return pd.DataFrame(
            {
                name: closes.in_given_order(values)[rows],
                "label_end": pd.DatetimeIndex(ends).tz_localize("UTC"),
            },
            index=closes.index()[rows],
        )


def checked_horizon(horizon: int, entry_delay: int) -> tuple[int, int]:
    """Return both as int; refuse a horizon below 1 and a delay below 0."""
    check_scalar(horizon, "horizon", Integral, min_val=1)
    check_scalar(entry_delay, "entry_delay", Integral, min_val=0)
    return int(horizon), int(entry_delay)


def forward_returns(
    bars: pd.DataFrame,
    horizon: int,
    *,
    across_sessions: bool = False,
    session_gap: Any = "4h",
    entry_delay: int = 0,
) -> pd.DataFrame:
    """Compute the log return over the bars that follow each bar.

    Parameters
    ----------
    bars : DataFrame of n_bars rows
        Columns or index levels ``symbol`` and ``datetime``, a column ``close``, and a
        boolean column ``new_contract`` if there are contract changes. Any row order.
    horizon : int
        Length of the return, bars of the symbol.
    across_sessions : bool, default=False
        Whether bars ``t ... t + entry_delay + horizon`` may lie in two sessions.
    session_gap : str or Timedelta, default="4h"
        A longer step between two bars of a symbol separates two sessions; lunch
        breaks and other short pauses do not.
    entry_delay : int, default=0
        Bars between bar t and the close at which the return begins.

    Returns
    -------
    returns : DataFrame
        Columns ``forward_return`` (float64, log return) and ``label_end`` (UTC, the
        time of the bar that ends the return), levels ``symbol`` and ``datetime``. Only
        bars that have a return, in the row order of the bars.

    Raises
    ------
    DataError
        If the bars are unusable; the message names the column, symbol and time.

    See Also
    --------
    fixed_horizon_labels : Classes from these returns.

    Notes
    -----
    The return of bar t runs from the close of bar ``t + entry_delay`` to the close of
    bar ``t + entry_delay + horizon`` of the same symbol. A bar has no return if its
    symbol has too few later bars, if bars ``t + 1 ... t + entry_delay + horizon``
    contain the first bar of a contract, whose price cannot be compared with the price
    before, or, unless `across_sessions`, if they contain the first bar of a session.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import forward_returns
    >>> bars = pd.DataFrame({
    ...     "symbol": "A",
    ...     "datetime": pd.date_range("2021-01-04 09:35", periods=4, freq="5min"),
    ...     "close": [100.0, 110.0, 121.0, 121.0],
    ... })
    >>> forward_returns(bars, 2)["forward_return"].round(4).tolist()
    [0.1906, 0.0953]
    """
    horizon, entry_delay = checked_horizon(horizon, entry_delay)
    forward = Forward(
        SortedCloses.from_bars(bars),
        horizon=horizon,
        entry_delay=entry_delay,
        across_sessions=across_sessions,
        session_gap=session_gap,
    )
    return forward.frame("forward_return", forward.log_returns, forward.usable)
