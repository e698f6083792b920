from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.time import (
    NAT,
    format_ns,
    from_utc_ns,
    is_ascending,
    timedelta_ns,
    to_utc_ns,
    unique_times,
)

STAMP = dt.datetime(2024, 11, 3, 1, 30)
HALF_PAST_ONE = int(STAMP.replace(tzinfo=dt.UTC).timestamp()) * 10**9
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([STAMP]),
        pd.DatetimeIndex([STAMP]),
        np.array([STAMP], dtype="datetime64[s]"),
        np.array([STAMP], dtype="datetime64[us]"),
        [STAMP],
        [pd.Timestamp(STAMP)],
        pd.Series([STAMP], dtype=object),
        pd.Series([STAMP], index=[7]),
        pd.Series([STAMP], dtype="timestamp[us][pyarrow]"),
        pd.Series([STAMP]).dt.tz_localize("UTC").dt.tz_convert(NEW_YORK),
        pd.Series([STAMP.replace(tzinfo=dt.UTC)], dtype="timestamp[ms, UTC][pyarrow]"),
    ],
    ids=str,
)
def test_every_kind_of_time_stamp_gives_the_same_nanoseconds(values):
    assert to_utc_ns(values).tolist() == [HALF_PAST_ONE]
    assert to_utc_ns(values).dtype == np.int64


@given(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)))
def test_nanoseconds_and_back_is_the_identity(stamp):
    nanoseconds = to_utc_ns([stamp])
    assert from_utc_ns(nanoseconds)[0] == np.datetime64(stamp, "ns")
    assert format_ns(nanoseconds[0]) == f"{pd.Timestamp(stamp)} UTC"


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_a_missing_stamp_stays_missing(unit):
    values = pd.Series([pd.Timestamp(STAMP), pd.NaT]).dt.as_unit(unit)
    assert to_utc_ns(values).tolist() == [HALF_PAST_ONE, NAT]
    assert format_ns(NAT) == "NaT"


def test_missing_stamps_only_are_times_if_their_type_is():
    assert to_utc_ns(pd.Series([pd.NaT])).tolist() == [NAT]


def test_no_stamps_are_no_nanoseconds():
    assert to_utc_ns([]).tolist() == to_utc_ns(pd.DatetimeIndex([])).tolist() == []


def test_both_passes_through_the_same_hour_are_kept_apart():
    twice = [STAMP.replace(tzinfo=NEW_YORK, fold=fold) for fold in (0, 1)]
    first, second = to_utc_ns(twice)
    assert second - first == 3600 * 10**9


def test_mixed_zones_are_refused_with_the_rows():
    values = pd.Series([pd.NaT, STAMP, STAMP.replace(tzinfo=dt.UTC)], dtype=object)
    with pytest.raises(DataError, match=r"end mixes.* row 1 has no .*row 2 has .*UTC"):
        to_utc_ns(values, name="end")
    assert to_utc_ns(values[:2]).tolist() == [NAT, HALF_PAST_ONE]


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        ["2024-01-01"],
        [1.5],
        [True],
        [STAMP, 1],
        pd.period_range("2024", periods=2),
    ],
)
def test_anything_else_is_refused_by_name_and_type(values):
    with pytest.raises(DataError, match="label_end must hold time stamps, got dtype"):
        to_utc_ns(values, name="label_end")


@pytest.mark.parametrize("year", [1600, 2300])
def test_stamps_beyond_the_range_are_refused(year):
    values = np.array(["2024", str(year)], dtype="datetime64[us]")
    with pytest.raises(DataError, match=rf"{year}.* in row 1"):
        to_utc_ns(values)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_is_converted_up_to_the_last_instant_that_fits(unit):
    fits = ["1678-01-01", "2024-11-03 01:30", "2262-04-11"]
    values = np.array(fits, dtype=f"datetime64[{unit}]")
    expected = [pd.Timestamp(value).as_unit("ns").value for value in fits]
    assert to_utc_ns(values).tolist() == expected
    assert to_utc_ns(np.append(values, np.datetime64("NaT")))[-1] == NAT


@given(st.lists(st.integers(-5, 5)))
def test_unique_times_are_those_of_numpy(values):
    times = np.array(values, dtype=np.int64)
    assert is_ascending(times) == (values == sorted(values))
    for given_times in (times, np.sort(times)):
        assert unique_times(given_times).tolist() == sorted(set(values))


@pytest.mark.parametrize(
    "value", ["4h", "240min", pd.Timedelta("4h"), dt.timedelta(hours=4)]
)
def test_durations_are_nanoseconds(value):
    assert timedelta_ns(value, name="gap") == 4 * 3600 * 10**9


@pytest.mark.parametrize("value", ["spam", "-1h", "0s", None, pd.NaT, [1]])
def test_no_positive_duration_is_refused(value):
    with pytest.raises(DataError, match="gap must be a"):
        timedelta_ns(value, name="gap")
