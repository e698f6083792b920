"""Find the bars that rows with a (symbol, time) index belong to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bars import (
    order_by_symbol_time,
    refuse_duplicate_keys,
    symbol_time_keys,
)
from sk_ensemble.utils.sessions import SortedCloses
from sk_ensemble.utils.time import format_ns

__all__ = ["places_of"]


def _place(
    closes: SortedCloses, name: object, times: NanosecondArray
) -> tuple[IntArray, np.ndarray]:
    """Return where bars of a symbol at these times lie, and whether they exist."""
    symbol = np.flatnonzero(closes.names == name)
    if not len(symbol):
        return np.zeros(len(times), dtype=np.int64), np.zeros(len(times), dtype=bool)
    first, stop = closes.bounds[symbol[0]], closes.bounds[symbol[0] + 1]
    place = first + np.searchsorted(closes.times[first:stop], times)
    place = np.minimum(place, stop - 1)
    return place, closes.times[place] == times


def places_of(
    closes: SortedCloses, data: pd.DataFrame | pd.Series, *, what: str
) -> IntArray:
    """Return the place of each row's bar among the sorted closes.

    Parameters
    ----------
    closes : SortedCloses
        The bars.
    data : DataFrame or Series of n rows
        Rows with levels or columns ``symbol`` and ``datetime``, in any order.
    what : str
        What the rows are called in messages.

    Returns
    -------
    places : ndarray of int64 of shape (n,)
        Places without repeats.

    Raises
    ------
    DataError
        If two rows have the same key, or a row has no bar.
    """
    symbols, times = symbol_time_keys(data)
    order, codes, names, bounds = order_by_symbol_time(symbols, times)
    refuse_duplicate_keys(codes, times[order], order, names, what=what)
    places = np.zeros(len(order), dtype=np.int64)
    found = np.zeros(len(order), dtype=bool)
    for name, first, stop in zip(names, bounds[:-1], bounds[1:], strict=True):
        rows = order[first:stop]
        places[rows], found[rows] = _place(closes, name, times[rows])
    if not found.all():
        row = int(np.argmin(found))
        msg = (
            f"{(~found).sum()} of {len(found)} {what} belong to no bar, the first to "
            f"symbol {symbols[row]!r} at {format_ns(times[row])}. Pass all bars of the "
            "period, with the same time stamps."
        )
        raise DataError(msg)
    return places
