"""Label spans of rows in the order of time: blocks are slices, found by bisection.

Masks cost two comparisons per row and block. Rows that ascend in time need none: those
of a block lie together, and those that overlap it from before are found in a running
maximum of the ends, which ascends even where the ends do not.
"""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import NanosecondArray
from sk_ensemble.model_selection._runs import Runs, find_runs

__all__ = ["SortedSpans"]


class SortedSpans:
    """Spans [times, ends], closed on both sides, whose times ascend.

    Parameters
    ----------
    times, ends : ndarray of int64 of shape (n_rows,)
        First and last instant of each row's span.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._sorted_spans import SortedSpans
    >>> spans = SortedSpans(np.array([0, 1, 2, 3, 4]), np.array([3, 1, 2, 3, 4]))
    >>> spans.within(2, 3)
    Runs(starts=array([2]), stops=array([4]))
    >>> spans.overlapping(2, 3)
    Runs(starts=array([0, 2]), stops=array([1, 4]))
    """

    def __init__(self, times: NanosecondArray, ends: NanosecondArray) -> None:
        self.times = times
        self.ends = ends
        self._reach = np.maximum.accumulate(ends)

    def within(self, first: int, last: int) -> Runs:
        """Return the rows with times from `first` to `last`, both included."""
        start = np.searchsorted(self.times, [first], side="left")
        return Runs(start, np.searchsorted(self.times, [last], side="right"))

    def overlapping(self, first: int, last: int) -> Runs:
        """Return the rows whose span overlaps [first, last]."""
        (begin,), (stop,) = self.within(first, last)
        earliest = np.searchsorted(self._reach[:begin], first)
        before = find_runs(self.ends[earliest:begin] >= first)
        starts = np.append(before.starts + earliest, begin)
        return Runs(starts, np.append(before.stops + earliest, stop))
