"""When the rows of X stand, read from each kind of input a splitter takes.

A splitter asks four things of its input: the time of each row, the real label ends if
there are any, the time stamps in which an embargo is counted, and the bars of each
symbol in which `purged_size` is counted. Panels and windows answer from their whole
history, so the answers stay true in an inner fold, where rows are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection._bars import Bars
from sk_ensemble.model_selection._index_keys import IndexKeys, read_index
from sk_ensemble.panel import Samples
from sk_ensemble.utils.bars import refuse_duplicate_keys
from sk_ensemble.utils.time import format_ns, unique_times

__all__ = [
    "FrameTimeline",
    "RowTimeline",
    "SamplesTimeline",
    "Timeline",
    "read_timeline",
]


class Timeline(Protocol):
    """What a splitter needs to know about the rows of X."""

    @property
    def times(self) -> NanosecondArray:
        """Time of each row, or its number where rows have no time."""

    @property
    def label_end(self) -> NanosecondArray | None:
        """Label ends that X itself carries."""

    @property
    def keys(self) -> IndexKeys | None:
        """Times and symbols of the rows; None where rows have no time."""

    @property
    def stamps(self) -> NanosecondArray:
        """Every time at which there is a bar, ascending."""

    def bars(self) -> Bars:
        """Return the bars of each symbol."""


@dataclass(frozen=True)
class RowTimeline:
    """Rows of an array: bars of one symbol, counted and not timed."""

    n_rows: int
    label_end: None = None
    keys: None = None

    @cached_property
    def times(self) -> NanosecondArray:
        """Number of each row."""
        return np.arange(self.n_rows, dtype=np.int64)

    @property
    def stamps(self) -> NanosecondArray:
        """Every row number."""
        return self.times

    def bars(self) -> Bars:
        """Return the rows as the bars of one symbol."""
        bounds = np.array([0, self.n_rows])
        return Bars(self.times, bounds, np.array([None]), self.times)


@dataclass(frozen=True)
class SamplesTimeline:
    """Samples of a panel or of windows, counted in their whole history."""

    samples: Samples

    @property
    def times(self) -> NanosecondArray:
        """Time of each sample, or its bar's number in the history of an array."""
        return self.samples.positions if self.keys is None else self.keys.times

    @property
    def label_end(self) -> NanosecondArray | None:
        """Label ends the panel carries."""
        return None if self.keys is None else self.samples.label_end_ns

    @cached_property
    def keys(self) -> IndexKeys | None:
        """Times and symbols of the samples; None for the history of an array."""
        times = self.samples.times_ns
        if times is None:
            return None
        names = self.samples.history.symbol_names
        return IndexKeys(times, self.samples.symbol_codes, names)

    @property
    def stamps(self) -> NanosecondArray:
        """Every time at which some symbol of the history has a bar."""
        history = self.samples.history
        return self._bar_times() if history.times is None else history.unique_times

    def bars(self) -> Bars:
        """Return the bars of the history, samples or not."""
        history = self.samples.history
        names, bounds = history.symbol_names, history.symbol_bounds
        return Bars(self._bar_times(), bounds, names, self.samples.positions)

    def _bar_times(self) -> NanosecondArray:
        times = self.samples.history.times
        return np.arange(self.samples.history.n_bars) if times is None else times


@dataclass(frozen=True)
class FrameTimeline:
    """Rows of a frame with times in its index, in any order."""

    keys: IndexKeys
    label_end: None = None

    @property
    def times(self) -> NanosecondArray:
        """Time of each row."""
        return self.keys.times

    @cached_property
    def stamps(self) -> NanosecondArray:
        """Every time that occurs in the index."""
        return unique_times(self.keys.times)

    def bars(self) -> Bars:
        """Return the rows as bars, symbol by symbol in time order."""
        times = self.keys.times
        codes, names = self._symbols()
        order = np.lexsort((times, codes))
        self._refuse_duplicates(codes, names, order)
        bounds = np.concatenate(([0], np.cumsum(np.bincount(codes))))
        positions = np.empty(len(order), dtype=np.int64)
        positions[order] = np.arange(len(order))
        return Bars(times[order], bounds, names, positions)

    def _symbols(self) -> tuple[IntArray, np.ndarray]:
        """Return the number of each row's symbol and the symbols: else just one."""
        if self.keys.codes is None or self.keys.names is None:
            return np.zeros(len(self.times), dtype=np.int64), np.array([None])
        return self.keys.codes, self.keys.names

    def _refuse_duplicates(
        self, codes: IntArray, names: np.ndarray, order: IntArray
    ) -> None:
        """Raise if a symbol has two bars at one time."""
        times = self.keys.times[order]
        if self.keys.codes is not None:
            refuse_duplicate_keys(codes[order], times, order, names, what="rows of X")
            return
        same = np.flatnonzero(times[1:] == times[:-1])
        if len(same):
            first, second = order[same[0]], order[same[0] + 1]
            msg = (
                "Bars of each sample's own symbol cannot be counted: the index of X "
                f"holds {len(same)} times more than once and no symbols, first "
                f"{format_ns(times[same[0]])} in rows {first} and {second}. Add the "
                "symbol as an index level, or give label_end instead of purged_size."
            )
            raise DataError(msg)


def _refuse_hidden_keys(frame: pd.DataFrame) -> None:
    """Raise if rows look like one symbol only because the keys are columns."""
    hidden = [name for name in ("symbol", "datetime") if name in frame.columns]
    if hidden:
        msg = (
            f"X has {hidden} among its columns and row numbers for an index, so its "
            "rows would be taken as consecutive bars of one symbol. Use "
            f"X.set_index({hidden}), or a Panel."
        )
        raise DataError(msg)


def _read_frame(frame: Any) -> Timeline:
    """Read a frame or series by its index."""
    keys = read_index(frame.index)
    if keys is not None:
        return FrameTimeline(keys)
    if not pd.api.types.is_integer_dtype(frame.index.dtype):
        msg = (
            f"The index of X holds neither times nor row numbers: it has dtype "
            f"{frame.index.dtype} and names {list(frame.index.names)}. Index X by time "
            "or by (symbol, time), or call X.reset_index(drop=True) if its rows are "
            "consecutive bars of one symbol."
        )
        raise DataError(msg)
    if isinstance(frame, pd.DataFrame):
        _refuse_hidden_keys(frame)
    return RowTimeline(len(frame))


def read_timeline(X: Any) -> Timeline:
    """Read when the rows of X stand.

    Parameters
    ----------
    X : Panel, Windows, DataFrame or array-like of n_rows rows
        A frame is read by its index: times, (symbol, time) levels in any row order,
        or row numbers. Rows of an array are consecutive bars of one symbol.

    Returns
    -------
    timeline : Timeline
        The rows' times, and how to count from them.

    Raises
    ------
    DataError
        If a frame's index holds neither times nor row numbers, or the keys are
        columns.
    TypeError
        If `X` is None.
    """
    if X is None:
        msg = "split needs X: blocks are cut on the times of its rows. Got None."
        raise TypeError(msg)
    if isinstance(X, Samples):
        return SamplesTimeline(X)
    if isinstance(X, pd.DataFrame | pd.Series):
        return _read_frame(X)
    return RowTimeline(X.shape[0] if hasattr(X, "shape") else len(X))
