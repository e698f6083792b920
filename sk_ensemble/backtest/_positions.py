"""Positions from predicted probabilities."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.backtest._keys import places_of
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.sessions import SortedCloses

__all__ = ["positions_from_proba"]


def _edges(proba: pd.DataFrame, down: Any, up: Any) -> FloatArray:
    """Return p(up) - p(down) per row, NaN in rows without a prediction."""
    if not isinstance(proba, pd.DataFrame):
        msg = (
            "proba must be a DataFrame with levels symbol and datetime and one column "
            f"per class, got {type(proba).__name__}. Positions depend on when and of "
            "what a prediction is."
        )
        raise DataError(msg)
    absent = [name for name in (down, up) if name not in proba.columns]
    if absent:
        msg = (
            f"proba has no column for class {absent}, only {list(proba.columns)}. Give "
            "every class a column (see metrics.align_proba), or pass down= and up=."
        )
        raise DataError(msg)
    table = proba[[down, up]].to_numpy(dtype=np.float64)
    unpredicted = np.isnan(table).all(axis=1)
    valid = np.isfinite(table).all(axis=1) & (np.abs(table - 0.5) <= 0.5).all(axis=1)
    wrong = ~(valid | unpredicted)
    if wrong.any():
        row = int(np.argmax(wrong))
        msg = (
            f"Probabilities must lie in [0, 1], got p({down}), p({up}) = "
            f"{table[row].tolist()} in row {row}, index {proba.index[row]} "
            f"({wrong.sum()} such rows in all)."
        )
        raise DataError(msg)
    return table[:, 1] - table[:, 0]


def _signals(edges: FloatArray, threshold: float) -> IntArray:
    """Return the sign of each edge that exceeds the threshold in size, else 0."""
    return np.where(np.abs(edges) > threshold, np.sign(edges), 0).astype(np.int64)


def _live_signals(
    signals: IntArray, first: IntArray, delay: int, horizon: int
) -> IntArray:
    """Sum the signals of bars s - delay - horizon + 1 ... s - delay for each bar s.

    `first` is the place of the first bar of each bar's symbol.
    """
    running = np.concatenate(([0], np.cumsum(signals)))
    stop = np.arange(len(signals)) - delay + 1
    start = stop - horizon
    return running[np.maximum(stop, first)] - running[np.maximum(start, first)]


def positions_from_proba(
    proba: pd.DataFrame,
    horizon: int,
    *,
    bars: pd.DataFrame,
    threshold: float = 0.05,
    delay: int = 1,
    down: Any = -1,
    up: Any = 1,
) -> pd.Series:
    """Turn probabilities into the position held after each bar.

    The signal of bar t is the sign of p(up) - p(down) where its size exceeds
    `threshold`. It is held in ``1 / horizon`` of the capital for `horizon` bars, from
    `delay` bars later; the position of a bar is the sum of the slices that are live,
    so overlapping signals net and the position never exceeds 1 in size.

    Parameters
    ----------
    proba : DataFrame of n_predictions rows
        Probabilities, one column per class, with levels (or columns) ``symbol`` and
        ``datetime``, in any row order. Bars without a row, or whose row is NaN, open
        no slice.
    horizon : int
        Life of a slice, bars of the symbol.
    bars : DataFrame of n_bars rows
        All bars of the period, those without a prediction too: slices live on while
        such bars pass. Columns as for :func:`backtest`, in any row order.
    threshold : float, default=0.05
        Least difference of the two probabilities that is traded; it must be exceeded.
    delay : int, default=1
        Bars between a signal and the close at which its slice is opened. With 1
        the close of the next bar; 0 assumes a trade at the very close that the signal
        was computed from.
    down : label, default=-1
        Column of the probability that the price falls.
    up : label, default=1
        Column of the probability that the price rises.

    Returns
    -------
    positions : Series of n_bars rows
        Fraction of the symbol's capital held from the close of each bar to the close
        of the symbol's next bar, in [-1, 1]. One row for every bar, in the row order
        of `bars`, levels ``symbol`` and ``datetime``.

    Raises
    ------
    DataError
        If a prediction has no bar, two have the same bar, a class has no column, or a
        probability lies outside [0, 1].

    See Also
    --------
    backtest : Profit and loss of the positions.

    Notes
    -----
    The position of bar s uses predictions of bars
    ``s - delay - horizon + 1 ... s - delay`` of its symbol. The positions know nothing
    of sessions: :func:`backtest` closes them where they may not be held. Pass every bar
    of the symbols between the first and the last prediction: a bar that is absent does
    not count towards a slice's life, and the backtest would book the step over it as
    one.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.backtest import positions_from_proba
    >>> bars = pd.DataFrame({
    ...     "symbol": "A",
    ...     "datetime": pd.date_range("2021-01-04 09:35", periods=5, freq="5min"),
    ...     "close": [100.0, 101.0, 102.0, 101.0, 100.0],
    ... })
    >>> proba = pd.DataFrame(
    ...     {-1: [0.1, 0.1], 0: [0.3, 0.3], 1: [0.6, 0.6]},
    ...     index=pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])[:2],
    ... )
    >>> positions_from_proba(proba, 2, bars=bars).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    check_scalar(horizon, "horizon", Integral, min_val=1)
    check_scalar(delay, "delay", Integral, min_val=0)
    check_scalar(threshold, "threshold", (int, float), min_val=0)
    edges = _edges(proba, down, up)
    closes = SortedCloses.from_bars(bars)
    signals = np.zeros(len(closes.close), dtype=np.int64)
    signals[places_of(closes, proba, what="predictions")] = _signals(edges, threshold)
    first = closes.bounds[closes.codes]
    live = _live_signals(signals, first, int(delay), int(horizon))
    return pd.Series(
        closes.in_given_order(live / horizon), index=closes.index(), name="position"
    )
