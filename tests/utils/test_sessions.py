from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.sessions import (
    SortedCloses,
    count_between,
    local_days,
    session_starts,
)

HOUR = 3_600_000_000_000


@settings(max_examples=50)
@given(
    gaps=st.lists(st.integers(1, 10), min_size=1, max_size=30),
    symbols=st.lists(st.integers(0, 2), min_size=30, max_size=30),
)
def test_a_session_starts_after_a_longer_step_or_in_another_symbol(gaps, symbols):
    times = np.cumsum(gaps) * HOUR
    codes = np.sort(symbols[: len(gaps)])
    starts = session_starts(times, codes, "4h")
    for i in range(len(gaps)):
        first = i == 0 or codes[i] != codes[i - 1]
        assert starts[i] == (first or gaps[i] > 4)


@given(flags=st.lists(st.booleans(), min_size=1, max_size=20))
def test_count_between_leaves_out_the_first_place_and_counts_the_last(flags):
    array = np.array(flags)
    for first in range(len(flags)):
        for last in range(first, len(flags)):
            found = count_between(array, np.array([first]), np.array([last]))
            assert found[0] == sum(flags[first + 1 : last + 1])


def test_local_days_follow_the_clock_of_the_zone():
    stamps = pd.date_range("2021-03-13", periods=80, freq="1h", tz="UTC")
    expected = [stamp.tz_convert("America/Chicago").date() for stamp in stamps]
    days = local_days(stamps.as_unit("ns").asi8, "America/Chicago")
    assert days.astype("datetime64[D]").tolist() == expected


def test_unknown_time_zone_is_refused():
    with pytest.raises(DataError, match="Mars/Olympus"):
        local_days(np.array([0]), "Mars/Olympus")


def test_given_order_comes_back():
    bars = pd.DataFrame(
        {
            "symbol": ["B", "A", "B", "A"],
            "datetime": pd.to_datetime(["2021-01-02", "2021-01-02"] * 2)
            + pd.to_timedelta([0, 0, -1, -1], unit="D"),
            "close": [1.0, 2.0, 3.0, 4.0],
        }
    )
    closes = SortedCloses.from_bars(bars)
    assert closes.close.tolist() == [4, 2, 3, 1]
    assert closes.in_given_order(closes.close).tolist() == [1, 2, 3, 4]
    assert closes.last.tolist() == [1, 1, 3, 3]
    expected = pd.MultiIndex.from_arrays(
        [bars["symbol"], bars["datetime"].dt.tz_localize("UTC").dt.as_unit("ns")]
    )
    pd.testing.assert_index_equal(closes.index(), expected)
