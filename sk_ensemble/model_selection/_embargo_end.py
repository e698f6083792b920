"""Find the first time after an embargo, to set two periods apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.model_selection._bars import NEVER
from sk_ensemble.model_selection._embargo import embargo_stops, parse_embargo
from sk_ensemble.model_selection._timeline import read_timeline
from sk_ensemble.utils.time import format_ns, unique_times

__all__ = ["embargo_end"]


def embargo_end(embargo_size: Any, X: Any, after: Any) -> pd.Timestamp:
    """Return the time stamp that follows an embargo from a given time on.

    Use it to set a test period apart from the samples that a model was chosen on, with
    the same words as the splitters.

    Parameters
    ----------
    embargo_size : int, float, str or Timedelta
        Time stamps of the panel's history, a fraction of the samples' time stamps, a
        duration, or trading days such as ``"5 trading days"``.
    X : Panel, Windows or DataFrame
        Samples with times.
    after : str or Timestamp
        Time that the embargo follows; naive times are UTC.

    Returns
    -------
    first : Timestamp
        The first time stamp of the history after the embargo, UTC.

    Raises
    ------
    EmptyFoldError
        If there is none.

    Examples
    --------
    >>> from sk_ensemble import Panel
    >>> from sk_ensemble.datasets import load_bars
    >>> from sk_ensemble.model_selection import embargo_end
    >>> bars = load_bars(symbols=["IF"], start="2021-10-11")
    >>> panel = Panel.from_frame(bars, features=["close"])
    >>> embargo_end(3, panel, after="2021-10-11 02:00")
    Timestamp('2021-10-11 02:20:00+0000', tz='UTC')
    """
    timeline = read_timeline(X)
    start = pd.to_datetime(after, utc=True).as_unit("ns").value
    sample_stamps = unique_times(timeline.times)
    embargo = parse_embargo(embargo_size)
    stop = embargo_stops(embargo, np.array([start]), timeline, sample_stamps)[0]
    stamps = timeline.stamps
    place = int(np.searchsorted(stamps, stop, side="right"))
    if stop == NEVER or place >= len(stamps):
        msg = (
            f"Nothing follows an embargo of {embargo_size!r} after {format_ns(start)}: "
            f"the bars end at {format_ns(stamps[-1])}. Choose an earlier time, a "
            "smaller embargo_size, or later bars."
        )
        raise EmptyFoldError(msg)
    return pd.Timestamp(int(stamps[place]), tz="UTC")
