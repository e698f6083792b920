"""Turn a frame of bars into a history, refusing what would go wrong later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._history import History, segment_starts
from sk_ensemble.utils.bars import (
    SymbolTimeOrder,
    order_by_symbol_time,
    refuse_duplicate_keys,
    symbol_time_keys,
)
from sk_ensemble.utils.time import format_ns, timedelta_ns

__all__ = ["history_from_frame", "is_first_of_segment"]


def feature_columns(
    columns: Sequence[Any], features: Sequence[str] | None, keys: tuple[str, str]
) -> list[str]:
    """Return the feature columns: the given ones, else all that are no keys."""
    twice = pd.Index(columns)[pd.Index(columns).duplicated()].unique().tolist()
    if twice:
        msg = f"Columns {twice} occur more than once. Rename or drop the copies."
        raise DataError(msg)
    if features is None:
        chosen = [name for name in columns if name not in keys]
    else:
        chosen = [features] if isinstance(features, str) else list(features)
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


def _numeric(column: pd.Series) -> np.ndarray:
    """Return the column as an array of floats, integers or booleans."""
    if not pd.api.types.is_numeric_dtype(column.dtype) or (
        pd.api.types.is_complex_dtype(column.dtype)
    ):
        msg = (
            f"Feature {column.name!r} has dtype {column.dtype}, which is no number "
            f"(first value {column.iloc[0]!r}). Leave it out with features=[...], "
            "or encode it first."
        )
        raise DataError(msg)
    if pd.api.types.is_extension_array_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.to_numpy()


def _refuse_infinite(
    values: np.ndarray,
    cast: np.ndarray,
    name: str,
    symbols: np.ndarray,
    times: NanosecondArray,
) -> None:
    """Raise if casting left an infinity, saying whether it was there before."""
    bad = np.isinf(cast)
    if not bad.any():
        return
    row = int(np.argmax(bad))
    value = values[row]
    reason = (
        f"which is too large for {cast.dtype}: use dtype='float64' or rescale it"
        if np.isfinite(value)
        else "which is no finite number: replace it, or make it NaN"
    )
    msg = (
        f"Feature {name!r} has {bad.sum()} infinite value(s), the first in row {row} "
        f"(symbol {symbols[row]!r}, {format_ns(times[row])}): {value!r}, {reason}."
    )
    raise DataError(msg)


def _fill_block(
    frame: pd.DataFrame,
    features: list[str],
    order: IntArray,
    dtype: Any,
    keys: tuple[np.ndarray, NanosecondArray],
) -> FloatArray:
    """Copy the features into one block, column by column, in sorted order."""
    block = np.empty((len(frame), len(features)), dtype=dtype)
    for number, name in enumerate(features):
        values = _numeric(frame[name])
        with np.errstate(over="ignore"):
            cast = values.astype(dtype, copy=False)
        _refuse_infinite(values, cast, name, *keys)
        block[:, number] = cast[order]
    return block


def is_first_of_segment(
    codes: IntArray, times: NanosecondArray, max_gap: Any
) -> BoolArray:
    """Mark bars that begin a symbol, or follow a gap longer than `max_gap`."""
    first = np.ones(len(codes), dtype=bool)
    first[1:] = codes[1:] != codes[:-1]
    if max_gap is not None:
        first[1:] |= np.diff(times) > timedelta_ns(max_gap, name="max_gap")
    return first


def check_dtype(dtype: Any) -> np.dtype[Any]:
    """Return float32 or float64, refusing any other type."""
    if dtype not in ("float32", "float64", np.float32, np.float64):
        msg = f"dtype must be 'float32' or 'float64', got {dtype!r}."
        raise DataError(msg)
    return np.dtype(dtype)


def history_from_frame(
    frame: pd.DataFrame,
    *,
    features: Sequence[str] | None,
    time: str,
    symbol: str,
    max_gap: Any,
    dtype: Any,
) -> tuple[History, SymbolTimeOrder]:
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
    chosen = feature_columns(list(frame.columns), features, (symbol, time))
    symbols, times = symbol_time_keys(frame, time=time, symbol=symbol)
    sorting = order_by_symbol_time(symbols, times)
    sorted_times = times[sorting.order]
    refuse_duplicate_keys(sorting.codes, sorted_times, sorting.order, sorting.names)
    block = _fill_block(
        frame, chosen, sorting.order, check_dtype(dtype), (symbols, times)
    )
    first = is_first_of_segment(sorting.codes, sorted_times, max_gap)
    history = History(
        block=block,
        times=sorted_times,
        symbol_codes=sorting.codes,
        symbol_names=sorting.names,
        symbol_bounds=sorting.bounds,
        segment_start=segment_starts(first),
        columns=tuple(chosen),
    )
    return history, sorting
