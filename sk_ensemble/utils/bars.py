"""Find and order the (symbol, time) keys of frames and series."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.time import NAT, format_ns, to_utc_ns

__all__ = [
    "SymbolTimeOrder",
    "coded_symbol_time_keys",
    "level_or_column",
    "order_by_symbol_time",
    "refuse_duplicate_keys",
    "symbol_time_keys",
]


class SymbolTimeOrder(NamedTuple):
    """How rows are put symbol by symbol, each in time order.

    Attributes
    ----------
    order : ndarray of int64 of shape (n,)
        ``order[i]`` is the row that comes at place i.
    codes : ndarray of int32 of shape (n,)
        Number of the symbol at each place, ascending.
    names : ndarray of shape (n_symbols,)
        The symbols, sorted; ``names[codes]`` are the symbols at each place.
    bounds : ndarray of int64 of shape (n_symbols + 1,)
        Symbol number s occupies the places ``bounds[s]:bounds[s + 1]``.
    """

    order: IntArray
    codes: IntArray
    names: np.ndarray
    bounds: IntArray


def level_or_column(data: Any, name: str) -> Any:
    """Return the column or index level `name`, or None if there is neither."""
    if isinstance(data, pd.DataFrame) and name in data.columns:
        return data[name]
    if name in data.index.names:
        return data.index.get_level_values(name)
    return None


def _read_symbols(values: Any) -> tuple[Any, BoolArray]:
    """Return symbols without one object per row, and a mark where one is missing."""
    if values.dtype == object:
        symbols = np.asarray(values)
        return symbols, pd.isna(symbols)
    codes, names = pd.factorize(values)
    distinct = pd.Index(np.asarray(names, dtype=object), dtype=object)
    return pd.Categorical.from_codes(codes, distinct), codes < 0


def coded_symbol_time_keys(
    data: pd.DataFrame | pd.Series,
    *,
    time: str = "datetime",
    symbol: str = "symbol",
) -> tuple[Any, NanosecondArray]:
    """Read keys as `symbol_time_keys` does, with symbols as pandas keeps them.

    Parameters
    ----------
    data : DataFrame or Series of n rows
        The data.
    time : str, default="datetime"
        Name of the column or index level with the time stamps.
    symbol : str, default="symbol"
        Name of the column or index level with the symbols.

    Returns
    -------
    symbols : Categorical or ndarray of objects of shape (n,)
        The symbols, for `order_by_symbol_time`: it finds the different ones without
        looking at each row again.
    times : ndarray of int64 of shape (n,)
        Nanoseconds in UTC.

    Raises
    ------
    DataError
        If one of them is absent, missing in some row, or no time stamp.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.utils.bars import coded_symbol_time_keys
    >>> frame = pd.DataFrame(
    ...     {"symbol": ["A"], "datetime": pd.to_datetime(["1970-01-02"])}
    ... )
    >>> coded_symbol_time_keys(frame)[0].codes
    array([0], dtype=int8)
    """
    found = {name: level_or_column(data, name) for name in (symbol, time)}
    absent = [name for name, values in found.items() if values is None]
    if absent:
        have = list(data.columns) if isinstance(data, pd.DataFrame) else []
        msg = (
            f"No column or index level named {' and '.join(map(repr, absent))}: the "
            f"columns are {have}, the index levels {list(data.index.names)}. Rename "
            "yours, or name them with the time= and symbol= arguments."
        )
        raise DataError(msg)
    symbols, missing = _read_symbols(found[symbol])
    if missing.any():
        msg = (
            f"{symbol!r} is missing in {missing.sum()} rows, the first is row "
            f"{np.argmax(missing)}. Drop these rows or fill in their symbols."
        )
        raise DataError(msg)
    times = to_utc_ns(found[time], name=repr(time), symbols=symbols)
    if (times == NAT).any():
        row = int(np.argmax(times == NAT))
        msg = (
            f"{time!r} is missing in {(times == NAT).sum()} rows, first row {row} "
            f"(symbol {symbols[row]!r}). Drop these rows or fill in their times."
        )
        raise DataError(msg)
    return symbols, times


def symbol_time_keys(
    data: pd.DataFrame | pd.Series,
    *,
    time: str = "datetime",
    symbol: str = "symbol",
) -> tuple[np.ndarray, NanosecondArray]:
    """Read the symbol and the time of every row from columns or index levels.

    Parameters
    ----------
    data : DataFrame or Series of n rows
        The data.
    time : str, default="datetime"
        Name of the column or index level with the time stamps.
    symbol : str, default="symbol"
        Name of the column or index level with the symbols.

    Returns
    -------
    symbols : ndarray of objects of shape (n,)
        The symbols.
    times : ndarray of int64 of shape (n,)
        Nanoseconds in UTC.

    Raises
    ------
    DataError
        If one of them is absent, missing in some row, or no time stamp.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.utils.bars import symbol_time_keys
    >>> frame = pd.DataFrame(
    ...     {"symbol": ["A"], "datetime": pd.to_datetime(["1970-01-02"])}
    ... )
    >>> symbol_time_keys(frame)
    (array(['A'], dtype=object), array([86400000000000]))
    """
    symbols, times = coded_symbol_time_keys(data, time=time, symbol=symbol)
    return np.asarray(symbols, dtype=object), times


def _order_of(codes: IntArray, times: NanosecondArray) -> IntArray:
    """Return the order by code, then time, without sorting what is sorted."""
    later, same = codes[1:] > codes[:-1], codes[1:] == codes[:-1]
    if (later | (same & (times[1:] >= times[:-1]))).all():
        return np.arange(len(codes))
    return np.lexsort((times, codes))


def order_by_symbol_time(symbols: Any, times: NanosecondArray) -> SymbolTimeOrder:
    """Sort rows by symbol, then time; equal keys keep their order.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.bars import order_by_symbol_time
    >>> order_by_symbol_time(np.array(["B", "A", "B"]), np.array([2, 5, 1])).order
    array([1, 2, 0])
    """
    codes, found = pd.factorize(symbols)
    names = np.asarray(found, dtype=object)
    kinds = sorted({type(name).__name__ for name in names})
    if len(kinds) > 1:
        msg = f"Symbols must all be of one type, got {kinds}. Convert them to str."
        raise DataError(msg)
    ranks = np.argsort(names)
    codes, names = np.argsort(ranks)[codes], names[ranks]
    order = _order_of(codes, times)
    counts = np.bincount(codes, minlength=len(names))
    bounds = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return SymbolTimeOrder(order, codes[order].astype(np.int32), names, bounds)


def refuse_duplicate_keys(
    codes: IntArray,
    times: NanosecondArray,
    rows: IntArray,
    names: np.ndarray,
    *,
    what: str = "bars",
) -> None:
    """Raise if two neighbours in (symbol, time) order have the same key.

    Parameters
    ----------
    codes, times : ndarray of shape (n,)
        Keys in (symbol, time) order.
    rows : ndarray of shape (n,)
        Row numbers in the user's data, for the message.
    names : ndarray of shape (n_symbols,)
        Symbols by code.
    what : str, default="bars"
        What the rows are called in the message.

    Raises
    ------
    DataError
        If there are duplicates; the first five are named.
    """
    same = (codes[1:] == codes[:-1]) & (times[1:] == times[:-1])
    if not same.any():
        return
    first = np.flatnonzero(same)[:5]
    shown = "; ".join(
        f"symbol {names[codes[i]]!r} at {format_ns(times[i])} "
        f"(rows {rows[i]} and {rows[i + 1]})"
        for i in first
    )
    msg = (
        f"{same.sum()} duplicate (symbol, time) among the {what}: {shown}. "
        "Keep one row of each, for example with .drop_duplicates()."
    )
    raise DataError(msg)
