"""Read an embargo and find the time at which it ends after each test block."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
import pandas as pd

from sk_ensemble._typing import NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection._bars import NEVER, stamp_later
from sk_ensemble.model_selection._timeline import Timeline
from sk_ensemble.model_selection._units import DAY
from sk_ensemble.utils.time import timedelta_ns

__all__ = ["Embargo", "embargo_stops", "parse_embargo"]

_ALLOWED = (
    "embargo_size must be a number of time stamps such as 1440, a fraction of the "
    "samples' time stamps below 1 such as 0.01, a duration such as '5D', or "
    "'5 trading days'"
)
_TRADING_DAYS = re.compile(r"\s*(\d+)\s+trading\s+days?\s*")


@dataclass(frozen=True)
class Embargo:
    """Length of an embargo and what it is counted in."""

    size: float
    unit: Literal["stamps", "fraction", "nanoseconds", "trading days"]


def _parse_number(value: Any) -> Embargo:
    """Read an embargo in time stamps or as a fraction of them."""
    if not 0 <= value < (np.inf if isinstance(value, Integral) else 1):
        msg = f"{_ALLOWED}, none of them negative. Got {value!r}."
        raise ValueError(msg)
    if isinstance(value, Integral):
        return Embargo(int(value), "stamps")
    return Embargo(float(value), "fraction")


def _parse_duration(value: Any) -> Embargo:
    """Read an embargo given as a time span or in trading days."""
    days = _TRADING_DAYS.fullmatch(value) if isinstance(value, str) else None
    if days is not None:
        return Embargo(int(days[1]), "trading days")
    if isinstance(value, str) and not any(map(str.isalpha, value)):
        msg = f"{_ALLOWED}. {value!r} has no unit: did you mean the number?"
        raise ValueError(msg)
    return Embargo(timedelta_ns(value, name="embargo_size"), "nanoseconds")


def parse_embargo(value: Any) -> Embargo:
    """Read the parameter `embargo_size`.

    Parameters
    ----------
    value : int, float, str or Timedelta
        Time stamps, a fraction of the samples' time stamps, a time span, or trading
        days such as "5 trading days".

    Returns
    -------
    embargo : Embargo
        The same with its unit.

    Raises
    ------
    ValueError
        If the value is negative, a fraction of 1 or more, or no duration.
    TypeError
        If it is none of these types.

    Examples
    --------
    >>> from sk_ensemble.model_selection._embargo import parse_embargo
    >>> parse_embargo(0.01)
    Embargo(size=0.01, unit='fraction')
    >>> parse_embargo("1h")
    Embargo(size=3600000000000, unit='nanoseconds')
    >>> parse_embargo("5 trading days")
    Embargo(size=5, unit='trading days')
    """
    if isinstance(value, str | datetime.timedelta | np.timedelta64):
        return _parse_duration(value)
    if isinstance(value, Real) and not isinstance(value, bool | np.bool_):
        return _parse_number(value)
    msg = f"{_ALLOWED}. Got {value!r} of type {type(value).__name__}."
    raise TypeError(msg)


def _add_saturating(times: NanosecondArray, nanoseconds: int) -> NanosecondArray:
    """Add a time span without running over the largest integer."""
    return np.minimum(times, NEVER - nanoseconds) + nanoseconds


def _end_of_day_later(
    stamps: NanosecondArray, times: NanosecondArray, n_days: int
) -> NanosecondArray:
    """Return the end of the n-th day with bars after the day of each time."""
    numbers = stamps // DAY
    days = numbers[np.append(True, numbers[1:] != numbers[:-1])]
    later = stamp_later(days, times // DAY, n_days)
    ends = (np.minimum(later, days[-1]) + 1) * DAY - 1
    return np.where(later == NEVER, NEVER, ends)


def _refuse_untimed(embargo: Embargo) -> None:
    """Raise because rows without times have no days and hours."""
    span = f"{int(embargo.size)} trading days"
    if embargo.unit == "nanoseconds":
        span = str(pd.Timedelta(int(embargo.size), unit="ns"))
    msg = (
        f"embargo_size={span!r} is a time span, but the rows of X have no times. Give "
        "a number of rows, or pass X as a Panel or a DataFrame indexed by time or "
        "(symbol, time)."
    )
    raise DataError(msg)


def embargo_stops(
    embargo: Embargo,
    anchors: NanosecondArray,
    timeline: Timeline,
    sample_stamps: NanosecondArray,
) -> NanosecondArray:
    """Return the last time under embargo after each test block.

    Parameters
    ----------
    embargo : Embargo
        Its length.
    anchors : ndarray of int64 of shape (n_blocks,)
        Last instant of each block's labels, from which the embargo runs.
    timeline : Timeline
        The rows of X, whose bars a number of stamps is counted in.
    sample_stamps : ndarray of int64 of shape (n_stamps,)
        Different times of the samples, ascending, which a fraction is counted in.

    Returns
    -------
    stops : ndarray of int64 of shape (n_blocks,)
        Rows up to and including this time are under embargo.

    Raises
    ------
    DataError
        If a time span or trading days are given for rows that have no times.
    """
    if embargo.size == 0:
        return anchors
    if embargo.unit == "stamps":
        return stamp_later(timeline.stamps, anchors, int(embargo.size))
    if embargo.unit == "fraction":
        n_stamps = int(embargo.size * len(sample_stamps))
        return stamp_later(sample_stamps, anchors, n_stamps)
    if timeline.keys is None:
        _refuse_untimed(embargo)
    if embargo.unit == "trading days":
        return _end_of_day_later(timeline.stamps, anchors, int(embargo.size))
    return _add_saturating(anchors, int(embargo.size))
