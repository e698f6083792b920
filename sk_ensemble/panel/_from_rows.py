"""Histories for plain arrays and indexed frames, in the caller's row order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._history import History, history_of_sorted_bars
from sk_ensemble.utils.bars import (
    order_by_symbol_time,
    refuse_duplicate_keys,
    symbol_time_keys,
)
from sk_ensemble.utils.time import NAT, to_utc_ns

__all__ = ["history_of_array", "history_of_frame", "index_keys"]


def history_of_array(
    values: FloatArray,
    columns: tuple[str, ...] | None = None,
    *,
    segment_length: int | None = None,
) -> History:
    """Take the rows of an array as bars of one symbol, in order, without times.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The bars.
    columns : tuple of str or None, default=None
        Names of the features.
    segment_length : int or None, default=None
        Rows after which a new segment starts; None means one segment.

    Returns
    -------
    history : History of n_rows bars
        Without times; its only symbol is the empty text.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.panel import history_of_array
    >>> history_of_array(np.zeros((4, 1)), segment_length=2).segment_start
    array([0, 0, 2, 2])
    """
    n_rows = len(values)
    rows = np.arange(n_rows, dtype=np.int64)
    return History(
        block=np.ascontiguousarray(values),
        times=None,
        symbol_codes=np.zeros(n_rows, dtype=np.int32),
        symbol_names=np.array([""], dtype=object),
        symbol_bounds=np.array([0, n_rows], dtype=np.int64),
        segment_start=rows - rows % (segment_length or max(n_rows, 1)),
        columns=columns,
    )


def index_keys(frame: Any) -> tuple[np.ndarray, NanosecondArray] | None:
    """Return symbols and times from the index of a frame or Series, if it has them.

    A (symbol, datetime) index gives both; a DatetimeIndex is one symbol.

    Parameters
    ----------
    frame : DataFrame, Series or anything else
        The rows.

    Returns
    -------
    symbols : ndarray of shape (n_rows,)
        Symbols; the empty text for a DatetimeIndex.
    times : ndarray of int64 of shape (n_rows,)
        Nanoseconds in UTC. Both are one tuple, or None without such an index.

    Raises
    ------
    DataError
        If a time or a symbol is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.panel import index_keys
    >>> index_keys(pd.Series([1.0], index=pd.to_datetime(["1970-01-02"])))
    (array([''], dtype=object), array([86400000000000]))
    >>> index_keys(pd.Series([1.0])) is None
    True
    """
    index = getattr(frame, "index", None)
    if isinstance(index, pd.MultiIndex) and {"symbol", "datetime"} <= set(index.names):
        return symbol_time_keys(frame.index.to_frame(index=False))
    if isinstance(index, pd.DatetimeIndex):
        times = to_utc_ns(index, name="the index")
        if (times == NAT).any():
            msg = f"The time index has {(times == NAT).sum()} missing stamps."
            raise DataError(msg)
        return np.full(len(index), "", dtype=object), times
    return None


def history_of_frame(
    frame: pd.DataFrame, values: FloatArray
) -> tuple[History, IntArray]:
    """Build a history from an indexed frame and the values in its rows.

    Parameters
    ----------
    frame : DataFrame of n_rows rows
        Its index gives symbols and times, its columns the names.
    values : ndarray of shape (n_rows, n_features)
        Its checked values.

    Returns
    -------
    history : History
        The bars, sorted.
    positions : ndarray of int64 of shape (n_rows,)
        Row of the history of each row of the frame.

    Raises
    ------
    DataError
        If a time stamp repeats: the frame then holds several symbols unlabelled.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.panel import history_of_frame
    >>> stamps = pd.to_datetime(["2024-01-03", "2024-01-02"])
    >>> frame = pd.DataFrame({"close": [2.0, 1.0]}, index=stamps)
    >>> history, positions = history_of_frame(frame, frame.to_numpy())
    >>> history.block.ravel(), positions
    (array([1., 2.]), array([1, 0]))
    """
    columns = tuple(frame.columns) if _all_text(frame.columns) else None
    keys = index_keys(frame)
    if keys is None:
        return history_of_array(values, columns), np.arange(len(values))
    symbols, times = keys
    sorting = order_by_symbol_time(symbols, times)
    times = times[sorting.order]
    _refuse_unnamed_symbols(frame, sorting.codes, times)
    refuse_duplicate_keys(sorting.codes, times, sorting.order, sorting.names)
    positions = np.empty(len(values), dtype=np.int64)
    positions[sorting.order] = np.arange(len(values))
    history = history_of_sorted_bars(
        np.ascontiguousarray(values[sorting.order]),
        times,
        sorting.names,
        sorting.bounds,
        columns,
    )
    return history, positions


def _all_text(names: Any) -> bool:
    """Tell whether all column names are strings."""
    return all(isinstance(name, str) for name in names)


def _refuse_unnamed_symbols(
    frame: pd.DataFrame, codes: IntArray, times: NanosecondArray
) -> None:
    """Raise if a frame without symbols shows one time stamp twice."""
    if isinstance(frame.index, pd.MultiIndex) or not (np.diff(times) == 0).any():
        return
    msg = (
        "The time index has repeated stamps, so the frame seems to hold several "
        "symbols. Index it by symbol and datetime, "
        "frame.set_index(['symbol', 'datetime']), or use Panel.from_frame(frame)."
    )
    raise DataError(msg)
