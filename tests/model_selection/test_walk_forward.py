"""WalkForwardSplit against the slow oracle and scikit-learn's TimeSeriesSplit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit
from split_oracle import (
    ALIGNMENTS,
    Calendar,
    as_frame,
    as_panel,
    assert_folds,
    at,
    calendars,
    folds_of,
    minutes_of,
    names,
    taken_by_block,
    unit_of,
    units_of,
)

from sk_ensemble.datasets import load_bars
from sk_ensemble.exceptions import DataError, EmptyFoldError
from sk_ensemble.model_selection import WalkForwardSplit, describe_splits
from sk_ensemble.panel import Panel, Windows

# --- the oracle -------------------------------------------------------------------


def test_blocks(units, n_splits, size):
    """Sets of stamps of the test blocks, or None where there are too few."""
    if isinstance(size, str):
        last, span = max(units[-1]), minutes_of(size)
        periods = {}
        for unit in units:
            back = (last - min(unit)) // span
            periods.setdefault(back, set()).update(unit)
        blocks = [periods[back] for back in sorted(periods, reverse=True)]
        return blocks[-n_splits:] if len(blocks) >= n_splits else None
    size = size or max(1, len(units) // (n_splits + 1))
    if n_splits * size > len(units):
        return None
    last = units[len(units) - n_splits * size :]
    return [set.union(*last[i : i + size]) for i in range(0, len(last), size)]


test_blocks.__test__ = False


def trained(calendar, cv, block):
    """Samples before a block that purging and the greatest length leave."""
    taken, _ = taken_by_block(calendar, block, cv.purged_size, 0, cv.closed)
    past = [
        row
        for row, (_, minute) in enumerate(calendar.samples)
        if minute < min(block) and row not in taken
    ]
    size = cv.max_train_size
    if isinstance(size, str):
        earliest = min(block) - minutes_of(size)
        return [row for row in past if calendar.samples[row][1] >= earliest]
    if size is None:
        return past
    unit = {
        row: unit_of(calendar, calendar.samples[row][1], cv.align_to) for row in past
    }
    kept = sorted(set(unit.values()))[-size:]
    return [row for row in past if unit[row] in kept]


def oracle_folds(cv, calendar):
    units = units_of(calendar, cv.align_to)
    blocks = test_blocks(units, cv.n_splits, cv.test_size)
    return blocks and [
        (
            names(calendar, trained(calendar, cv, block)),
            {sample for sample in calendar.samples if sample[1] in block},
        )
        for block in blocks
    ]


LENGTHS = (
    st.none() | st.integers(1, 6) | st.sampled_from(["3min", "1440min", "4000min"])
)


@st.composite
def splitters(draw, calendar):
    sizes = st.integers(0, 4)
    return WalkForwardSplit(
        draw(st.integers(1, 4)),
        test_size=draw(LENGTHS),
        max_train_size=draw(LENGTHS),
        purged_size=draw(sizes if calendar.ends is None else st.none() | sizes),
        closed=draw(st.sampled_from(["both", "left"])),
        align_to=draw(ALIGNMENTS),
    )


@settings(max_examples=150)
@given(st.data())
def test_panel_and_windows_folds_equal_the_oracle(data):
    calendar = data.draw(calendars())
    cv = data.draw(splitters(calendar))
    expected = oracle_folds(cv, calendar)
    X = as_panel(calendar)
    assert_folds(cv, X, expected)
    assert_folds(cv, Windows.from_panel(X, 3), expected)


@settings(max_examples=70)
@given(st.data())
def test_frame_folds_equal_the_oracle_in_any_row_order(data):
    calendar = data.draw(calendars(every_bar=True))
    cv = data.draw(splitters(calendar))
    order = data.draw(st.permutations(range(len(calendar.samples))))
    kwargs = {}
    if calendar.ends is not None:
        kwargs["label_end"] = at(np.array(calendar.ends)[order])
    assert_folds(cv, as_frame(calendar, order), oracle_folds(cv, calendar), **kwargs)


@settings(max_examples=80)
@given(st.data())
def test_every_training_label_ends_before_the_test_block(data):
    calendar = data.draw(calendars(ends=True))
    cv = data.draw(splitters(calendar))
    if cv.align_to is None and cv.test_size is None:
        X = as_panel(calendar)
        try:
            folds = list(cv.split(X))
        except ValueError:
            return
        for train, test in folds:
            first = X.times_ns[test].min()
            reach = X.label_end_ns[train] - (cv.closed == "left")
            assert (X.times_ns[train] < first).all()
            assert (np.maximum(reach, X.times_ns[train]) < first).all()


def test_symbol_major_and_time_major_frames_give_the_same_folds():
    samples = tuple((s, m) for s in "AB" for m in range(0, 60, 1 + (s == "B")))
    calendar = Calendar(samples, samples, None)
    symbol_major = as_frame(calendar, range(len(samples)))
    time_major = symbol_major.sort_index(level=["datetime", "symbol"])
    cv = WalkForwardSplit(4, test_size=7, max_train_size=20, purged_size=3)
    folds = folds_of(cv, symbol_major)
    assert folds == folds_of(cv, time_major) == oracle_folds(cv, calendar)


# --- scikit-learn -----------------------------------------------------------------


@settings(max_examples=100)
@given(
    n_rows=st.integers(20, 60),
    n_splits=st.integers(2, 5),
    test_size=st.none() | st.integers(1, 6),
    max_train_size=st.none() | st.integers(1, 30),
    horizon=st.integers(0, 5),
    closed=st.sampled_from(["both", "left"]),
)
def test_bars_of_one_symbol_are_split_as_by_time_series_split(
    n_rows, n_splits, test_size, max_train_size, horizon, closed
):
    sizes = {"test_size": test_size, "max_train_size": max_train_size}
    gap = horizon if closed == "both" else max(0, horizon - 1)
    other = TimeSeriesSplit(n_splits, gap=gap, **sizes)
    cv = WalkForwardSplit(n_splits, purged_size=horizon, closed=closed, **sizes)
    X = np.zeros((n_rows, 1))
    try:
        expected = list(other.split(X))
    except ValueError:
        with pytest.raises(ValueError, match=r"no training rows|need"):
            cv.split(X)
        return
    for (train, test), (past, same) in zip(cv.split(X), expected, strict=True):
        np.testing.assert_array_equal(test, same)
        np.testing.assert_array_equal(train, past)


def two_symbols(n_times):
    """Label ends and times of two symbols, of which one trades every fourth time."""
    bars = tuple((s, m) for s in "AB" for m in range(0, n_times, 1 + 3 * (s == "B")))
    return as_panel(Calendar(bars, bars, None))


def test_on_a_panel_a_gap_in_rows_leaks_and_counted_bars_do_not():
    horizon = 5
    X = two_symbols(120)
    reach = np.where(X.symbols == "A", horizon, 4 * horizon) * 60 * 10**9
    cv = WalkForwardSplit(4, purged_size=horizon)
    leaks = {"ours": 0, "gap": 0}
    for name, splitter in (("ours", cv), ("gap", TimeSeriesSplit(4, gap=horizon))):
        for train, test in splitter.split(X):
            ends = X.times_ns[train] + reach[train]
            leaks[name] += (ends >= X.times_ns[test].min()).sum()
    assert leaks["ours"] == 0
    assert leaks["gap"] > 0


def test_a_time_is_cut_in_two_by_rows_and_not_here():
    bars = tuple((s, m) for s in "AB" for m in range(61))
    X = as_panel(Calendar(bars, bars, None))  # 2 rows each time
    both_sides = {"ours": 0, "rows": 0}
    ours = WalkForwardSplit(4, purged_size=0, closed="left")
    for name, splitter in (("ours", ours), ("rows", TimeSeriesSplit(4, test_size=25))):
        for train, test in splitter.split(X):
            both_sides[name] += len(set(X.times_ns[train]) & set(X.times_ns[test]))
    assert both_sides["ours"] == 0
    assert both_sides["rows"] > 0


# --- calendar periods -------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    bars = load_bars(["IF", "AG"], start="2021-01", end="2021-10")
    panel = Panel.from_frame(bars, features=["close"])
    ends = bars.groupby("symbol")["datetime"].shift(-20)
    labels = bars[["symbol", "datetime"]].assign(label=0, label_end=ends)
    return panel.align(labels[ends.notna()])[0]


@pytest.mark.parametrize(
    ("test_size", "period"),
    [("MS", "M"), ("W-MON", "W-SUN"), ("QS", "Q"), (pd.offsets.MonthBegin(), "M")],
    ids=str,
)
def test_each_calendar_period_is_a_test_block(real, test_size, period):
    cv = WalkForwardSplit(3, test_size=test_size)
    own = pd.DatetimeIndex(real.times).to_period(period)
    last = own.unique().sort_values()[-3:]
    for (train, test), name in zip(cv.split(real), last, strict=True):
        np.testing.assert_array_equal(test, np.flatnonzero(own == name))
        assert (own[train] < name).all()


def test_training_on_so_many_months(real):
    own = pd.DatetimeIndex(real.times).to_period("M")
    cv = WalkForwardSplit(4, test_size="MS", max_train_size="2MS")
    for train, test in cv.split(real):
        month = own[test][0]
        assert set(own[train]) == {month - 2, month - 1}


def test_training_on_so_many_days_before_the_block(real):
    cv = WalkForwardSplit(4, test_size="7D", max_train_size=pd.Timedelta("14D"))
    for train, test in cv.split(real):
        first = real.times[test].min()
        span = first - real.times[train].min()
        assert np.timedelta64(13, "D") < span <= np.timedelta64(14, "D")


def test_sizes_count_days_where_blocks_are_days(real):
    days = pd.DatetimeIndex(real.times).floor("D")
    cv = WalkForwardSplit(6, test_size=2, max_train_size=30, align_to="day")
    for train, test in cv.split(real):
        assert days[test].nunique() == 2
        assert days[train].nunique() == 30
        assert not set(days[train]) & set(days[test])


def test_durations_are_read_from_every_type(real):
    sizes = ["7D", pd.Timedelta("7D"), np.timedelta64(7, "D"), pd.offsets.Day(7)]
    sizes += [pd.Timedelta("7D").to_pytimedelta(), pd.offsets.Hour(168)]
    starts = {next(WalkForwardSplit(3, test_size=s).split(real))[1][0] for s in sizes}
    assert len(starts) == 1


# --- what becomes of each row -----------------------------------------------------


def test_rows_outside_the_training_times_are_counted_as_unused():
    cv = WalkForwardSplit(2, test_size=3, max_train_size=4, purged_size=2)
    table = describe_splits(cv, np.zeros((15, 1)))
    counts = table[["train", "test", "purged", "embargoed", "unused"]]
    assert counts.to_numpy().tolist() == [[4, 3, 2, 0, 6], [4, 3, 2, 0, 6]]
    assert table["purged_share"].tolist() == [2 / 6, 2 / 6]


def test_an_empty_first_fold_is_refused_with_its_numbers():
    cv = WalkForwardSplit(4, test_size=3, purged_size=0)
    match = r"Fold 0 of 4 .* 3 are tested, 0 purged .*, 9 outside the times to train on"
    with pytest.raises(EmptyFoldError, match=match):
        cv.split(np.zeros(12))
    assert len(list(cv.split(np.zeros(13)))) == 4
    with pytest.raises(ValueError, match="4 test blocks of 3 need 12"):
        cv.split(np.zeros(11))


def test_one_split_is_a_holdout():
    ((train, test),) = WalkForwardSplit(1, test_size=4, purged_size=1).split(
        np.zeros(9)
    )
    assert (train.tolist(), test.tolist()) == ([0, 1, 2, 3], [5, 6, 7, 8])


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"n_splits": 0}, ValueError, "n_splits must be at least 1, got 0"),
        ({"test_size": 0}, ValueError, "test_size must be at least 1, got 0"),
        ({"test_size": 0.2}, TypeError, "test_size must be a whole number, got 0.2"),
        ({"test_size": "10"}, TypeError, "must be a whole number, got '10' of str"),
        ({"test_size": "5 parsecs"}, ValueError, "test_size must be a duration"),
        ({"test_size": "ME"}, ValueError, "names the beginnings of periods, .* 'ME'"),
        ({"test_size": "-1MS"}, ValueError, "got '-1MS'"),
        ({"max_train_size": -5}, ValueError, "max_train_size must be at least 1"),
        ({"max_train_size": "-5D"}, ValueError, "must be a positive duration"),
        ({"test_size": "MS"}, ValueError, "more than the 1 periods of test_size='MS'"),
        ({"test_size": "30D"}, ValueError, "1 periods of test_size='30 days 00:00:00'"),
        ({"purged_size": None}, ValueError, "Nothing says when the labels end"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused_before_any_fold(params, error, match):
    X = pd.DataFrame({"close": 1.0}, index=at(range(40)))
    cv = WalkForwardSplit(3, purged_size=1)
    assert len(list(cv.split(X))) == 3
    with pytest.raises(error, match=match):
        cv.set_params(**params).split(X)


@pytest.mark.parametrize("name", ["test_size", "max_train_size"])
def test_lengths_of_time_are_refused_for_rows_without_times(name):
    cv = WalkForwardSplit(3, purged_size=1).set_params(**{name: "1h"})
    with pytest.raises(
        DataError, match=f"{name}='0 days 01:00:00' is a length of time"
    ):
        cv.split(np.zeros((20, 1)))


@pytest.mark.parametrize("test_size", [None, 3, "1h"])
def test_no_rows_are_refused(test_size):
    X = pd.DataFrame({"close": 1.0}, index=at([1]))[:0]
    with pytest.raises(ValueError, match=r"0 different times|There are no rows"):
        WalkForwardSplit(2, test_size=test_size, purged_size=0).split(X)
