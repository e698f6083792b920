"""Bars of one symbol as a path of prices without the jumps between contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.sessions import SortedCloses, session_starts
from sk_ensemble.utils.time import format_ns

__all__ = ["BarPath", "SessionFacts", "bar_paths", "of_symbol"]

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, eq=False)
class SessionFacts:
    """Say of each bar what its session has seen so far, however long that is.

    Attributes
    ----------
    start : ndarray of int64 of shape (n_bars,)
        End of the first bar of the session, nanoseconds in UTC.
    n_bars : ndarray of int64 of shape (n_bars,)
        Bars since then, that one included.
    move : ndarray of shape (n_bars,)
        Log of close to the open of the session.
    gap : ndarray of shape (n_bars,)
        Log of that open to the close before, 0 where a contract starts.
    """

    start: NanosecondArray
    n_bars: IntArray
    move: FloatArray
    gap: FloatArray

    @classmethod
    def of_bars(
        cls,
        times: NanosecondArray,
        starts: BoolArray,
        step: FloatArray,
        gap: FloatArray,
    ) -> SessionFacts:
        """Find out from the bars of a symbol, the first of which starts a session.

        Parameters
        ----------
        times, starts, gap : ndarray of shape (n_bars,)
            As in `BarPath`.
        step : ndarray of shape (n_bars,)
            Log of close to previous close, or to the open where a session starts.
        """
        rows = np.arange(len(times))
        first = np.flatnonzero(starts)
        start = np.repeat(first, np.diff(first, append=len(times)))
        # Bar after bar in each session, so that one that begins later adds likewise.
        moves = [np.cumsum(part) for part in np.split(step, first[1:])]
        return cls(times[start], rows - start + 1, np.concatenate(moves), gap[start])


@dataclass(frozen=True, eq=False)
class BarPath:
    """Bars of one symbol in time order; logarithms of prices, price scale removed.

    Attributes
    ----------
    symbol : object
        The symbol.
    times : ndarray of int64 of shape (n_bars,)
        Ends of the bars, nanoseconds in UTC.
    starts : ndarray of bool of shape (n_bars,)
        True at the first bar of a session or of a contract.
    body, high, low : ndarray of shape (n_bars,)
        Log of close to open, high to close and low to close.
    step : ndarray of shape (n_bars,)
        Log of close to previous close; at the first bar of a contract, to the open.
    session : SessionFacts
        What the session of each bar has seen so far.
    volume : ndarray of shape (n_bars,)
        Traded volume.
    """

    symbol: Any
    times: NanosecondArray
    starts: BoolArray
    body: FloatArray
    high: FloatArray
    low: FloatArray
    step: FloatArray
    session: SessionFacts
    volume: FloatArray

    @property
    def step_in_session(self) -> FloatArray:
        """Log of close to previous close, or to the open where a session starts."""
        return np.where(self.starts, self.body, self.step)


def _refuse_rows(wrong: BoolArray, what: str, bars: pd.DataFrame, keys: Any) -> None:
    """Raise for the first wrong row, with its key and its values."""
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    symbols, times = keys
    shown = bars.iloc[row][[*_PRICES, "volume"]].to_dict()
    msg = (
        f"{what} in {wrong.sum()} row(s), the first is row {row} (symbol "
        f"{symbols[row]!r}, {format_ns(times[row])}): {shown}. Repair or drop them."
    )
    raise DataError(msg)


def _numeric(bars: pd.DataFrame, name: str) -> FloatArray:
    """Return a column as float64, refusing what is no number."""
    dtype = bars[name].dtype
    if not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        msg = f"Column {name!r} must hold numbers, got dtype {dtype}. Convert it."
        raise DataError(msg)
    return bars[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _refuse_columns(bars: Any) -> None:
    """Raise if there is no frame, or a column is absent or there twice."""
    if not isinstance(bars, pd.DataFrame):
        msg = f"bars must be a DataFrame, got {type(bars).__name__}."
        raise DataError(msg)
    twice = bars.columns[bars.columns.duplicated()].unique().tolist()
    if twice:
        msg = f"Columns {twice} occur more than once. Rename or drop the copies."
        raise DataError(msg)
    absent = [name for name in (*_PRICES, "volume") if name not in bars.columns]
    if absent:
        msg = f"The bars have no columns {absent}, only {list(bars.columns)}. Add them."
        raise DataError(msg)


def _checked_columns(bars: pd.DataFrame, keys: Any) -> dict[str, FloatArray]:
    """Return prices and volume as float64, refusing values no bar can have."""
    columns = {name: _numeric(bars, name) for name in (*_PRICES, "volume")}
    for name in _PRICES:
        fine = np.isfinite(columns[name]) & (columns[name] > 0)
        _refuse_rows(~fine, f"{name!r} is not finite and positive", bars, keys)
    volume = columns["volume"]
    fine = np.isfinite(volume) & (volume >= 0)
    _refuse_rows(~fine, "'volume' is not finite or below 0", bars, keys)
    top = np.maximum(columns["open"], columns["close"])
    _refuse_rows(columns["high"] < top, "'high' is below open or close", bars, keys)
    bottom = np.minimum(columns["open"], columns["close"])
    _refuse_rows(columns["low"] > bottom, "'low' is above open or close", bars, keys)
    return columns


def of_symbol(value: Any, symbol: Any, name: str) -> Any:
    """Return the setting of one symbol: the one for all, or its own."""
    if not isinstance(value, Mapping | pd.Series):
        return value
    if symbol not in value:
        msg = (
            f"{name} has no entry for symbol {symbol!r}, only for {list(value.keys())}."
        )
        raise DataError(msg)
    return value[symbol]


def _path(
    symbol: Any,
    times: NanosecondArray,
    new_contract: BoolArray,
    columns: dict[str, FloatArray],
    session_gap: Any,
) -> BarPath:
    """Turn the checked and sorted bars of one symbol into a path."""
    close, open_ = columns["close"], columns["open"]
    opens = session_starts(times, np.zeros(len(times), dtype=int), session_gap)
    unlinked = new_contract.copy()
    unlinked[0] = True
    body = np.log(close / open_)
    last_close = np.where(unlinked, open_, np.roll(close, 1))
    starts = opens | unlinked
    step = np.where(unlinked, body, np.log(close / last_close))
    gap = np.where(opens, np.log(open_ / last_close), 0.0)
    inside = np.where(starts, body, step)
    return BarPath(
        symbol=symbol,
        times=times,
        starts=starts,
        body=body,
        high=np.log(columns["high"] / close),
        low=np.log(columns["low"] / close),
        step=step,
        session=SessionFacts.of_bars(times, starts, inside, gap),
        volume=columns["volume"],
    )


def bar_paths(bars: pd.DataFrame, session_gap: Any) -> Iterator[BarPath]:
    """Check the bars and yield the path of each symbol, in the order of the names."""
    _refuse_columns(bars)
    sorted_bars = SortedCloses.from_bars(bars)
    order = sorted_bars.order
    keys = (
        sorted_bars.in_given_order(sorted_bars.names[sorted_bars.codes]),
        sorted_bars.in_given_order(sorted_bars.times),
    )
    columns = _checked_columns(bars, keys)
    for number, symbol in enumerate(sorted_bars.names):
        own = slice(*sorted_bars.bounds[number : number + 2])
        yield _path(
            symbol,
            sorted_bars.times[own],
            sorted_bars.new_contract[own],
            {name: values[order[own]] for name, values in columns.items()},
            of_symbol(session_gap, symbol, "session_gap"),
        )
