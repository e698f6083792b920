"""Facts about a fold by index arithmetic, independent of any splitter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from sk_ensemble._typing import BoolArray, IntArray, NanosecondArray
from sk_ensemble.panel import History

__all__ = [
    "Fold",
    "Reach",
    "Zones",
    "bars_in_zones",
    "bars_of_windows",
    "ends_of",
    "overlapping_rows",
    "reach_of",
    "read_folds",
    "rows_reaching",
    "trains_after_test",
    "zones_of_test",
]

_NEVER = np.iinfo(np.int64).max


class Fold(NamedTuple):
    """Training and test rows of one fold, by their number."""

    number: int
    train: IntArray
    test: IntArray


class Reach(NamedTuple):
    """Bars that a sample's window holds: t-lag-window_length+1 ... t-lag."""

    window_length: int
    lag: int


class Zones(NamedTuple):
    """Spans of time, both ends belonging to them, in order, without overlap."""

    first: NanosecondArray
    last: NanosecondArray


def read_folds(cv: Any, X: Any, y: Any, params: dict[str, Any]) -> list[Fold]:
    """Return the folds of a splitter, or of a list of (train, test)."""
    pairs = cv.split(X, y, **params) if hasattr(cv, "split") else cv
    folds = []
    for number, (train, test) in enumerate(pairs):
        train, test = (
            np.flatnonzero(part) if np.asarray(part).dtype == bool else np.asarray(part)
            for part in (train, test)
        )
        folds.append(Fold(number, train, test))
    return folds


def _sizes(params: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Yield length and lag of everything that has them."""
    for value in params.values():
        length = getattr(value, "window_length", None)
        if isinstance(length, int | np.integer):
            yield int(length), int(getattr(value, "lag", 0))


def reach_of(model: Any, X: Any) -> Reach:
    """Return which bars the samples' windows hold, from the Windower in the model."""
    sizes = list(_sizes({"X": X, "model": model, **model.get_params(deep=True)}))
    if not sizes:
        return Reach(1, 0)
    furthest = max(length + lag for length, lag in sizes)
    nearest = min(lag for _, lag in sizes)
    return Reach(furthest - nearest, nearest)


def ends_of(X: Any) -> NanosecondArray:
    """Return the label ends, or the samples' own times where they are unknown."""
    return X.times_ns if X.label_end_ns is None else X.label_end_ns


def overlapping_rows(
    times: NanosecondArray,
    ends: NanosecondArray,
    test_times: NanosecondArray,
    test_ends: NanosecondArray,
) -> BoolArray:
    """Mark spans that share more than an instant with some test span.

    Each span is compared with every test span, by sorting: among the test spans that
    begin before it ends, does the latest end come after its beginning?

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.inspection._folds import overlapping_rows
    >>> overlapping_rows(
    ...     np.array([0, 1, 9]), np.array([3, 4, 12]), np.array([3]), np.array([9])
    ... )
    array([False,  True, False])
    """
    order = np.argsort(test_times, kind="stable")
    latest = np.maximum.accumulate(test_ends[order])
    n_before = np.searchsorted(test_times[order], ends, side="left")
    latest_before = latest[np.maximum(n_before - 1, 0)]
    return (n_before > 0) & (latest_before > times)


def trains_after_test(times: NanosecondArray, fold: Fold) -> bool:
    """Tell whether some training sample is not before the first test sample."""
    return bool(times[fold.train].max() >= times[fold.test].min())


def zones_of_test(times: NanosecondArray, ends: NanosecondArray, fold: Fold) -> Zones:
    """Return the spans of the test blocks, from first time to last label end.

    A block is a run of the samples' time stamps that all have a test sample. If nothing
    is trained on after the test, its last block never ends.
    """
    stamps = np.unique(times)
    places = np.searchsorted(stamps, times[fold.test])
    is_test = np.zeros(len(stamps), dtype=bool)
    is_test[places] = True
    begins = np.flatnonzero(is_test & ~np.append(False, is_test[:-1]))
    numbers = np.searchsorted(begins, places, side="right") - 1
    last = np.zeros(len(begins), dtype=np.int64)
    np.maximum.at(last, numbers, ends[fold.test])
    first = stamps[begins]
    if not trains_after_test(times, fold):
        last[-1] = _NEVER
    # Label spans of neighbouring blocks may run into each other.
    last = np.maximum.accumulate(last)
    apart = np.append(True, first[1:] > last[:-1])
    stops = np.append(np.flatnonzero(apart)[1:] - 1, len(first) - 1)
    return Zones(first[apart], last[stops])


def bars_in_zones(times: NanosecondArray, zones: Zones) -> BoolArray:
    """Mark the times that lie in one of the zones."""
    place = np.searchsorted(zones.first, times, side="right") - 1
    return (place >= 0) & (times <= zones.last[np.maximum(place, 0)])


def window_bounds(
    history: History, positions: IntArray, reach: Reach
) -> tuple[IntArray, IntArray]:
    """Return the first and the last bar of each window."""
    starts = history.segment_start[positions]
    last = positions - reach.lag
    first = last - reach.window_length + 1
    return np.maximum(first, starts), np.maximum(last, starts)


def rows_reaching(
    history: History, positions: IntArray, reach: Reach, bars: BoolArray
) -> BoolArray:
    """Mark the positions whose window holds one of the given bars.

    Parameters
    ----------
    history : History
        The bars.
    positions : ndarray of int64 of shape (n_rows,)
        Where the samples stand.
    reach : Reach
        Extent of the windows.
    bars : ndarray of bool of shape (n_bars,)
        The bars to look for.
    """
    first, last = window_bounds(history, positions, reach)
    before = np.concatenate(([0], np.cumsum(bars)))
    return before[last + 1] > before[first]


def bars_of_windows(history: History, positions: IntArray, reach: Reach) -> BoolArray:
    """Mark the bars that some window holds, and those of the samples themselves."""
    held = history.bars_between(*window_bounds(history, positions, reach))
    held[positions] = True
    return held
