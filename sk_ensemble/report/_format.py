"""Numbers and intervals as text."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from sk_ensemble.metrics import Interval

__all__ = ["count", "interval", "number", "percent", "seconds", "signed"]

_MINUS = "\N{MINUS SIGN}"
_NOTHING = "\N{EN DASH}"


def _is_missing(value: Any) -> bool:
    return value is None or pd.isna(value)


def number(value: Any, digits: int = 2) -> str:
    """Return a number with a true minus sign; a dash where there is none."""
    if _is_missing(value):
        return _NOTHING
    if math.isinf(value):
        return f"{_MINUS if value < 0 else ''}\N{INFINITY}"
    text = f"{value:,.{digits}f}"
    # A negative number may be rounded to zero.
    is_zero = not text.strip("-0.,")
    return text.lstrip("-") if is_zero else text.replace("-", _MINUS)


def signed(value: Any, digits: int = 2) -> str:
    """Return a number with its sign, zero without one."""
    text = number(value, digits)
    is_positive = not _is_missing(value) and text.strip("0.,") and value > 0
    return f"+{text}" if is_positive else text


def interval(value: Interval, digits: int = 2, scale: float = 1.0) -> str:
    """Return the ends of an interval."""
    low, high = (number(end * scale, digits) for end in (value.low, value.high))
    return f"{low} to {high}"


def percent(value: Any, digits: int = 0) -> str:
    """Return a fraction in percent."""
    if _is_missing(value):
        return _NOTHING
    return f"{number(value * 100, digits)} %"


def count(value: Any) -> str:
    """Return a whole number."""
    return number(value, 0)


def seconds(value: Any) -> str:
    """Return a duration in the unit that suits it."""
    if _is_missing(value):
        return _NOTHING
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 100:
        return f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 6000 else f"{value / 3600:.1f} h"
