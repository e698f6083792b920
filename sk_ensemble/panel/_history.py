"""The full history of every symbol: one block of bars and its keys."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray
from sk_ensemble.utils.time import timedelta_ns, unique_times

__all__ = ["History", "history_of_sorted_bars", "read_only", "segment_starts"]


def read_only(array: np.ndarray) -> np.ndarray:
    """Return a view that refuses to be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def segment_starts(is_first: BoolArray) -> IntArray:
    """Return for every row the row at which its segment starts.

    Parameters
    ----------
    is_first : ndarray of bool of shape (n_bars,)
        Whether a bar is the first of its segment; the first bar of all must be.

    Returns
    -------
    starts : ndarray of int64 of shape (n_bars,)
        The latest first row up to each row.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.panel import segment_starts
    >>> segment_starts(np.array([True, False, False, True, False]))
    array([0, 0, 0, 3, 3])
    """
    first = np.flatnonzero(is_first)
    return np.repeat(first, np.diff(first, append=len(is_first)))


@dataclass(frozen=True, eq=False)
class History:
    """Bars of every symbol in one block, symbol by symbol, each in time order.

    All arrays are read-only and shared by everything cut from them: folds and
    windows are positions in this block. `Panel.from_frame` builds one.

    Parameters
    ----------
    block : ndarray of shape (n_bars, n_features)
        Features of every bar, C-contiguous.
    times : ndarray of int64 of shape (n_bars,) or None
        Nanoseconds in UTC, ascending within a symbol; None for plain arrays, whose
        rows have no time.
    symbol_codes : ndarray of int32 of shape (n_bars,)
        Number of the bar's symbol, ascending.
    symbol_names : ndarray of shape (n_symbols,)
        Symbols by number, sorted.
    symbol_bounds : ndarray of int64 of shape (n_symbols + 1,)
        Symbol s has the rows ``symbol_bounds[s]:symbol_bounds[s + 1]``.
    segment_start : ndarray of int64 of shape (n_bars,)
        First row of the bar's segment; no window reaches before it.
    columns : tuple of str or None
        Names of the features.

    Examples
    --------
    >>> from sk_ensemble import Panel
    >>> from sk_ensemble.datasets import load_bars
    >>> bars = load_bars(symbols=["IF"], start="2021-10")
    >>> history = Panel.from_frame(bars, features=["close", "volume"]).history
    >>> history.columns
    ('close', 'volume')
    """

    block: FloatArray
    times: NanosecondArray | None
    symbol_codes: IntArray
    symbol_names: np.ndarray
    symbol_bounds: IntArray
    segment_start: IntArray
    columns: tuple[str, ...] | None

    def __post_init__(self) -> None:
        if not self.block.flags.c_contiguous:
            # Windows are read as runs of memory, so gaps would be read as values.
            msg = "The block must be C-contiguous. Use numpy.ascontiguousarray."
            raise ValueError(msg)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, field.name, read_only(value))

    def __getstate__(self) -> dict[str, Any]:
        """Leave cached arrays out: they are cheap to make and costly to send."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Protect the arrays again: unpickled ones can be written to."""
        self.__dict__.update(state)
        self.__post_init__()

    @property
    def n_bars(self) -> int:
        """Number of bars of all symbols."""
        return len(self.block)

    @property
    def n_features(self) -> int:
        """Number of features per bar."""
        return int(self.block.shape[1])

    @property
    def stamps(self) -> NanosecondArray:
        """The times of all bars, refusing plain arrays, which have none."""
        if self.times is None:
            msg = "The rows of a plain array have no times. Use Panel.from_frame."
            raise ValueError(msg)
        return self.times

    @cached_property
    def unique_times(self) -> NanosecondArray:
        """Every time stamp at which some symbol has a bar, ascending."""
        return unique_times(self.stamps)

    @cached_property
    def _keys(self) -> IntArray:
        """One ascending integer per bar that stands for (symbol, time)."""
        slots = np.searchsorted(self.unique_times, self.stamps)
        return self.symbol_codes.astype(np.int64) * len(self.unique_times) + slots

    def bars_between(self, first: IntArray, last: IntArray) -> BoolArray:
        """Mark the bars that lie in one of the ranges ``first[i]`` to ``last[i]``.

        Parameters
        ----------
        first, last : ndarray of int64 of shape (n_ranges,)
            Rows of the block; both ends belong to the range.

        Returns
        -------
        inside : ndarray of bool of shape (n_bars,)
            True for bars in some range.
        """
        n_edges = self.n_bars + 1
        opened = np.bincount(first, minlength=n_edges)
        closed = np.bincount(last + 1, minlength=n_edges)
        return np.cumsum(opened - closed)[:-1] > 0

    def codes_of(self, symbols: np.ndarray) -> IntArray:
        """Return the number of each symbol, or -1 where the history lacks it.

        Parameters
        ----------
        symbols : ndarray of shape (n,)
            Symbols.

        Returns
        -------
        codes : ndarray of int64 of shape (n,)
            Positions in `symbol_names`.
        """
        numbers = {name: number for number, name in enumerate(self.symbol_names)}
        inverse, unique = pd.factorize(np.asarray(symbols, dtype=object))
        codes = np.array([numbers.get(name, -1) for name in unique], dtype=np.int64)
        return codes[inverse]

    def locate(self, symbols: np.ndarray, times: NanosecondArray) -> IntArray:
        """Return the row of each (symbol, time), or -1 where there is no such bar.

        Parameters
        ----------
        symbols : ndarray of shape (n,)
            Symbols.
        times : ndarray of int64 of shape (n,)
            Nanoseconds in UTC.

        Returns
        -------
        rows : ndarray of int64 of shape (n,)
            Rows of the block.
        """
        codes = self.codes_of(symbols)
        stamps = self.unique_times
        slots = np.minimum(np.searchsorted(stamps, times), len(stamps) - 1)
        wanted = codes * len(stamps) + slots
        rows = np.minimum(np.searchsorted(self._keys, wanted), self.n_bars - 1)
        found = (codes >= 0) & (stamps[slots] == times) & (self._keys[rows] == wanted)
        return np.where(found, rows, -1)

    def with_block(self, block: FloatArray, columns: tuple[str, ...] | None) -> History:
        """Return the same bars with other features.

        Parameters
        ----------
        block : ndarray of shape (n_bars, n_features)
            The other features of every bar.
        columns : tuple of str or None
            Their names.

        Returns
        -------
        history : History
            Shares everything else.
        """
        return replace(self, block=np.ascontiguousarray(block), columns=columns)


def _begins_segment(codes: IntArray, times: NanosecondArray, max_gap: Any) -> BoolArray:
    """Mark bars that begin a symbol, or follow a gap longer than `max_gap`."""
    first = np.ones(len(codes), dtype=bool)
    first[1:] = codes[1:] != codes[:-1]
    if max_gap is not None:
        first[1:] |= np.diff(times) > timedelta_ns(max_gap, name="max_gap")
    return first


def history_of_sorted_bars(
    block: FloatArray,
    times: NanosecondArray,
    symbol_names: np.ndarray,
    symbol_bounds: IntArray,
    columns: tuple[str, ...] | None,
    *,
    max_gap: Any = None,
) -> History:
    """Build a history of bars that are sorted by symbol and time already.

    Parameters
    ----------
    block, times, symbol_names, symbol_bounds, columns
        As in `History`.
    max_gap : str, Timedelta or None, default=None
        A longer step between two bars of a symbol starts a new segment.
    """
    numbers = np.arange(len(symbol_names), dtype=np.int32)
    codes = np.repeat(numbers, np.diff(symbol_bounds))
    return History(
        block=block,
        times=times,
        symbol_codes=codes,
        symbol_names=symbol_names,
        symbol_bounds=symbol_bounds,
        segment_start=segment_starts(_begins_segment(codes, times, max_gap)),
        columns=columns,
    )
