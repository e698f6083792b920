"""An axis of places in time, on which pauses take no room."""

from __future__ import annotations

from typing import Any

from sk_ensemble._typing import NanosecondArray
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["name_times"]

_FEW_DAYS_NS = 4 * 86_400_000_000_000


def name_times(axis: Any, stamps: NanosecondArray) -> None:
    """Label the places of times on the horizontal axis with dates.

    Parameters
    ----------
    axis : matplotlib Axes
        What was drawn on, with places 0, 1, ... of times instead of times.
    stamps : ndarray of int64 of shape (n_times,)
        The times, ascending, nanoseconds in UTC. If they span few days, the time of
        day is told, too.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from sk_ensemble.utils.time_axis import name_times
    >>> axis = Figure().subplots()
    >>> name_times(axis, np.array([0, 86_400 * 10**9 * 31]))
    >>> axis.xaxis.get_major_formatter()(1, None)
    '1970-02-01'
    """
    ticker = import_optional("matplotlib.ticker", extra="experiments")
    unit = "m" if stamps[-1] - stamps[0] < _FEW_DAYS_NS else "D"
    names = from_utc_ns(stamps).astype(f"datetime64[{unit}]").astype(str)

    def name(place: float, _: Any) -> str:
        is_time = 0 <= place < len(names)
        return str(names[int(place)]).replace("T", "\n") if is_time else ""

    axis.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
    axis.xaxis.set_major_formatter(ticker.FuncFormatter(name))
    axis.set_xlabel("time of the samples (UTC), pauses left out")
