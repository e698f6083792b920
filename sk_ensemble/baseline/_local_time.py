"""Time of day on the clocks of exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import Windows
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["NO_TIME", "time_slots"]

_DAY_NS = 86_400_000_000_000

#: Slot of samples that have no time.
NO_TIME = -1


def _zone_of(timezone: Any, symbol: Any) -> Any:
    """Return the time zone of a symbol: the one for all, or its own."""
    if not isinstance(timezone, Mapping | pd.Series):
        return timezone
    if symbol not in timezone:
        msg = (
            f"timezone has no entry for symbol {symbol!r}, only for "
            f"{list(timezone.keys())}. Add it, or give one name for all symbols."
        )
        raise DataError(msg)
    return timezone[symbol]


def _nanoseconds_of_day(times: NanosecondArray, timezone: Any) -> IntArray:
    """Return the time since midnight on the local clock."""
    stamps = pd.DatetimeIndex(from_utc_ns(times)).tz_localize("UTC")
    try:
        local = stamps.tz_convert(timezone).tz_localize(None)
    except (KeyError, TypeError, ValueError) as error:
        msg = (
            f"timezone must be a name such as 'Asia/Shanghai', or one for each symbol, "
            f"got {timezone!r}."
        )
        raise DataError(msg) from error
    return local.as_unit("ns").asi8 % _DAY_NS


def time_slots(windows: Windows, timezone: Any, slot_ns: int) -> IntArray:
    """Return the number of each sample's slot of the local day.

    Parameters
    ----------
    windows : Windows
        The samples.
    timezone : str, mapping or Series
        One for all symbols, or one for each.
    slot_ns : int
        Length of a slot in nanoseconds.

    Returns
    -------
    slots : ndarray of int64 of shape (n_samples,)
        Counted from midnight; `NO_TIME` where samples have no time.
    """
    slots = np.full(len(windows), NO_TIME, dtype=np.int64)
    times, codes = windows.times_ns, windows.symbol_codes
    if times is None:
        return slots
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        zone = _zone_of(timezone, windows.history.symbol_names[code])
        slots[rows] = _nanoseconds_of_day(times[rows], zone) // slot_ns
    return slots
