from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel
from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.model_selection import embargo_end


@pytest.fixture
def panel() -> Panel:
    """Bars of two symbols on different days, 8 a day."""
    days = pd.date_range("2024-01-01", periods=10, freq="D", tz="UTC")
    times = [day + pd.Timedelta(hours=h) for day in days for h in range(8)]
    frames = [
        pd.DataFrame({"symbol": name, "datetime": times[skip::2], "x": 0.0})
        for name, skip in (("A", 0), ("B", 1))
    ]
    return Panel.from_frame(pd.concat(frames))


def slow_end(panel: Panel, n_stamps: int, after: str) -> pd.Timestamp:
    """The stamp after n others that are later than `after`, counted one by one."""
    start, left = pd.Timestamp(after, tz="UTC"), n_stamps
    for stamp in sorted(set(pd.DatetimeIndex(panel.times).tz_localize("UTC"))):
        if stamp > start:
            if not left:
                return stamp
            left -= 1
    raise AssertionError


@pytest.mark.parametrize("n_stamps", [0, 1, 5, 17])
@pytest.mark.parametrize("after", ["2024-01-02 03:00", "2024-01-02 03:30"])
def test_stamps_of_all_symbols_are_counted(panel, n_stamps, after):
    found = embargo_end(n_stamps, panel, after)
    assert found == slow_end(panel, n_stamps, after)


def test_a_duration_counts_from_the_given_time(panel):
    found = embargo_end("36h", panel, "2024-01-02 02:00")
    assert found == pd.Timestamp("2024-01-04 00:00", tz="UTC")


def test_trading_days_end_with_the_day(panel):
    found = embargo_end("2 trading days", panel, "2024-01-02 02:00")
    assert found == pd.Timestamp("2024-01-05 00:00", tz="UTC")


def test_a_fraction_counts_stamps_of_the_samples(panel):
    few = panel[np.arange(0, len(panel), 8)]
    found = embargo_end(0.5, few, few.times[0])
    stamps = np.unique(few.times)
    assert found > pd.Timestamp(stamps[len(stamps) // 2], tz="UTC")


@pytest.mark.parametrize("size", [1000, "30D"])
def test_an_embargo_beyond_the_last_bar_is_refused(panel, size):
    with pytest.raises(EmptyFoldError, match="the bars end at 2024-01-10"):
        embargo_end(size, panel, "2024-01-09")
