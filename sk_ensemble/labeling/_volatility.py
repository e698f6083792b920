"""Trailing volatility of bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sk_ensemble._typing import FloatArray
from sk_ensemble.utils.sessions import SortedCloses

__all__ = ["bar_volatility", "one_bar_returns", "trailing_volatility"]

#: Symbols beyond which groups, which cost some time per bar, cost less than a loop.
_MANY_SYMBOLS = 100


def one_bar_returns(closes: SortedCloses, session_gap: Any) -> FloatArray:
    """Return the log return into each bar, NaN into a new session or contract."""
    returns = np.full(len(closes.close), np.nan)
    returns[1:] = np.diff(np.log(closes.close))
    returns[closes.session_starts(session_gap) | closes.new_contract] = np.nan
    return returns


def _ewm_std(returns: Any, span: float) -> FloatArray:
    """Return the exponentially weighted standard deviation, missing values left out."""
    deviation: FloatArray = returns.ewm(span=span, ignore_na=True).std().to_numpy()
    return deviation


def trailing_volatility(
    closes: SortedCloses, span: float, session_gap: Any
) -> FloatArray:
    """Return the trailing volatility of sorted closes, see :func:`bar_volatility`."""
    returns = one_bar_returns(closes, session_gap)
    if len(closes.names) > _MANY_SYMBOLS:
        return _ewm_std(pd.Series(returns).groupby(closes.codes, sort=False), span)
    parts = np.split(returns, closes.bounds[1:-1])
    return np.concatenate([_ewm_std(pd.Series(part), span) for part in parts])


def bar_volatility(
    bars: pd.DataFrame, *, span: float = 100, session_gap: Any = "4h"
) -> pd.Series:
    """Compute the trailing volatility of one-bar log returns.

    Parameters
    ----------
    bars : DataFrame of n_bars rows
        Columns or index levels ``symbol`` and ``datetime``, a column ``close``, and a
        boolean column ``new_contract`` if there are contract changes. Any row order.
    span : float, default=100
        Span of the exponential weights, bars: the weight of a return falls by the
        factor ``1 - 2 / (span + 1)`` with every later return.
    session_gap : str or Timedelta, default="4h"
        A longer step between two bars of a symbol separates two sessions.

    Returns
    -------
    volatility : Series of n_bars rows
        Standard deviation of log returns (fraction of the price) known at the close
        of each bar, with levels ``symbol`` and ``datetime``, in the row order of the
        bars. NaN until the symbol has had two returns.

    Raises
    ------
    DataError
        If the bars are unusable; the message names the column, symbol and time.

    Notes
    -----
    The volatility at bar t uses the closes of bars 0 ... t of the same symbol. Returns
    into a new session or a new contract are left out as if they had not been there:
    they neither count nor age the others.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import bar_volatility
    >>> bars = pd.DataFrame({
    ...     "symbol": "A",
    ...     "datetime": pd.date_range("2021-01-04 09:35", periods=4, freq="5min"),
    ...     "close": [100.0, 101.0, 100.0, 101.0],
    ... })
    >>> bar_volatility(bars).round(4).tolist()
    [nan, nan, 0.0141, 0.0115]
    """
    check_scalar(span, "span", (int, float), min_val=1)
    closes = SortedCloses.from_bars(bars)
    volatility = trailing_volatility(closes, span, session_gap)
    return pd.Series(
        closes.in_given_order(volatility), index=closes.index(), name="volatility"
    )
