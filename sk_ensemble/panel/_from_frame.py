"""Turn a frame of bars into a history, refusing what would go wrong later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._history import History, history_of_sorted_bars
from sk_ensemble.panel._side_by_side import side_by_side
from sk_ensemble.utils.bars import (
    SymbolTimeOrder,
    coded_symbol_time_keys,
    order_by_symbol_time,
    refuse_duplicate_keys,
)
from sk_ensemble.utils.memory import return_free_memory
from sk_ensemble.utils.rows import follow_one_another
from sk_ensemble.utils.time import format_ns

__all__ = [
    "check_dtype",
    "feature_columns",
    "history_from_frame",
    "history_of_columns",
    "holds_numbers",
    "is_number",
    "repeated",
]

#: Bytes of the block that are filled at a time, and the fewest rows at a time.
_STRETCH_BYTES, _FEWEST_ROWS = 2**18, 512


def feature_columns(
    columns: Sequence[Any], features: Sequence[str] | None, keys: tuple[str, str]
) -> list[str]:
    """Return the feature columns: the given ones, else all that are no keys."""
    chosen = _chosen(columns, features, keys)
    twice = list(dict.fromkeys(repeated(columns) + repeated(chosen)))
    if twice:
        msg = f"Columns {twice} occur more than once. Rename or drop the copies."
        raise DataError(msg)
    unknown = [name for name in chosen if name not in columns]
    if unknown:
        msg = f"Unknown feature columns {unknown}. The columns are {list(columns)}."
        raise DataError(msg)
    if not chosen:
        msg = f"There is no feature column beside {list(keys)}. Add at least one."
        raise DataError(msg)
    not_text = [name for name in chosen if not isinstance(name, str)]
    if not_text:
        msg = f"Feature names must be strings, got {not_text}. Rename these columns."
        raise DataError(msg)
    return chosen


def _chosen(
    columns: Sequence[Any], features: Sequence[str] | None, keys: tuple[str, str]
) -> list[Any]:
    """Return the features asked for, without checks."""
    if features is None:
        return [name for name in columns if name not in keys]
    return [features] if isinstance(features, str) else list(features)


def repeated(names: Sequence[Any]) -> list[Any]:
    """Return the names that occur more than once."""
    index = pd.Index(names)
    return list(index[index.duplicated()].unique())


def is_number(value: Any) -> bool:
    """Tell whether an entry of a column would do as a feature."""
    return isinstance(value, int | float | np.number | np.bool_) or pd.isna(value)


def _refuse_no_number(column: pd.Series, named: Callable[[int], str]) -> None:
    """Raise, naming the first entry of a column that is no number."""
    numbers = column.astype(object).map(is_number).to_numpy()
    row = int(np.argmin(numbers))
    msg = (
        f"Feature {column.name!r} has dtype {column.dtype}, which is no number; "
        f"{named(row)} holds {column.iloc[row]!r}. Leave it out with features=[...], "
        "or encode it first."
    )
    raise DataError(msg)


def holds_numbers(dtype: Any) -> bool:
    """Tell whether a column holds real numbers or booleans."""
    types = pd.api.types
    return types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype)


def _numeric(column: pd.Series) -> np.ndarray:
    """Return a numeric column as an array of floats, integers or booleans."""
    if pd.api.types.is_extension_array_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.to_numpy()


def _refuse_infinite(
    values: np.ndarray, dtype: Any, name: str, named: Callable[[int], str]
) -> None:
    """Raise if casting leaves an infinity, saying whether it was there before."""
    with np.errstate(over="ignore"):
        bad = np.isinf(values.astype(dtype))
    if not bad.any():
        return
    row = int(np.argmax(bad))
    value = values[row]
    reason = (
        f"which is too large for {dtype}: use dtype='float64' or rescale it"
        if np.isfinite(value)
        else "which is no finite number: replace it, or make it NaN"
    )
    msg = (
        f"Feature {name!r} has {bad.sum()} infinite value(s), the first in "
        f"{named(row)}: {value!r}, {reason}."
    )
    raise DataError(msg)


def _read_feature(column: pd.Series, named: Callable[[int], str]) -> np.ndarray:
    """Return one feature, refusing what is no number."""
    if not holds_numbers(column.dtype):
        _refuse_no_number(column, named)
    return _numeric(column)


def _fill(block: FloatArray, columns: list[np.ndarray], order: IntArray) -> bool:
    """Write columns side by side, rows in another order; tell if all are finite or NaN.

    Some columns fill a few bytes of each row, so that the block would come from memory
    more than once. A stretch of rows stays in the cache meanwhile.
    """
    size = max(_FEWEST_ROWS, _STRETCH_BYTES // (len(columns) * block.itemsize))
    matrices = side_by_side(columns)
    bounds = np.cumsum([0, *(matrix.shape[1] for matrix in matrices)]).tolist()
    without_infinity = True
    for start in range(0, len(order), size):
        stretch = block[start : start + size]
        rows: Any = order[start : start + size]
        if follow_one_another(rows):
            rows = slice(rows[0], rows[0] + len(rows))
        with np.errstate(over="ignore"):
            for (left, right), values in zip(pairwise(bounds), matrices, strict=True):
                stretch[:, left:right] = values[rows]
        without_infinity = without_infinity and not np.isinf(stretch).any()
    return without_infinity


def check_dtype(dtype: Any) -> np.dtype[Any]:
    """Return float32 or float64, refusing any other type."""
    if dtype not in ("float32", "float64", np.float32, np.float64):
        msg = f"dtype must be 'float32' or 'float64', got {dtype!r}."
        raise DataError(msg)
    checked: np.dtype[Any] = np.dtype(dtype)
    return checked


def _sorted_keys(
    symbols: Any, times: NanosecondArray
) -> tuple[SymbolTimeOrder, NanosecondArray]:
    """Sort bars by symbol and time, refusing duplicates; return the times as well."""
    sorting = order_by_symbol_time(symbols, times)
    times = times[sorting.order]
    refuse_duplicate_keys(sorting.codes, times, sorting.order, sorting.names)
    return sorting, times


def _name_row(sorting: SymbolTimeOrder, times: NanosecondArray, row: int) -> str:
    """Name a row of the user's data for a message."""
    place = int(np.flatnonzero(sorting.order == row)[0])
    symbol = sorting.names[sorting.codes[place]]
    return f"row {row} (symbol {symbol!r}, {format_ns(times[place])})"


def history_of_columns(
    read_keys: Callable[[], tuple[Any, NanosecondArray]],
    names: list[str],
    read_column: Callable[[str], pd.Series],
    *,
    max_gap: Any,
    dtype: Any,
    allocate: Callable[..., FloatArray] = np.empty,
    n_at_once: int = 1,
) -> History:
    """Sort bars by symbol and time, reading some columns at a time.

    Parameters
    ----------
    read_keys : callable
        Returns symbols and times of the bars, arrays of shape (n_bars,). They are let
        go once they are sorted.
    names : list of str
        The features.
    read_column : callable
        Takes a name and returns the feature's values.
    max_gap : str, Timedelta or None
        A longer step between two bars of a symbol starts a new segment.
    dtype : {"float32", "float64"}
        Type of the features.
    allocate : callable, default=numpy.empty
        Takes shape and type and returns the block to be filled.
    n_at_once : int, default=1
        Columns to read at a time; more than one is faster if they are no copies.
    """
    sorting, times = _sorted_keys(*read_keys())
    named = partial(_name_row, sorting, times)
    block = allocate((len(times), len(names)), dtype=check_dtype(dtype))
    return_free_memory(block.nbytes)
    for start in range(0, len(names), n_at_once):
        some = names[start : start + n_at_once]
        read = [_read_feature(read_column(name), named) for name in some]
        if not _fill(block[:, start : start + n_at_once], read, sorting.order):
            for name, values in zip(some, read, strict=True):
                _refuse_infinite(values, block.dtype, name, named)
        del read
    symbol_names, bounds = sorting.names, sorting.bounds
    # What the bars were sorted by would count among the peak of what comes next.
    del sorting, named
    return history_of_sorted_bars(
        block, times, symbol_names, bounds, tuple(names), max_gap=max_gap
    )


def history_from_frame(
    frame: pd.DataFrame,
    *,
    features: Sequence[str] | None,
    time: str,
    symbol: str,
    max_gap: Any,
    dtype: Any,
) -> History:
    """Build the history of a frame; see `Panel.from_frame` for the parameters."""
    if not isinstance(frame, pd.DataFrame):
        msg = (
            f"A DataFrame with columns or index levels {symbol!r} and {time!r} is "
            f"needed, got {type(frame).__name__}."
        )
        raise TypeError(msg)
    if not len(frame):
        msg = "The frame has no rows, so there is nothing to build a panel from."
        raise DataError(msg)
    names = feature_columns(list(frame.columns), features, (symbol, time))
    # Columns of numpy are views of the frame, those of other libraries copies.
    are_views = all(isinstance(frame[name].dtype, np.dtype) for name in names)
    return history_of_columns(
        partial(coded_symbol_time_keys, frame, time=time, symbol=symbol),
        names,
        frame.__getitem__,
        max_gap=max_gap,
        dtype=dtype,
        n_at_once=len(names) if are_views else 1,
    )
