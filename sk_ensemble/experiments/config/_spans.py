"""Check lengths of time: counts, durations and calendar frequencies."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Day, Tick

__all__ = ["check_embargo", "check_gap", "check_period", "check_time"]

_TRADING_DAYS = re.compile(r"\s*\d+\s+trading\s+days?\s*")
_TIME = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d.*)?)?)?")


def _duration(text: str) -> pd.Timedelta | None:
    """Return a duration with a unit; pandas takes bare numbers as nanoseconds."""
    if not any(map(str.isalpha, text)):
        return None
    try:
        # Units that pandas is about to give another meaning come with a warning.
        with warnings.catch_warnings(action="error"):
            duration = pd.Timedelta(text)
    except (ValueError, Warning):
        return None
    return None if pd.isna(duration) else duration


def _is_duration(text: str) -> bool:
    duration = _duration(text)
    return duration is not None and duration.value > 0


def _is_calendar(text: str) -> bool:
    """Tell whether a text names the beginnings of periods, such as "MS"."""
    try:
        with warnings.catch_warnings(action="error"):
            offset = to_offset(text)
    except (ValueError, Warning):
        return False
    if isinstance(offset, Tick | Day):
        return False
    return offset.n >= 1 and not offset.rule_code.partition("-")[0].endswith("E")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_embargo(value: Any) -> Any:
    """Return an embargo that the splitters take, refusing others."""
    if isinstance(value, str):
        is_span = _TRADING_DAYS.fullmatch(value) or _is_duration(value)
    else:
        is_span = _is_number(value) and value >= 0
        is_span = is_span and (isinstance(value, int) or value < 1)
    if is_span:
        return value
    msg = (
        "must be a number of time stamps such as 1440, a fraction of them below 1 such "
        'as 0.01, a duration such as "5D", or "5 trading days"'
    )
    raise ValueError(msg)


def check_period(value: Any) -> Any:
    """Return a count, duration or calendar frequency, refusing others; None passes."""
    if isinstance(value, str):
        is_span = _is_calendar(value) or _is_duration(value)
    else:
        is_span = value is None or (type(value) is int and value >= 1)
    if is_span:
        return value
    msg = (
        'must be a number of time stamps, a duration such as "30D", or a calendar '
        'frequency that names the beginnings of periods, such as "MS"'
    )
    raise ValueError(msg)


def check_gap(value: Any) -> Any:
    """Return "day" or a duration, refusing others; None passes."""
    if value in (None, "day"):
        return value
    if isinstance(value, str) and _is_duration(value):
        return value
    raise ValueError('must be null, "day" or a duration such as "45min"')


def check_time(value: str) -> str:
    """Return a date or time that pandas can read, refusing others."""
    try:
        is_time = bool(_TIME.fullmatch(value)) and not pd.isna(pd.Timestamp(value))
    except ValueError:
        is_time = False
    if is_time:
        return value
    raise ValueError('must be a date such as "2021-06-30"')
