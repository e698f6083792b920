"""Group the times of samples into units that no block cuts in two."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection._timeline import Timeline
from sk_ensemble.utils.time import timedelta_ns

__all__ = ["DAY", "Units", "group_times"]

#: Nanoseconds of a day.
DAY = 86_400 * 10**9


@dataclass(frozen=True)
class Units:
    """Different times of the samples, in groups that are not cut.

    Parameters
    ----------
    stamps : ndarray of int64 of shape (n_stamps,)
        Different times, ascending.
    starts : ndarray of int64 of shape (n_units,)
        Place of the first stamp of each unit.
    noun : str
        What the units are called in messages.
    is_timed : bool
        Whether the stamps are times, and not row numbers.
    """

    stamps: NanosecondArray
    starts: IntArray
    noun: str
    is_timed: bool

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def first(self) -> NanosecondArray:
        """First time of each unit, shape (n_units,)."""
        return self.stamps[self.starts]


def _session_numbers(
    stamps: NanosecondArray, history: NanosecondArray, pause: int
) -> IntArray:
    """Return the number of the session of each stamp.

    Sessions are told by the pauses of the whole history: samples have more and longer
    ones, where a bar has no label.
    """
    numbers = np.cumsum(np.diff(history, prepend=history[:1]) > pause)
    return np.asarray(numbers[np.searchsorted(history, stamps)])


def _read_pause(align_to: Any) -> int:
    """Return the nanoseconds of a pause that ends a session."""
    kinds = (str, datetime.timedelta, np.timedelta64)
    if not isinstance(align_to, kinds) or (
        isinstance(align_to, str) and not any(map(str.isalpha, align_to))
    ):
        msg = (
            "align_to must be None, 'day', or the pause that ends a session, a "
            f"duration such as '45min'. Got {align_to!r}."
        )
        raise ValueError(msg)
    return timedelta_ns(align_to, name="align_to")


def group_times(stamps: NanosecondArray, timeline: Timeline, align_to: Any) -> Units:
    """Group times by day or session, or leave each alone.

    Parameters
    ----------
    stamps : ndarray of int64 of shape (n_stamps,)
        Different times of the samples, ascending.
    timeline : Timeline
        The rows of X; sessions are told by the pauses of their whole history.
    align_to : None, "day", str or Timedelta
        None: every time is a unit. "day": every UTC date. A duration: every session,
        which begins after a pause of all symbols longer than this.

    Returns
    -------
    units : Units
        The groups.

    Raises
    ------
    DataError
        If days or sessions are asked for and the rows have no times.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._timeline import RowTimeline
    >>> from sk_ensemble.model_selection._units import group_times
    >>> len(group_times(np.arange(4), RowTimeline(4), None))
    4
    """
    is_timed = timeline.keys is not None
    if align_to is None:
        noun = "different times of the samples"
        return Units(stamps, np.arange(len(stamps)), noun, is_timed)
    by_day = isinstance(align_to, str) and align_to == "day"
    pause = None if by_day else _read_pause(align_to)
    if not is_timed:
        msg = (
            f"align_to={align_to!r} needs times, but the rows of X have none. Pass X "
            "as a Panel or a DataFrame indexed by time or (symbol, time)."
        )
        raise DataError(msg)
    numbers = (
        stamps // DAY
        if pause is None
        else _session_numbers(stamps, timeline.stamps, pause)
    )
    is_first = np.diff(numbers, prepend=numbers[:1] - 1) != 0
    noun = "days" if pause is None else "sessions"
    return Units(stamps, np.flatnonzero(is_first), f"{noun} with samples", is_timed)
