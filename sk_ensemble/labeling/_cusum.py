"""The bars at which the price has come far enough to be worth a look."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.labeling._first_reach import first_reach
from sk_ensemble.labeling._targets import bar_targets
from sk_ensemble.labeling._volatility import one_bar_returns
from sk_ensemble.utils.sessions import SortedCloses

__all__ = ["cusum_events"]

# Relative slack: a sum that equals its limit reaches it, however both were rounded.
_ROUNDING = 1e-9


def _last_base(path: FloatArray, limits: FloatArray) -> IntArray:
    """Return the last earlier place from which the path rose by the limit, else -1.

    The search runs backwards, so the path is turned around: the first place from the
    bar before on at which it is low enough.
    """
    n = len(path)
    place = np.arange(n)
    needed = path - limits * (1 - _ROUNDING)
    found = first_reach(-path[::-1], n - place, np.full(n, n - 1), -needed)
    return n - 1 - found


def _next_trigger(bases: IntArray) -> IntArray:
    """Return for each start the first bar that has a base at or after the start."""
    n = len(bases)
    triggers = np.full(n, n)
    has_base = np.flatnonzero(bases >= 0)
    # Written backwards, so that the first of several triggers of a base remains.
    triggers[bases[has_base[::-1]]] = has_base[::-1]
    return np.minimum.accumulate(triggers[::-1])[::-1]


def _rises(path: FloatArray, limits: FloatArray) -> IntArray:
    """Return the places at which the sum of rises reaches the limit and restarts."""
    following = _next_trigger(_last_base(path, limits)).tolist()
    events, place = [], following[0]
    while place < len(path):
        events.append(place)
        place = following[place]
    return np.array(events, dtype=np.int64)


def _sides_of_symbol(returns: FloatArray, limits: FloatArray) -> IntArray:
    """Return 1, -1 or 0 per bar of one symbol: up event, down event, none."""
    path = np.cumsum(np.nan_to_num(returns))
    # No sum reaches infinity, so such bars are no events.
    limits = np.where(limits > 0, limits, np.inf)
    sides = np.zeros(len(path), dtype=np.int64)
    sides[_rises(path, limits)] = 1
    sides[_rises(-path, limits)] = -1
    return sides


def cusum_events(
    bars: pd.DataFrame,
    threshold: float = 5.0,
    *,
    target: pd.Series | float | None = None,
    volatility_span: float = 100,
    session_gap: Any = "4h",
) -> pd.Series:
    """Find the bars at which returns have added up to a move, by the CUSUM filter.

    Two sums run along the returns, one that never falls below 0 and one that never
    rises above it. Where one of them reaches ``threshold * target``, there is an event
    and this sum restarts at 0. A price that hovers around a level gives no events.

    Parameters
    ----------
    bars : DataFrame of n_bars rows
        Columns or index levels ``symbol`` and ``datetime``, a column ``close``, and a
        boolean column ``new_contract`` if there are contract changes. Any row order.
    threshold : float, default=5.0
        Size of the move, in units of the target.
    target : Series, float or None, default=None
        Unit of the move, log return: a Series with levels ``symbol`` and ``datetime``,
        or one number for all bars. A bar whose target is missing or 0 is no event.
        None: :func:`bar_volatility`.
    volatility_span : float, default=100
        Span of that volatility, bars.
    session_gap : str or Timedelta, default="4h"
        A longer step between two bars of a symbol separates two sessions.

    Returns
    -------
    side : Series of int64, one row per event
        1 where the price rose, -1 where it fell, with levels ``symbol`` and
        ``datetime``, in the row order of the bars. It fits the argument ``side`` of
        :func:`triple_barrier_labels`, and its index picks labels.

    Raises
    ------
    DataError
        If the bars or the target are unusable; the message names symbol and time.

    Notes
    -----
    Whether bar t is an event depends on the closes of bars 0 ... t of its symbol. Steps
    into a new session or a new contract add nothing. A sum that equals the limit
    reaches it. The sums of rises and of falls restart separately; if a limit has
    shrunk so much that both reach it at once, both restart and the event is a fall.

    References
    ----------
    M. López de Prado, *Advances in Financial Machine Learning*, Wiley 2018, section
    2.5.2.1 and snippet 2.4.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import cusum_events
    >>> bars = pd.DataFrame({
    ...     "symbol": "A",
    ...     "datetime": pd.date_range("2021-01-04 09:35", periods=6, freq="5min"),
    ...     "close": [100.0, 101.0, 100.5, 102.0, 101.0, 99.0],
    ... })
    >>> cusum_events(bars, 0.015, target=1.0)
    symbol  datetime
    A       2021-01-04 09:50:00+00:00    1
            2021-01-04 10:00:00+00:00   -1
    Name: side, dtype: int64
    """
    check_scalar(
        threshold, "threshold", (int, float), min_val=0, include_boundaries="neither"
    )
    check_scalar(volatility_span, "volatility_span", (int, float), min_val=1)
    closes = SortedCloses.from_bars(bars)
    limits = threshold * bar_targets(
        target, closes, volatility_span=volatility_span, session_gap=session_gap
    )
    returns = one_bar_returns(closes, session_gap)
    inner = closes.bounds[1:-1]
    parts = zip(np.split(returns, inner), np.split(limits, inner), strict=True)
    sides = np.concatenate([_sides_of_symbol(*part) for part in parts])
    sides = closes.in_given_order(sides)
    rows = np.flatnonzero(sides)
    return pd.Series(sides[rows], index=closes.index()[rows], name="side")
