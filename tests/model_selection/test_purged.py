"""PurgedSplit against a slow oracle, on random calendars and on real bars."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit
from split_oracle import (
    ALIGNMENTS,
    EMBARGOES,
    Calendar,
    as_frame,
    as_panel,
    assert_folds,
    at,
    blocks_of,
    calendars,
    expected_folds,
    folds_of,
    keys_of,
)

from sk_ensemble.datasets import load_bars
from sk_ensemble.model_selection import PurgedSplit
from sk_ensemble.panel import Panel, Windows
from sk_ensemble.preprocessing import Windower


@st.composite
def splitters(draw, calendar):
    sizes = st.integers(0, 5)
    n_stamps = len(calendar.sample_stamps())
    return PurgedSplit(
        draw(st.integers(2, min(5, n_stamps))),
        purged_size=draw(sizes if calendar.ends is None else st.none() | sizes),
        embargo_size=draw(EMBARGOES),
        closed=draw(st.sampled_from(["both", "left"])),
        align_to=draw(ALIGNMENTS),
    )


def oracle_folds(cv, calendar):
    blocks = blocks_of(calendar, cv.n_splits, cv.align_to)
    settings = (cv.purged_size, cv.embargo_size, cv.closed)
    return blocks and expected_folds(calendar, blocks, *settings)


@settings(max_examples=120)
@given(st.data())
def test_panel_and_windows_folds_equal_the_oracle(data):
    calendar = data.draw(calendars())
    cv = data.draw(splitters(calendar))
    expected = oracle_folds(cv, calendar)
    X = as_panel(calendar)
    assert_folds(cv, X, expected)
    assert_folds(cv, Windows.from_panel(X, 3), expected)


@settings(max_examples=60)
@given(st.data())
def test_frame_folds_equal_the_oracle_in_any_row_order(data):
    calendar = data.draw(calendars(every_bar=True))
    cv = data.draw(splitters(calendar))
    order = data.draw(st.permutations(range(len(calendar.samples))))
    kwargs = {}
    if calendar.ends is not None:
        kwargs["label_end"] = at(np.array(calendar.ends)[order])
    assert_folds(cv, as_frame(calendar, order), oracle_folds(cv, calendar), **kwargs)


@settings(max_examples=60)
@given(st.data())
def test_array_folds_equal_the_oracle(data):
    n_rows = data.draw(st.integers(8, 30))
    bars = tuple(("A", row) for row in range(n_rows))
    calendar = Calendar(bars, bars, None)
    cv = data.draw(splitters(calendar))
    if isinstance(cv.embargo_size, str):
        cv.embargo_size = 3
    cv.align_to = None
    expected = [
        ({m for _, m in train}, {m for _, m in test})
        for train, test in oracle_folds(cv, calendar)
    ]
    if all(train for train, _ in expected):
        got = [(set(a), set(b)) for a, b in cv.split(np.zeros((n_rows, 2)))]
        assert got == expected


@settings(max_examples=60)
@given(st.data())
def test_an_inner_fold_of_a_panel_is_counted_in_the_whole_history(data):
    calendar = data.draw(calendars(every_bar=True, ends=False))
    kept = data.draw(
        st.lists(
            st.sampled_from(calendar.samples), min_size=12, max_size=40, unique=True
        )
        if len(calendar.samples) >= 12
        else st.just(list(calendar.samples))
    )
    inner = replace(calendar, samples=tuple(kept))
    X = as_panel(calendar)
    X = X[[i for i, key in enumerate(keys_of(X)) if key in set(kept)]]
    if len(inner.sample_stamps()) >= 3:
        cv = PurgedSplit(3, purged_size=2, embargo_size=2)
        assert_folds(cv, X, oracle_folds(cv, inner))


@settings(max_examples=60)
@given(st.data())
def test_no_time_is_ever_on_both_sides(data):
    calendar = data.draw(calendars())
    cv = data.draw(splitters(calendar)).set_params(embargo_size=0, closed="left")
    expected = oracle_folds(cv, calendar)
    if expected and all(train for train, _ in expected):
        for train, test in folds_of(cv, as_panel(calendar)):
            assert not {m for _, m in train} & {m for _, m in test}


# --- rows and blocks --------------------------------------------------------------


def test_rows_are_ascending_int64_and_every_row_is_tested_once():
    X = np.zeros((23, 1))
    tests = []
    for train, test in PurgedSplit(4, purged_size=2).split(X):
        assert train.dtype == test.dtype == np.int64
        assert (np.diff(train) > 0).all()
        assert (np.diff(test) > 0).all()
        tests.append(test)
    assert np.concatenate(tests).tolist() == list(range(23))


def test_blocks_are_those_of_array_split():
    sizes = [len(test) for _, test in PurgedSplit(4, purged_size=0).split(np.zeros(23))]
    assert sizes == [len(part) for part in np.array_split(np.arange(23), 4)]


def test_blocks_hold_equal_numbers_of_times_not_of_rows():
    bars = [("A", m) for m in range(8)] + [("B", m) for m in range(4)]
    X = as_panel(Calendar(tuple(bars), tuple(bars), None))
    tested = [test for _, test in folds_of(PurgedSplit(2, purged_size=0), X)]
    assert tested[0] == {(s, m) for s in "AB" for m in range(4)}
    assert tested[1] == {("A", m) for m in range(4, 8)}


def test_symbol_major_and_time_major_frames_give_the_same_folds():
    samples = tuple((s, m) for s in "AB" for m in range(0, 40, 1 + (s == "B")))
    calendar = Calendar(samples, samples, None)
    symbol_major = as_frame(calendar, range(len(samples)))
    time_major = symbol_major.sort_index(level=["datetime", "symbol"])
    cv = PurgedSplit(4, purged_size=3, embargo_size=2)
    folds = folds_of(cv, symbol_major)
    assert folds == folds_of(cv, time_major)
    assert folds == folds_of(cv, time_major.swaplevel().swaplevel())
    assert folds == oracle_folds(cv, calendar)


def test_levels_may_come_in_either_order_and_without_names():
    samples = tuple((s, m) for s in "AB" for m in range(20))
    X = as_frame(Calendar(samples, samples, None), range(len(samples)))
    cv = PurgedSplit(4, purged_size=3, embargo_size=2)
    swapped = X.swaplevel().rename_axis([None, None])
    for one, other in zip(cv.split(X), cv.split(swapped), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_aware_times_are_the_same_as_naive_utc_ones():
    times = pd.date_range("2024-03-30", periods=40, freq="h")
    X = pd.DataFrame({"close": 1.0}, index=times)
    there = X.tz_localize("UTC").tz_convert("Europe/Berlin")
    cv = PurgedSplit(4, embargo_size="3h")
    ends = times + pd.Timedelta("2h")
    for one, other in zip(
        cv.split(X, label_end=ends),
        cv.split(there, label_end=pd.Series(ends).dt.tz_localize("UTC")),
        strict=True,
    ):
        np.testing.assert_array_equal(one[0], other[0])


# --- what the numbers mean --------------------------------------------------------


@pytest.mark.parametrize("horizon", [1, 2, 5])
@pytest.mark.parametrize(("closed", "gap"), [("both", 0), ("left", -1)])
def test_before_a_block_purging_equals_the_gap_of_time_series_split(
    horizon, closed, gap
):
    X = np.zeros((60, 1))
    cv = PurgedSplit(6, purged_size=horizon, closed=closed)
    forward = TimeSeriesSplit(4, gap=horizon + gap, test_size=10)
    later = list(cv.split(X))[2:]
    for (train, test), (past, same) in zip(later, forward.split(X), strict=True):
        np.testing.assert_array_equal(test, same)
        np.testing.assert_array_equal(train[train < test[0]], past)


@pytest.mark.parametrize(("closed", "first"), [("both", 16), ("left", 15)])
def test_an_embargo_of_bars_starts_where_the_last_test_label_ends(closed, first):
    # 24 bars, labels of 2 bars, test rows 6 to 11: the last label ends on bar 13.
    cv = PurgedSplit(4, purged_size=2, embargo_size=2, closed=closed)
    train, test = list(cv.split(np.zeros((24, 1))))[1]
    assert test.tolist() == [6, 7, 8, 9, 10, 11]
    assert train[train > 11][0] == first


def test_the_embargo_follows_a_block_and_never_precedes_it():
    cv = PurgedSplit(4, purged_size=0, embargo_size=3)
    train, test = list(cv.split(np.zeros((24, 1))))[2]
    assert train[train < test[0]].tolist() == list(range(12))
    assert train[train > test[-1]].tolist() == [21, 22, 23]


def test_the_embargo_runs_from_the_real_label_end_not_from_the_purged_zone():
    times = at(range(30))
    X = pd.DataFrame({"close": 1.0}, index=times)
    real = PurgedSplit(3, purged_size=6, embargo_size=4)
    train, test = next(real.split(X, label_end=times + pd.Timedelta("1min")))
    assert test[-1] == 9
    assert train[0] == 16  # own bar 6 later is 15; label end 10, 4 more is 14
    train, _ = next(real.split(X))
    assert train[0] == 20  # without label ends: 15 and 4 more


def test_an_int_embargo_counts_stamps_of_the_history_and_a_fraction_of_the_samples():
    bars = tuple((s, m) for s in "AB" for m in range(int(s == "B"), 60, 2))
    samples = tuple(bar for bar in bars if bar[0] == "A")
    X = as_panel(Calendar(bars, samples, tuple(m for _, m in samples)))
    assert len(X) == 30  # at minutes 0, 2, ... 58; the first block ends at 28
    first = {
        size: min(folds_of(PurgedSplit(2, embargo_size=size), X)[0][0])[1]
        for size in (4, 4 / 30, "4min")
    }
    assert first == {4: 34, 4 / 30: 38, "4min": 34}


def test_durations_are_read_from_every_type():
    X = pd.DataFrame({"close": 1.0}, index=at(range(40)))
    sizes = ["5min", pd.Timedelta("5min"), np.timedelta64(5, "m")]
    sizes.append(pd.Timedelta("5min").to_pytimedelta())
    starts = [
        next(PurgedSplit(2, purged_size=0, embargo_size=s).split(X))[0][0]
        for s in sizes
    ]
    assert starts == [25, 25, 25, 25]


def test_label_end_given_comes_before_that_of_the_panel():
    bars = tuple(("A", m) for m in range(30))
    X = as_panel(Calendar(bars, bars, tuple(range(30))))
    given_ends = X.times + np.timedelta64(5, "m")
    own = next(PurgedSplit(3).split(X))[0][0]
    other = next(PurgedSplit(3).split(X, label_end=given_ends))[0][0]
    assert (own, other) == (10, 15)


def test_the_latest_label_end_in_a_block_counts_not_the_last_rows():
    bars = tuple(("A", m) for m in range(30))
    ends = [m + 1 for m in range(30)]
    ends[2] = 14
    X = as_panel(Calendar(bars, bars, tuple(ends)))
    train, _ = next(PurgedSplit(3).split(X))
    assert train[0] == 15


def test_bars_without_a_sample_count_for_purged_size():
    bars = tuple(("A", m) for m in range(40))
    samples = tuple(("A", m) for m in range(0, 40, 4))
    X = as_panel(Calendar(bars, samples, None))
    train, _ = folds_of(PurgedSplit(2, purged_size=6), X)[0]
    assert min(train) == ("A", 24)  # the block ends at 16, its labels at 22
    alone = as_frame(Calendar(samples, samples, None), range(10))
    assert folds_of(PurgedSplit(2, purged_size=3), alone)[0][0] == {
        ("A", m) for m in (32, 36)
    }


def test_a_symbol_that_ends_early_counts_on_in_the_times_of_the_others():
    bars = tuple([("A", m) for m in range(40)] + [("B", m) for m in range(0, 19, 3)])
    calendar = Calendar(bars, bars, None)
    cv = PurgedSplit(2, purged_size=4)
    train, _ = folds_of(cv, as_panel(calendar))[0]
    # B ends with minute 18, inside the first block, which ends with minute 19: its
    # last label ends 4 stamps later, at 22; A's at 23. Nothing after that is lost.
    assert train == {("A", m) for m in range(24, 40)}
    _, second = folds_of(cv, as_panel(calendar))
    # Before the second block, at 20, B's bars 15 and 18 go: they count 1 bar and 3
    # stamps to 21, and 4 stamps to 22. B's bar 12 counts 2 bars and 2 stamps to 20.
    assert {m for s, m in second[0] if s == "B"} == {0, 3, 6, 9}


def test_labels_that_end_after_the_data_overlap_every_later_block():
    # Rows 23 and 24 have no row 7 later; the last block begins with row 25.
    train, test = list(PurgedSplit(6, purged_size=7).split(np.zeros(30)))[5]
    assert (train[-1], test[0]) == (17, 25)


# --- windows ----------------------------------------------------------------------


def sees_test_bars(embargo_size):
    """Whether a training window after a block holds a bar of the block."""
    bars = tuple((s, m) for s in "AB" for m in range(80))
    X = as_panel(Calendar(bars, bars, tuple(m for _, m in bars)))
    windows = Windows.from_panel(X, 6, lag=1)
    train, test = list(PurgedSplit(4, embargo_size=embargo_size).split(windows))[1]
    later = train[X.times[train] > X.times[test].max()]
    return bool(np.isin(windows.bar_rows(later), X.positions[test]).any())


def test_an_embargo_of_the_window_keeps_test_bars_out_of_later_windows():
    assert not sees_test_bars(embargo_size=6 + 1)
    assert sees_test_bars(embargo_size=6 - 1)


def test_windows_of_an_array_count_rows_of_the_array_they_were_cut_from():
    windows = Windower(3).fit_transform(np.arange(40.0)[:, None])
    cv = PurgedSplit(4, purged_size=3, embargo_size=2)
    for one, other in zip(cv.split(windows), cv.split(np.zeros(40)), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
    # Every third row: a label of 3 bars reaches the next row and no further.
    thinned = windows[::3]
    train, test = next(PurgedSplit(2, purged_size=3).split(thinned))
    assert (test[-1], train[0]) == (6, 8)


# --- real bars --------------------------------------------------------------------

HORIZON = 20


@pytest.fixture(scope="module")
def real():
    """Samples of the shipped bars with the end of a 20-bar label, and without."""
    bars = load_bars()
    labels = bars[["symbol", "datetime"]].assign(
        label=0, label_end=bars.groupby("symbol")["datetime"].shift(-HORIZON)
    )
    labels = labels[labels["label_end"].notna()]
    panel = Panel.from_frame(bars, features=["close"])
    timed, _ = panel.align(labels)
    untimed, _ = panel.align(labels.set_index(["symbol", "datetime"])["label"])
    return timed, untimed


def overlapping(X, rows, test):
    """Mark rows whose label span overlaps some test label, by sorted lookup."""
    times, ends = X.times_ns, X.label_end_ns
    order = test[np.argsort(times[test], kind="stable")]
    latest = np.maximum.accumulate(ends[order])
    before = np.searchsorted(times[order], ends[rows], side="right") - 1
    return (before >= 0) & (latest[np.maximum(before, 0)] >= times[rows])


def test_counted_bars_purge_real_labels_exactly(real):
    timed, untimed = real
    dropped = 0
    for train, test in PurgedSplit(5, purged_size=HORIZON).split(untimed):
        rest = np.setdiff1d(np.arange(len(timed)), np.concatenate([train, test]))
        assert not overlapping(timed, train, test).any()
        assert overlapping(timed, rest, test).all()
        dropped += len(rest)
    assert dropped > 0


def test_counting_in_times_of_all_symbols_would_leak(real):
    timed, _ = real
    stamps = timed.history.unique_times
    places = np.searchsorted(stamps, timed.times_ns) + HORIZON
    short = Panel(
        timed.history, timed.positions, stamps[np.minimum(places, len(stamps) - 1)]
    )
    leaks = [
        overlapping(timed, train, test).sum()
        for train, test in PurgedSplit(5).split(short)
    ]
    assert sum(leaks) == 298


def test_the_cost_per_row_is_no_python_loop(real):
    start = time.perf_counter()
    list(PurgedSplit(5, embargo_size=1440).split(real[0]))
    assert time.perf_counter() - start < 1.0  # 0.02 s on an idle core
