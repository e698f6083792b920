"""Find the bars that labels, targets and sides belong to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bars import symbol_time_keys
from sk_ensemble.utils.sessions import SortedCloses
from sk_ensemble.utils.time import format_ns, unique_times

__all__ = ["BarPlaces", "values_at_bars"]


class BarPlaces:
    """The places of sorted bars by symbol and time.

    Parameters
    ----------
    closes : SortedCloses
        The bars.
    """

    def __init__(self, closes: SortedCloses) -> None:
        self._names = pd.Index(closes.names)
        self._stamps = unique_times(closes.times)
        ranks = np.searchsorted(self._stamps, closes.times)
        self._keys = self._keys_of(closes.codes, ranks)

    def _keys_of(self, codes: IntArray, ranks: IntArray) -> IntArray:
        """Return one number per symbol and rank of time, ascending in both."""
        return codes.astype(np.int64) * len(self._stamps) + ranks

    def at(self, symbols: np.ndarray, times: NanosecondArray) -> IntArray:
        """Return the place of the bar with this symbol and time, -1 without one."""
        # An unknown symbol has the code -1, so its key is below all others.
        codes, known = pd.factorize(symbols)
        codes = self._names.get_indexer(known)[codes]
        ranks = np.searchsorted(self._stamps, times)
        ranks = np.minimum(ranks, len(self._stamps) - 1)
        keys = self._keys_of(codes, ranks)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        same = (self._keys[places] == keys) & (self._stamps[ranks] == times)
        return np.where(same, places, -1)


def _refuse_second_values(
    places: IntArray, times: NanosecondArray, symbols: np.ndarray, name: str
) -> None:
    """Raise if two values belong to one bar."""
    _, first, counts = np.unique(places, return_index=True, return_counts=True)
    if (counts > 1).any():
        row = first[np.argmax(counts > 1)]
        msg = (
            f"{name} has {counts.max()} values for symbol {symbols[row]!r} at "
            f"{format_ns(times[row])}. Keep one value of each bar."
        )
        raise DataError(msg)


def _refuse_other_than_numbers(values: pd.Series, name: str) -> None:
    """Raise if the values are no Series of numbers."""
    is_series = isinstance(values, pd.Series)
    if is_series and values.dtype.kind in "iuf":
        return
    found = f"dtype {values.dtype}" if is_series else type(values).__name__
    msg = (
        f"{name} must be a Series of numbers with index levels symbol and datetime, "
        f"got {found}. Convert it."
    )
    raise DataError(msg)


def values_at_bars(values: pd.Series, closes: SortedCloses, *, name: str) -> FloatArray:
    """Return the values of a Series at sorted bars, NaN where there is none.

    Values that belong to no bar are left out.

    Raises
    ------
    DataError
        If the values are no numbers, a bar has two, or no bar has one.
    """
    _refuse_other_than_numbers(values, name)
    symbols, times = symbol_time_keys(values)
    places = BarPlaces(closes).at(symbols, times)
    mine = np.flatnonzero((places >= 0) & values.notna().to_numpy())
    if not len(mine):
        msg = (
            f"None of the {len(values)} values of {name} belongs to a bar. Give it the "
            "symbols and times of the bars; times without a zone mean UTC."
        )
        raise DataError(msg)
    places = places[mine]
    _refuse_second_values(places, times[mine], symbols[mine], name)
    found = np.full(len(closes.close), np.nan)
    found[places] = values.to_numpy(dtype=np.float64)[mine]
    return found
