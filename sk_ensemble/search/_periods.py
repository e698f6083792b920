"""Periods of time over which gains and profits are added up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import IntArray
from sk_ensemble.utils.rows import count_rows

__all__ = ["periods_of"]

_DAY = 86_400_000_000_000
#: Days there must be for a day to be the period.
_LEAST_DAYS = 60
#: Periods where it is not the day, at most.
_MOST = 1000


def _stamps(X: Any) -> IntArray:
    """Return the time of each row, nanoseconds; without times its number."""
    times = getattr(X, "times_ns", None)
    if times is not None:
        return np.asarray(times, dtype=np.int64)
    index: Any = getattr(X, "index", None)
    n_levels = index.nlevels if isinstance(index, pd.Index) else 0
    values = [index.get_level_values(level) for level in range(n_levels)]
    levels = [level for level in values if isinstance(level, pd.DatetimeIndex)]
    if not levels:
        return np.arange(count_rows(X))
    utc = pd.to_datetime(levels[0], utc=True)
    return utc.to_numpy("datetime64[ns]").astype(np.int64)


def periods_of(X: Any) -> tuple[str, IntArray]:
    """Find the period that each row of X belongs to.

    Parameters
    ----------
    X : Panel, Windows, DataFrame or array-like of n_samples rows
        The samples.

    Returns
    -------
    name : str
        What a period is.
    periods : ndarray of int64 of shape (n_samples,)
        UTC days where there are enough of them; else stretches of time stamps, or of
        rows where there are no times.
    """
    stamps = _stamps(X)
    days, day = np.unique(stamps // _DAY, return_inverse=True)
    if len(days) >= _LEAST_DAYS:
        return "day", day.astype(np.int64)
    unique, place = np.unique(stamps, return_inverse=True)
    n_periods = min(_MOST, len(unique))
    return "stretch of time", (place * n_periods // len(unique)).astype(np.int64)
