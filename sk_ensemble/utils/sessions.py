"""Closing prices in (symbol, time) order, and where their steps may not be used.

A step leads from the close of one bar to the close of the next bar of the same
symbol. Two kinds of steps are no ordinary price moves: one that leads into a new
session, because nobody could trade in between, and one that leads into a new
contract, because it compares the prices of two different things.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bars import (
    order_by_symbol_time,
    refuse_duplicate_keys,
    symbol_time_keys,
)
from sk_ensemble.utils.time import format_ns, from_utc_ns, timedelta_ns

__all__ = ["SortedCloses", "count_between", "local_days", "session_starts"]

_NANOSECONDS_PER_DAY = 86_400_000_000_000


def session_starts(
    times_ns: NanosecondArray, symbol_codes: IntArray, session_gap: Any
) -> BoolArray:
    """Tell which bars start a session of their symbol.

    The first bar of a symbol does, and every bar that comes more than `session_gap`
    after the bar before it.

    Parameters
    ----------
    times_ns : ndarray of int64 of shape (n_bars,)
        Nanoseconds in UTC, ascending within each symbol.
    symbol_codes : ndarray of int of shape (n_bars,)
        Number of the symbol of each bar, ascending.
    session_gap : str or Timedelta
        Longest step within a session. Breaks up to this length belong to the session.

    Returns
    -------
    starts : ndarray of bool of shape (n_bars,)
        True where a session starts. Uses this bar and the one before it.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.sessions import session_starts
    >>> hours = np.array([1, 2, 6, 11]) * 3_600_000_000_000
    >>> session_starts(hours, np.zeros(4, dtype=int), "4h")
    array([ True, False, False,  True])
    """
    starts = np.ones(len(times_ns), dtype=bool)
    longer = np.diff(times_ns) > timedelta_ns(session_gap, name="session_gap")
    starts[1:] = longer | (np.diff(symbol_codes) != 0)
    return starts


def count_between(flags: BoolArray, first: IntArray, last: IntArray) -> IntArray:
    """Count the flagged places after `first` up to and including `last`.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.sessions import count_between
    >>> count_between(np.array([True, False, True]), np.array([0, 1]), np.array([1, 2]))
    array([0, 1])
    """
    running = np.cumsum(flags, dtype=np.int64)
    return running[last] - running[first]


def local_days(times_ns: NanosecondArray, timezone: str) -> IntArray:
    """Return the calendar day of each time in `timezone`, in days since 1970-01-01.

    Raises
    ------
    DataError
        If there is no such time zone.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.sessions import local_days
    >>> evening = np.array([20 * 3_600_000_000_000])
    >>> local_days(evening, "UTC"), local_days(evening, "Asia/Shanghai")
    (array([0]), array([1]))
    """
    stamps = pd.DatetimeIndex(from_utc_ns(times_ns)).tz_localize("UTC")
    try:
        local = stamps.tz_convert(timezone).tz_localize(None)
    except (KeyError, TypeError, ValueError) as error:
        msg = f"timezone must be a name such as 'Asia/Shanghai', got {timezone!r}."
        raise DataError(msg) from error
    return local.as_unit("ns").asi8 // _NANOSECONDS_PER_DAY


def _column(bars: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column of the bars as an array, or say that it is absent."""
    if name not in bars.columns:
        msg = f"The bars have no column {name!r}, only {list(bars.columns)}. Add it."
        raise DataError(msg)
    return bars[name].to_numpy()


def _checked_closes(
    bars: pd.DataFrame, symbols: np.ndarray, times: NanosecondArray
) -> FloatArray:
    """Return the closing prices as float64, all of them finite and positive."""
    close = _column(bars, "close")
    if close.dtype.kind not in "iuf":
        msg = (
            f"'close' must hold numbers, got dtype {close.dtype}. Convert it to float."
        )
        raise DataError(msg)
    wrong = ~(np.isfinite(close) & (close > 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        msg = (
            f"'close' must be finite and positive, got {close[row]} for symbol "
            f"{symbols[row]!r} at {format_ns(times[row])} (row {row}; {wrong.sum()} "
            "such rows in all). Drop these bars; of a back-adjusted series that falls "
            "below zero use the unadjusted prices with new_contract flags."
        )
        raise DataError(msg)
    return close.astype(np.float64)


def _contract_flags(bars: pd.DataFrame) -> BoolArray:
    """Return the column `new_contract`, or all False where there is none."""
    if "new_contract" not in bars.columns:
        return np.zeros(len(bars), dtype=bool)
    flags = bars["new_contract"]
    if not pd.api.types.is_bool_dtype(flags.dtype) or flags.isna().any():
        msg = (
            f"'new_contract' must hold True or False in every row, got dtype "
            f"{flags.dtype} with {flags.isna().sum()} missing. Convert it with "
            ".fillna(False).astype(bool)."
        )
        raise DataError(msg)
    return flags.to_numpy(dtype=bool)


@dataclass(frozen=True, eq=False)
class SortedCloses:
    """The closing prices of checked bars, symbol by symbol, each in time order.

    Attributes
    ----------
    order : ndarray of int64 of shape (n_bars,)
        ``order[i]`` is the row of the given bars that comes at place i.
    codes : ndarray of int32 of shape (n_bars,)
        Number of the symbol at each place, ascending.
    names : ndarray of shape (n_symbols,)
        The symbols, sorted.
    bounds : ndarray of int64 of shape (n_symbols + 1,)
        Symbol number s occupies the places ``bounds[s]:bounds[s + 1]``.
    times : ndarray of int64 of shape (n_bars,)
        Nanoseconds in UTC.
    close : ndarray of float64 of shape (n_bars,)
        Closing prices, finite and positive.
    new_contract : ndarray of bool of shape (n_bars,)
        True at the first bar of a contract.
    """

    order: IntArray
    codes: IntArray
    names: np.ndarray
    bounds: IntArray
    times: NanosecondArray
    close: FloatArray
    new_contract: BoolArray

    @classmethod
    def from_bars(cls, bars: pd.DataFrame) -> SortedCloses:
        """Check and sort bars.

        Parameters
        ----------
        bars : DataFrame of n_bars rows
            Columns or index levels ``symbol`` and ``datetime``, a column ``close``, and
            a boolean column ``new_contract`` if there are contract changes. Any row
            order.

        Returns
        -------
        closes : SortedCloses
            The closes.

        Raises
        ------
        DataError
            If there are no bars, two bars of one symbol have the same time, or a
            column is absent or unusable.
        """
        if not isinstance(bars, pd.DataFrame):
            msg = f"bars must be a DataFrame, got {type(bars).__name__}."
            raise DataError(msg)
        symbols, times = symbol_time_keys(bars)
        if not len(bars):
            msg = "There are no bars: the frame has no rows."
            raise DataError(msg)
        close = _checked_closes(bars, symbols, times)
        flags = _contract_flags(bars)
        order, codes, names, bounds = order_by_symbol_time(symbols, times)
        refuse_duplicate_keys(codes, times[order], order, names)
        return cls(
            order, codes, names, bounds, times[order], close[order], flags[order]
        )

    @property
    def last(self) -> IntArray:
        """Place of the last bar of each bar's symbol, shape (n_bars,)."""
        return self.bounds[self.codes + 1] - 1

    def session_starts(self, session_gap: Any) -> BoolArray:
        """Tell which bars start a session, see :func:`session_starts`."""
        return session_starts(self.times, self.codes, session_gap)

    def in_given_order(self, values: np.ndarray) -> np.ndarray:
        """Put values from sorted order back into the row order of the given bars."""
        back = np.empty_like(values)
        back[self.order] = values
        return back

    def index(self) -> pd.MultiIndex:
        """Return the levels symbol and datetime, in the row order of the given bars."""
        stamps, time_codes = np.unique(self.times, return_inverse=True)
        levels: list[Any] = [
            pd.Index(self.names),
            pd.DatetimeIndex(from_utc_ns(stamps)).tz_localize("UTC"),
        ]
        codes: list[Any] = [
            self.in_given_order(self.codes),
            self.in_given_order(time_codes),
        ]
        return pd.MultiIndex(
            levels=levels,
            codes=codes,
            names=["symbol", "datetime"],
            verify_integrity=False,
        )
