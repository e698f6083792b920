"""Time stamps: everything inside is int64 nanoseconds in UTC.

pandas 3 stores microseconds by default, so the integer behind a time stamp has no
fixed meaning. All conversion therefore happens here, once, at the edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import NanosecondArray
from sk_ensemble.exceptions import DataError

__all__ = [
    "NAT",
    "format_ns",
    "from_utc_ns",
    "is_ascending",
    "timedelta_ns",
    "to_utc_ns",
    "unique_times",
]

#: The integer that stands for "not a time".
NAT = np.iinfo(np.int64).min

#: Nanoseconds in the units that pandas keeps times in.
_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def _zone(value: Any) -> str:
    """Name the time zone of one time stamp."""
    zone = getattr(value, "tzinfo", None)
    return "no time zone" if zone is None else f"time zone {zone}"


def _place(row: int, symbols: np.ndarray | None) -> str:
    """Name a row for a message."""
    return f"row {row}" if symbols is None else f"row {row} (symbol {symbols[row]!r})"


def _refuse_mixed_zones(
    series: pd.Series, name: str, symbols: np.ndarray | None
) -> None:
    """Raise if an object column holds time stamps of several time zones."""
    present = np.flatnonzero(series.notna())
    zones = series.iloc[present].map(_zone).to_numpy()
    other = np.flatnonzero(zones != zones[:1])
    if not len(other):
        return
    first, second = present[0], present[other[0]]
    msg = (
        f"{name} mixes time zones: {_place(first, symbols)} has {zones[0]}, "
        f"{_place(second, symbols)} has {zones[other[0]]}. Convert the parts to one "
        "time zone before joining them, with .dt.tz_convert('UTC') or "
        ".dt.tz_localize('UTC')."
    )
    raise DataError(msg)


def _are_stamps(series: pd.Series) -> bool:
    """Tell whether an object column holds nothing but time stamps."""
    is_stamp = series.map(lambda value: hasattr(value, "year") or pd.isna(value))
    return bool(is_stamp.all())


def _in_nanoseconds(
    series: pd.Series, name: str, symbols: np.ndarray | None
) -> NanosecondArray:
    """Convert naive time stamps, refusing those that nanoseconds cannot hold."""
    size = _UNITS[series.dt.unit]
    counts = series.to_numpy().view(np.int64)
    limit = np.iinfo(np.int64).max // size
    # A multiplication, where pandas looks at every stamp; missing ones are left to it.
    if len(counts) and -limit <= counts.min() and counts.max() <= limit:
        return counts * size
    try:
        return series.dt.as_unit("ns").to_numpy().view(np.int64)
    except pd.errors.OutOfBoundsDatetime as error:
        beyond = (series < pd.Timestamp.min) | (series > pd.Timestamp.max)
        row = int(np.argmax(beyond))
        msg = (
            f"{name} is {series.iloc[row]} in {_place(row, symbols)}; times must lie "
            "between the years 1678 and 2262. Drop such rows, or make the time NaT."
        )
        raise DataError(msg) from error


def to_utc_ns(
    values: Any, *, name: str = "datetime", symbols: np.ndarray | None = None
) -> NanosecondArray:
    """Convert time stamps to int64 nanoseconds in UTC.

    Aware stamps are converted to UTC, naive ones are taken as UTC.

    Parameters
    ----------
    values : array-like of shape (n,)
        Time stamps: a Series, a DatetimeIndex, a datetime64 array or a list.
    name : str, default="datetime"
        What the values are called in error messages.
    symbols : ndarray of shape (n,) or None, default=None
        Symbols of the rows, for error messages.

    Returns
    -------
    nanoseconds : ndarray of int64 of shape (n,)
        Nanoseconds since 1970-01-01 UTC; a missing stamp is the smallest integer.

    Raises
    ------
    DataError
        If the values are not time stamps, mix naive and aware ones, or lie beyond
        what nanoseconds can hold.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.utils.time import to_utc_ns
    >>> stamps = pd.to_datetime(["1970-01-01 08:00"]).tz_localize("Asia/Shanghai")
    >>> to_utc_ns(stamps)
    array([0])
    """
    series = pd.Series(values)
    if series.dtype == object and _are_stamps(series):
        _refuse_mixed_zones(series, name, symbols)
        series = pd.to_datetime(series)
    if series.dtype.kind != "M":
        first = f"first value {series.iloc[0]!r}" if len(series) else "no rows"
        msg = (
            f"{name} must hold time stamps, got dtype {series.dtype} ({first}). "
            "Convert it with pandas.to_datetime."
        )
        raise DataError(msg)
    if series.dt.tz is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    return _in_nanoseconds(series, name, symbols)


def from_utc_ns(nanoseconds: NanosecondArray) -> np.ndarray:
    """Convert int64 nanoseconds in UTC to naive ``datetime64[ns]``."""
    return np.asarray(nanoseconds, dtype=np.int64).view("datetime64[ns]")


def format_ns(nanoseconds: int) -> str:
    """Return one time stamp as people read it, in UTC."""
    stamp = pd.Timestamp(int(nanoseconds), unit="ns")
    return "NaT" if stamp is pd.NaT else f"{stamp} UTC"


def timedelta_ns(value: Any, *, name: str) -> int:
    """Convert a duration such as ``"4h"`` or a Timedelta to nanoseconds.

    Raises
    ------
    DataError
        If the value is no positive duration.
    """
    try:
        duration = pd.Timedelta(value)
    except (ValueError, TypeError) as error:
        msg = f"{name} must be a duration such as '4h' or a Timedelta, got {value!r}."
        raise DataError(msg) from error
    if duration is pd.NaT or duration <= pd.Timedelta(0):
        msg = f"{name} must be a positive duration, got {value!r}."
        raise DataError(msg)
    return int(duration.as_unit("ns").value)


def is_ascending(times: NanosecondArray) -> bool:
    """Tell whether no time comes after a later one."""
    return bool((times[1:] >= times[:-1]).all())


def unique_times(times: NanosecondArray) -> NanosecondArray:
    """Return the different times, ascending, without sorting what is sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.time import unique_times
    >>> unique_times(np.array([3, 1, 3]))
    array([1, 3])
    """
    if is_ascending(times):
        return times[np.append(True, times[1:] != times[:-1])] if len(times) else times
    # Several times as fast as np.unique where symbols share their times.
    return np.sort(pd.unique(times))
