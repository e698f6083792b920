"""Cut the end of the time axis into test periods of a given length."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BaseOffset, Day, Tick

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection._blocks import Blocks, join_units
from sk_ensemble.model_selection._parameters import check_count
from sk_ensemble.model_selection._units import Units
from sk_ensemble.utils.time import format_ns, timedelta_ns

__all__ = ["Span", "cut_last_periods", "read_span", "span_before"]

#: A length of time: units, nanoseconds in a duration, or calendar periods.
Span = int | pd.Timedelta | BaseOffset


def _to_offset(value: Any) -> BaseOffset | None:
    """Return a calendar frequency such as "MS"; None for all else."""
    if not isinstance(value, str | BaseOffset):
        return None
    try:
        offset = to_offset(value)
    except ValueError:
        return None
    return None if isinstance(offset, Tick | Day) else offset


def _check_offset(offset: BaseOffset, name: str) -> BaseOffset:
    """Return a frequency that goes forward and names the beginnings of periods."""
    is_end = offset.rule_code.partition("-")[0].endswith("E")
    if is_end or offset.n < 1:
        msg = (
            f"{name} must be a frequency of pandas that names the beginnings of "
            f"periods, such as 'MS' for months, got {offset.freqstr!r}."
        )
        raise ValueError(msg)
    return offset


def read_span(value: Any, name: str) -> Span:
    """Read a length given as a count, a duration or a calendar frequency.

    Parameters
    ----------
    value : int, str, Timedelta or DateOffset
        Such as 500, "30D" or "MS".
    name : str
        The parameter, for messages.

    Returns
    -------
    span : int, Timedelta or DateOffset
        What was meant.

    Raises
    ------
    ValueError
        If it is none of these, or not positive.

    Examples
    --------
    >>> from sk_ensemble.model_selection._periods import read_span
    >>> read_span("30D", "test_size"), read_span("2MS", "test_size")
    (Timedelta('30 days 00:00:00'), <2 * MonthBegins>)
    """
    offset = _to_offset(value)
    if offset is not None:
        return _check_offset(offset, name)
    if isinstance(value, Day):
        return pd.Timedelta(days=value.n)
    kinds = (str, datetime.timedelta, np.timedelta64, Tick)
    if isinstance(value, kinds) and not _is_bare_number(value):
        return pd.Timedelta(timedelta_ns(value, name=name), unit="ns")
    return check_count(value, name, 1)


def _is_bare_number(value: Any) -> bool:
    """Tell whether a text has no unit, which pandas would take as nanoseconds."""
    return isinstance(value, str) and not any(map(str.isalpha, value))


def _calendar_edges(first: int, last: int, offset: BaseOffset) -> NanosecondArray:
    """Return the UTC midnights at which calendar periods begin, in nanoseconds."""
    start = offset.rollback(pd.Timestamp(first, unit="ns").normalize())
    edges = pd.date_range(start, pd.Timestamp(last, unit="ns"), freq=offset)
    return np.asarray(edges.as_unit("ns").asi8)


def _period_numbers(units: Units, size: pd.Timedelta | BaseOffset) -> IntArray:
    """Return the number of the period in which each unit begins, ascending."""
    first = units.first
    if isinstance(size, pd.Timedelta):
        # Counted back from the end: the last period ends with the samples.
        return np.asarray((first - units.stamps[-1] - 1) // size.value)
    edges = _calendar_edges(first[0], units.stamps[-1], size)
    return np.searchsorted(edges, first, side="right")


def _last_counts(units: Units, n_periods: int, size: int) -> Blocks:
    """Return the last periods of `size` units each."""
    starts = len(units) - size * np.arange(n_periods, 0, -1)
    if starts[0] < 0:
        msg = (
            f"{n_periods} test blocks of {size} need {n_periods * size} and something "
            f"before them to train on, but there are {len(units)} {units.noun}. Use a "
            "smaller n_splits or test_size."
        )
        raise ValueError(msg)
    return join_units(units, starts, starts + size)


def cut_last_periods(units: Units, n_periods: int, size: Span) -> Blocks:
    """Return the last test periods of the samples.

    Parameters
    ----------
    units : Units
        Times, days or sessions.
    n_periods : int
        How many periods.
    size : int, Timedelta or DateOffset
        Length of each. Periods without samples do not count.

    Returns
    -------
    blocks : Blocks
        First and last time of each period that has a sample.

    Raises
    ------
    ValueError
        If there are fewer periods.
    DataError
        If the rows have no times and `size` is no count.
    """
    if isinstance(size, int):
        return _last_counts(units, n_periods, size)
    refuse_untimed_span(size, "test_size", units)
    if not len(units):
        msg = f"There are no rows to cut {n_periods} test blocks from."
        raise ValueError(msg)
    numbers = _period_numbers(units, size)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    if len(starts) < n_periods:
        msg = (
            f"n_splits={n_periods} is more than the {len(starts)} periods of "
            f"test_size={_name(size)!r} with samples, from "
            f"{format_ns(units.stamps[0])} to {format_ns(units.stamps[-1])}. Use a "
            "smaller n_splits or test_size."
        )
        raise ValueError(msg)
    stops = np.append(starts[1:], len(units))
    return join_units(units, starts[-n_periods:], stops[-n_periods:])


def _name(size: Span) -> str:
    """Return a length as a user would write it."""
    return size.freqstr if isinstance(size, BaseOffset) else str(size)


def refuse_untimed_span(size: Span, name: str, units: Units) -> None:
    """Raise if a length of time is asked of rows that have no times."""
    if not (isinstance(size, int) or units.is_timed):
        msg = (
            f"{name}={_name(size)!r} is a length of time, but the rows of X have no "
            "times. Give a number of rows, or pass X as a Panel or a DataFrame indexed "
            "by time or (symbol, time)."
        )
        raise DataError(msg)


def span_before(times: NanosecondArray, size: pd.Timedelta | BaseOffset) -> Any:
    """Return the time that lies `size` before each time; periods begin at midnight.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.model_selection._periods import read_span, span_before
    >>> times = pd.to_datetime(["2024-03-04 09:35"]).as_unit("ns").asi8
    >>> pd.to_datetime(span_before(times, read_span("2MS", "max_train_size")))
    DatetimeIndex(['2024-01-01'], dtype='datetime64[ns]', freq=None)
    """
    if isinstance(size, pd.Timedelta):
        return times - size.value
    stamps = [pd.Timestamp(time, unit="ns").normalize() for time in times]
    before = pd.DatetimeIndex([size.rollback(stamp) - size for stamp in stamps])
    return before.as_unit("ns").asi8
