"""The stretch of bars that a label looks at, and where there is an honest one."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.utils.sessions import SortedCloses, count_between
from sk_ensemble.utils.time import from_utc_ns, timedelta_ns

__all__ = [
    "Forward",
    "Horizon",
    "checked_delay",
    "checked_horizon",
    "horizon_or_duration",
]

#: A number of bars, or a duration.
Horizon: TypeAlias = int | pd.Timedelta


def checked_horizon(horizon: int) -> int:
    """Return a number of bars as int; refuse less than one."""
    check_scalar(horizon, "horizon", Integral, min_val=1)
    return int(horizon)


def checked_delay(entry_delay: int) -> int:
    """Return the delay as int; refuse less than none."""
    check_scalar(entry_delay, "entry_delay", Integral, min_val=0)
    return int(entry_delay)


def horizon_or_duration(horizon: Any) -> Horizon:
    """Return a number of bars as int, a duration as Timedelta."""
    if isinstance(horizon, str | timedelta | np.timedelta64):
        return pd.Timedelta(timedelta_ns(horizon, name="horizon"), unit="ns")
    return checked_horizon(horizon)


def _ends_after_bars(closes: SortedCloses, entry: IntArray, horizon: int) -> IntArray:
    """Return the place `horizon` bars after the entry, -1 beyond the last bar."""
    end = entry + horizon
    return np.where(end <= closes.last, end, -1)


def _ends_after_time(
    closes: SortedCloses, entry: IntArray, duration: pd.Timedelta
) -> IntArray:
    """Return the first bar `duration` or more after the entry, -1 if there is none."""
    wanted = closes.times[entry] + duration.value
    end = np.empty_like(entry)
    for first, stop in zip(closes.bounds[:-1], closes.bounds[1:], strict=True):
        times = closes.times[first:stop]
        end[first:stop] = first + np.searchsorted(times, wanted[first:stop])
    return np.where(end <= closes.last, end, -1)


def _before_next(breaks: BoolArray, last: IntArray) -> IntArray:
    """Return the last place before the next break, or -1 where no break follows."""
    starts = np.append(np.flatnonzero(breaks), len(breaks))
    bars = np.arange(len(breaks))
    before = starts[np.searchsorted(starts, bars, side="right")] - 1
    return np.where(before < last, before, -1)


class Forward:
    """The bars from the entry to the end of each label, and where they are usable.

    Whether a bar is usable depends on the calendar alone, never on a price.

    Parameters
    ----------
    closes : SortedCloses
        The closes.
    horizon : int or Timedelta
        Bars from the entry to the end, or time to the first bar that ends it.
    entry_delay : int
        Bars from the labelled bar to the entry.
    across_sessions : bool
        Whether the stretch may cross a session gap.
    session_gap : str or Timedelta
        Longest step within a session.
    close_at_session_end : bool, default=False
        Whether the last bar before a break ends the stretch early.
    """

    def __init__(
        self,
        closes: SortedCloses,
        *,
        horizon: Horizon,
        entry_delay: int,
        across_sessions: bool,
        session_gap: Any,
        close_at_session_end: bool = False,
    ) -> None:
        self.closes = closes
        bar = np.arange(len(closes.close))
        self.entry: IntArray = np.minimum(bar + entry_delay, closes.last)
        if isinstance(horizon, pd.Timedelta):
            end = _ends_after_time(closes, self.entry, horizon)
        else:
            end = _ends_after_bars(closes, self.entry, horizon)
        breaks = closes.new_contract
        if not across_sessions:
            breaks = breaks | closes.session_starts(session_gap)
        if close_at_session_end:
            close = _before_next(breaks, closes.last)
            end = np.where((close >= 0) & ((end < 0) | (end > close)), close, end)
        exists = end > self.entry
        self.end: IntArray = np.where(exists, end, bar)
        self.usable: BoolArray = exists & (count_between(breaks, bar, self.end) == 0)

    @property
    def log_returns(self) -> FloatArray:
        """Log return from the entry to the end, shape (n_bars,)."""
        log_close = np.log(self.closes.close)
        return log_close[self.end] - log_close[self.entry]

    def frame(
        self, columns: dict[str, Any], places: IntArray, ends: IntArray
    ) -> pd.DataFrame:
        """Return labels as a frame in the row order of the given bars.

        Parameters
        ----------
        columns : dict of str to array of shape (n_labels,)
            The columns before ``label_end``, and those after it.
        places : ndarray of int of shape (n_labels,)
            Places of the labelled bars.
        ends : ndarray of int of shape (n_labels,)
            Places of the bars that end the labels.
        """
        closes = self.closes
        rows = closes.order[places]
        sorting = np.argsort(rows, kind="stable")
        stamps = from_utc_ns(closes.times[ends[sorting]])
        frame = pd.DataFrame(
            {name: values[sorting] for name, values in columns.items()},
            index=closes.index()[rows[sorting]],
        )
        frame.insert(1, "label_end", pd.DatetimeIndex(stamps).tz_localize("UTC"))
        return frame
