"""The bars that each label depends on, and how many labels share them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError, LabelSpanError
from sk_ensemble.labeling._forward import checked_delay
from sk_ensemble.labeling._places import BarPlaces
from sk_ensemble.utils.bars import symbol_time_keys
from sk_ensemble.utils.sessions import SortedCloses
from sk_ensemble.utils.time import format_ns, from_utc_ns, to_utc_ns

__all__ = ["LabelSpans", "span_sums"]

_CLOSED = ("right", "both")
_LEVELS = ["symbol", "datetime"]
_OTHER_BARS = "Pass the bars from which the labels were made."
_NO_END = "label_end must be the time of the bar that ends the label, after its entry."


def span_sums(values: FloatArray, first: IntArray, stop: IntArray) -> FloatArray:
    """Return the sum of ``values[first:stop]`` for each span, none of them empty.

    Each span is summed by itself: differences of one running sum would carry the
    rounding of all values before it.
    """
    order = np.argsort(first, kind="stable")
    edges = np.column_stack((first[order], stop[order])).ravel()
    sums = np.empty(len(first))
    # A span may stop at the end of the values, where reduceat needs one more.
    sums[order] = np.add.reduceat(np.append(values, 0.0), edges)[::2]
    return sums


def _index_of(
    labels: pd.DataFrame, symbols: np.ndarray, times: NanosecondArray
) -> pd.MultiIndex:
    """Return the levels symbol and datetime in the row order of the labels."""
    index = labels.index
    if isinstance(index, pd.MultiIndex) and list(index.names) == _LEVELS:
        return index
    stamps = pd.DatetimeIndex(from_utc_ns(times)).tz_localize("UTC")
    return pd.MultiIndex.from_arrays([symbols, stamps], names=_LEVELS)


def _label_keys(
    labels: pd.DataFrame,
) -> tuple[np.ndarray, NanosecondArray, NanosecondArray]:
    """Return the symbols, times and ends of the labels."""
    if not isinstance(labels, pd.DataFrame) or "label_end" not in labels.columns:
        columns = list(getattr(labels, "columns", []))
        msg = (
            "labels must be a DataFrame with a column 'label_end', as label makers "
            f"return it, got {type(labels).__name__} with columns {columns}."
        )
        raise DataError(msg)
    symbols, times = symbol_time_keys(labels)
    ends = to_utc_ns(labels["label_end"], name="label_end", symbols=symbols)
    return symbols, times, ends


def _refuse(
    wrong: BoolArray, what: str, symbols: np.ndarray, times: NanosecondArray, todo: str
) -> None:
    """Raise if a label is wrong, with the first symbol and time."""
    if wrong.any():
        row = int(np.argmax(wrong))
        msg = (
            f"{what} for {wrong.sum()} of {len(wrong)} labels, the first is symbol "
            f"{symbols[row]!r} at {format_ns(times[row])}. {todo}"
        )
        raise LabelSpanError(msg)


def _refuse_repeated(
    places: IntArray, symbols: np.ndarray, times: NanosecondArray
) -> None:
    """Raise if a bar has two labels."""
    order = np.argsort(places, kind="stable")
    wrong = np.zeros(len(places), dtype=bool)
    wrong[order[1:]] = np.diff(places[order]) == 0
    what = "There is an earlier label of the same bar"
    _refuse(wrong, what, symbols, times, "Keep one label of each bar.")


@dataclass(frozen=True, eq=False)
class LabelSpans:
    """The stretch of sorted bars that belongs to each label.

    Attributes
    ----------
    closes : SortedCloses
        The bars.
    first, stop : ndarray of int of shape (n_labels,)
        Label i counts the bars at places ``first[i] ... stop[i] - 1``.
    codes : ndarray of int of shape (n_labels,)
        Number of each label's symbol.
    index : MultiIndex
        Levels symbol and datetime, in the row order of the labels.
    """

    closes: SortedCloses
    first: IntArray
    stop: IntArray
    codes: IntArray
    index: pd.MultiIndex

    @classmethod
    def from_labels(
        cls, labels: pd.DataFrame, bars: pd.DataFrame, *, closed: str, entry_delay: int
    ) -> LabelSpans:
        """Find the bars of each label.

        Raises
        ------
        LabelSpanError
            If a label belongs to no bar, is there twice, has no end or spans no bar.
        """
        if closed not in _CLOSED:
            msg = f"closed must be one of {_CLOSED}, got {closed!r}."
            raise ValueError(msg)
        entry_delay = checked_delay(entry_delay)
        closes = SortedCloses.from_bars(bars)
        symbols, times, ends = _label_keys(labels)
        finder = BarPlaces(closes)
        places, stop = finder.at(symbols, times), finder.at(symbols, ends) + 1
        _refuse(places < 0, "There is no bar", symbols, times, _OTHER_BARS)
        _refuse(stop <= 0, "label_end is no bar of the symbol", symbols, times, _NO_END)
        _refuse_repeated(places, symbols, times)
        first = places + entry_delay + (closed == "right")
        what = "No bar lies between the start and the end"
        _refuse(first >= stop, what, symbols, times, _NO_END)
        codes = closes.codes[places]
        return cls(closes, first, stop, codes, _index_of(labels, symbols, times))

    @cached_property
    def lengths(self) -> IntArray:
        """Number of bars of each label."""
        return self.stop - self.first

    def concurrency(self) -> IntArray:
        """Return the number of labels that count each bar, shape (n_bars,)."""
        n_bars = len(self.closes.close)
        begun = np.bincount(self.first, minlength=n_bars)
        ended = np.bincount(self.stop, minlength=n_bars + 1)[:-1]
        return np.cumsum(begun - ended)

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sum of a value per bar over the bars of each label."""
        return span_sums(values, self.first, self.stop)
