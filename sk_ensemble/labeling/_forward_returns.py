"""Returns over the bars that follow, where there is an honest one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.labeling._forward import Forward, checked_delay, checked_horizon
from sk_ensemble.utils.sessions import SortedCloses

__all__ = ["forward_returns"]


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
    forward = Forward(
        SortedCloses.from_bars(bars),
        horizon=checked_horizon(horizon),
        entry_delay=checked_delay(entry_delay),
        across_sessions=across_sessions,
        session_gap=session_gap,
    )
    places = np.flatnonzero(forward.usable)
    returns = forward.log_returns[places]
    return forward.frame({"forward_return": returns}, places, forward.end[places])
