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

__all__ = ["NAT", "format_ns", "from_utc_ns", "timedelta_ns", "to_utc_ns"]

#: The integer that stands for "not a time".
NAT = np.iinfo(np.int64).min


def _refuse_mixed_zones(values: pd.Series, name: str) -> None:
    """Raise if an object column holds both naive and aware time stamps."""
    zones = {
        str(getattr(value, "tzinfo", None))
        for value in values.dropna().unique()
        if hasattr(value, "tzinfo")
    }
    if len(zones) > 1:
        msg = (
            f"{name} mixes time zones: {sorted(zones)} (None means naive). "
            "Convert the parts to one time zone before joining them, for example "
            "with .dt.tz_convert('UTC') or .dt.tz_localize('UTC')."
        )
        raise DataError(msg)


def to_utc_ns(values: Any, *, name: str = "datetime") -> NanosecondArray:
    """Convert time stamps to int64 nanoseconds in UTC.

    Aware stamps are converted to UTC, naive ones are taken as UTC.

    Parameters
    ----------
    values : array-like of shape (n,)
        Time stamps: a Series, a DatetimeIndex, a datetime64 array or a list.
    name : str, default="datetime"
        What the values are called in error messages.

    Returns
    -------
    nanoseconds : ndarray of int64 of shape (n,)
        Nanoseconds since 1970-01-01 UTC; a missing stamp is the smallest integer.

    Raises
    ------
    DataError
        If the values are not time stamps, or mix naive and aware ones.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.utils.time import to_utc_ns
    >>> stamps = pd.to_datetime(["1970-01-01 08:00"]).tz_localize("Asia/Shanghai")
    >>> to_utc_ns(stamps)
    array([0])
    """
    series = pd.Series(values)
    if series.dtype == object:
        _refuse_mixed_zones(series, name)
        if series.map(lambda value: hasattr(value, "year") or pd.isna(value)).all():
            series = pd.to_datetime(series)
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    if series.dtype.kind != "M":
        msg = (
            f"{name} must hold time stamps, got dtype {series.dtype} "
            f"(first value {series.iloc[0]!r}). Convert it with pandas.to_datetime."
            if len(series)
            else f"{name} must hold time stamps, got an empty {series.dtype} column."
        )
        raise DataError(msg)
    return series.to_numpy().astype("datetime64[ns]").view(np.int64)


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
