"""Read the ends of labels and check them, and y, against the rows of X."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, NanosecondArray
from sk_ensemble.exceptions import DataError, LabelSpanError
from sk_ensemble.model_selection._index_keys import IndexKeys, read_index
from sk_ensemble.model_selection._timeline import Timeline
from sk_ensemble.utils.time import NAT, format_ns, to_utc_ns

__all__ = ["read_label_end", "refuse_other_rows"]


def _name_row(keys: IndexKeys, row: int) -> str:
    """Return the symbol and time of a row as people read them."""
    time = format_ns(keys.times[row])
    if keys.codes is None or keys.names is None:
        return f"row {row} at {time}"
    return f"symbol {keys.names[keys.codes[row]]!r} at {time}"


def _differing(keys: IndexKeys, others: IndexKeys) -> BoolArray:
    """Mark the rows whose time, or symbol where both have one, differs."""
    differ = keys.times != others.times
    symbols, other_symbols = keys.symbols(), others.symbols()
    if symbols is not None and other_symbols is not None:
        differ = differ | (symbols != other_symbols)
    return np.asarray(differ, dtype=bool)


def refuse_other_rows(values: Any, timeline: Timeline, name: str) -> None:
    """Raise if a series has the rows of X in another order, or other rows.

    Parameters
    ----------
    values : object
        A pandas object whose index holds times is compared; all else passes.
    timeline : Timeline
        The rows of X.
    name : str
        What the values are called in the message.

    Raises
    ------
    DataError
        If a time or symbol differs, or the number of rows does.
    """
    if not isinstance(values, pd.Series | pd.DataFrame) or timeline.keys is None:
        return
    others = read_index(values.index)
    if others is None:
        return
    keys = timeline.keys
    _refuse_other_length(len(others.times), len(keys.times), name)
    differ = _differing(keys, others)
    if differ.any():
        row = int(np.argmax(differ))
        msg = (
            f"{name} and X have different rows: in {differ.sum()} rows the index "
            f"differs, first in row {row}, where X has {_name_row(keys, row)} and "
            f"{name} {_name_row(others, row)}. Bring {name} into the order of X: "
            f"panel.align gives both, panel.lookup(series) reorders a series, and "
            "for a frame use .loc[X.index]."
        )
        raise DataError(msg)


def _refuse_other_length(got: int, wanted: int, name: str) -> None:
    """Raise if there is not one value per row of X."""
    if got != wanted:
        msg = f"{name} has {got} values for {wanted} rows of X. Give one per row."
        raise DataError(msg)


def _refuse_bad_spans(keys: IndexKeys, ends: NanosecondArray) -> None:
    """Raise if a label has no end or ends before its own row."""
    missing, backward = ends == NAT, ends < keys.times
    if not backward.any():
        return
    row = int(np.argmax(backward))
    msg = (
        f"label_end is {format_ns(ends[row])} for {_name_row(keys, row)} "
        f"({missing.sum()} missing, {(backward & ~missing).sum()} before their own "
        "row). It must be the time of the bar that ends the label; leave out samples "
        "whose label has no end."
    )
    raise LabelSpanError(msg)


def read_label_end(label_end: Any, timeline: Timeline) -> NanosecondArray | None:
    """Return the given label ends, else those that X carries, checked.

    Parameters
    ----------
    label_end : array-like of datetime64 of shape (n_rows,) or None
        Ends given by the caller; they come before those of X.
    timeline : Timeline
        The rows of X.

    Returns
    -------
    ends : ndarray of int64 of shape (n_rows,) or None
        Time at which each label ends, nanoseconds in UTC.

    Raises
    ------
    DataError
        If the rows of X have no times, or `label_end` is not one time per row.
    LabelSpanError
        If a label has no end, or ends before its own row.
    """
    keys = timeline.keys
    if label_end is None:
        ends = timeline.label_end
    elif keys is None:
        msg = (
            "label_end is given, but the rows of X have no times to compare it with, "
            "and row numbers mean nothing in an inner fold. Pass X as a Panel or as a "
            "DataFrame indexed by time or (symbol, time); or use purged_size, which "
            "counts rows."
        )
        raise DataError(msg)
    else:
        ends = to_utc_ns(label_end, name="label_end")
        _refuse_other_length(len(ends), len(keys.times), "label_end")
        refuse_other_rows(label_end, timeline, "label_end")
    if ends is not None and keys is not None:
        _refuse_bad_spans(keys, ends)
    return ends
