"""Match labels and other per-bar values to the samples of a panel."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError, LabelSpanError
from sk_ensemble.panel._history import History
from sk_ensemble.utils.bars import (
    level_or_column,
    order_by_symbol_time,
    refuse_duplicate_keys,
    symbol_time_keys,
)
from sk_ensemble.utils.time import NAT, format_ns, to_utc_ns

__all__ = [
    "LabelTable",
    "as_class_array",
    "read_labels",
    "value_rows",
    "without_warm_up",
]


class LabelTable(NamedTuple):
    """Labels that exist, with their keys; `ends` is None without label ends."""

    values: np.ndarray
    symbols: np.ndarray
    times: NanosecondArray
    ends: NanosecondArray | None


def _label_column(labels: pd.DataFrame | pd.Series) -> pd.Series:
    """Return the column with the labels themselves."""
    if isinstance(labels, pd.Series):
        return labels
    if "label" not in labels.columns:
        msg = (
            f"The labels have no column 'label'; the columns are "
            f"{list(labels.columns)}. Rename the one you mean."
        )
        raise DataError(msg)
    return labels["label"]


def check_label_spans(
    symbols: np.ndarray, times: NanosecondArray, ends: NanosecondArray
) -> None:
    """Raise if a label has no end, or ends before its own bar."""
    missing, backward = ends == NAT, ends < times
    bad = missing | backward
    if not bad.any():
        return
    row = int(np.argmax(bad))
    what = "is missing" if missing[row] else f"is {format_ns(ends[row])}"
    msg = (
        f"label_end {what} for symbol {symbols[row]!r} at {format_ns(times[row])} "
        f"({missing.sum()} missing, {(bad & ~missing).sum()} before their bar). It "
        "must be the time of the bar that ends the label; drop labels without one."
    )
    raise LabelSpanError(msg)


def read_labels(labels: pd.DataFrame | pd.Series) -> LabelTable:
    """Read labels from a frame or Series and check their spans."""
    if not isinstance(labels, pd.DataFrame | pd.Series):
        msg = (
            "labels must be a DataFrame or Series with symbol and datetime as columns "
            f"or index levels, got {type(labels).__name__}. A bare array has lost the "
            "bars its values belong to."
        )
        raise TypeError(msg)
    column = _label_column(labels)
    kept = column.notna().to_numpy()
    symbols, times = symbol_time_keys(labels)
    ends = level_or_column(labels, "label_end")
    table = LabelTable(
        column.to_numpy()[kept],
        symbols[kept],
        times[kept],
        None if ends is None else to_utc_ns(ends, name="label_end")[kept],
    )
    if table.ends is not None:
        check_label_spans(table.symbols, table.times, table.ends)
    return table


def without_warm_up(table: LabelTable, history: History) -> LabelTable:
    """Leave out labels from before the first bar of their symbol.

    Features need some bars to begin with, so the panel starts later than the prices
    the labels were made from. That is no fault to be warned of.
    """
    starts = np.append(history.stamps[history.symbol_bounds[:-1]], NAT)
    kept = table.times >= starts[history.codes_of(table.symbols)]
    if kept.all() or not kept.any():
        return table
    values, symbols, times, ends = table
    kept_ends = None if ends is None else ends[kept]
    return LabelTable(values[kept], symbols[kept], times[kept], kept_ends)


def value_rows(
    history: History, symbols: np.ndarray, times: NanosecondArray, *, what: str
) -> IntArray:
    """Return for every bar of the history the row of its value, or -1."""
    sorting = order_by_symbol_time(symbols, times)
    refuse_duplicate_keys(
        sorting.codes, times[sorting.order], sorting.order, sorting.names, what=what
    )
    bars = history.locate(symbols, times)
    found = bars >= 0
    if not found.any():
        msg = (
            f"None of the {len(symbols)} {what} belongs to a bar of the panel. The "
            f"panel has symbols {list(history.symbol_names[:5])} from "
            f"{format_ns(history.unique_times[0])} to "
            f"{format_ns(history.unique_times[-1])}"
            + (
                f"; the first of the {what} is {symbols[0]!r} at {format_ns(times[0])}."
                if len(symbols)
                else f"; there are no {what}."
            )
        )
        raise DataError(msg)
    if not found.all():
        row = int(np.argmin(found))
        msg = (
            f"{(~found).sum()} of {len(found)} {what} belong to no bar of the panel "
            f"and are dropped; the first is symbol {symbols[row]!r} at "
            f"{format_ns(times[row])}."
        )
        warnings.warn(msg, UserWarning, stacklevel=3)
    rows = np.full(history.n_bars, -1, dtype=np.int64)
    rows[bars[found]] = np.flatnonzero(found)
    return rows


def as_class_array(values: np.ndarray) -> np.ndarray:
    """Return labels as int64 where they are whole numbers, else unchanged."""
    if values.dtype == object:
        values = np.array(values.tolist())
    if values.dtype.kind in "iu" or _are_whole(values):
        return values.astype(np.int64)
    return values


def _are_whole(values: np.ndarray) -> bool:
    """Tell whether floats are all finite whole numbers."""
    return (
        values.dtype.kind == "f"
        and bool(np.isfinite(values).all())
        and np.array_equal(values, np.trunc(values))
    )
