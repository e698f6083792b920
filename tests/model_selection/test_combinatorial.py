"""CombinatorialPurgedSplit against the slow oracle, counting and other libraries."""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
)

from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.model_selection import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    _plan,
    describe_splits,
)
from sk_ensemble.panel import Windows

SIZES = [(n, k) for n in range(2, 8) for k in range(1, n)]


@st.composite
def splitters(draw, calendar):
    sizes = st.integers(0, 3)
    n_blocks = draw(st.integers(2, min(6, len(calendar.sample_stamps()))))
    return CombinatorialPurgedSplit(
        n_blocks,
        draw(st.integers(1, n_blocks - 1)),
        purged_size=draw(sizes if calendar.ends is None else st.none() | sizes),
        embargo_size=draw(EMBARGOES),
        closed=draw(st.sampled_from(["both", "left"])),
        align_to=draw(ALIGNMENTS),
    )


def oracle_folds(cv, calendar):
    blocks = blocks_of(calendar, cv.n_blocks, cv.align_to)
    folds = list(combinations(range(cv.n_blocks), cv.n_test_blocks))
    settings = (cv.purged_size, cv.embargo_size, cv.closed)
    return blocks and expected_folds(calendar, blocks, *settings, folds)


@settings(max_examples=100)
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
def test_folds_joined_from_runs_are_those_of_masks(data):
    calendar = data.draw(calendars(every_bar=True, ends=False))
    cv = data.draw(splitters(calendar))
    order = data.draw(st.permutations(range(len(calendar.samples))))
    plan = cv.set_params(align_to=None)._plan_folds(
        as_frame(calendar, order), None, None
    )
    found = {"bisected, if sorted": list(plan.indices())}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_plan, "is_ascending", lambda times: False)
        shuffled = replace(plan)
        assert shuffled._by_runs
        found["runs of masks"] = list(shuffled.indices())
        patch.setattr(_plan, "_FEW_RUNS", -1)
        masked = replace(plan)
        assert not masked._by_runs
        found["masks"] = list(masked.indices())
    for number, folds in enumerate(zip(*found.values(), strict=True)):
        for train, test in folds[1:]:
            np.testing.assert_array_equal(train, folds[0][0])
            np.testing.assert_array_equal(test, folds[0][1])
        assert plan.trains_on_nothing(number) == (len(folds[0][0]) == 0)


@settings(max_examples=60)
@given(st.data())
def test_no_time_is_ever_on_both_sides(data):
    calendar = data.draw(calendars())
    cv = data.draw(splitters(calendar)).set_params(embargo_size=0, closed="left")
    try:
        folds = folds_of(cv, as_panel(calendar))
    except (EmptyFoldError, ValueError):
        return
    for train, test in folds:
        assert not {m for _, m in train} & {m for _, m in test}


def test_symbol_major_and_time_major_frames_give_the_same_folds():
    samples = tuple((s, m) for s in "AB" for m in range(0, 60, 1 + (s == "B")))
    calendar = Calendar(samples, samples, None)
    symbol_major = as_frame(calendar, range(len(samples)))
    time_major = symbol_major.sort_index(level=["datetime", "symbol"])
    cv = CombinatorialPurgedSplit(5, 2, purged_size=3, embargo_size=2)
    folds = folds_of(cv, symbol_major)
    assert folds == folds_of(cv, time_major) == oracle_folds(cv, calendar)
    assert folds == folds_of(cv, as_panel(calendar))


# --- counts and paths -------------------------------------------------------------


@pytest.mark.parametrize(("n_blocks", "n_test_blocks"), SIZES)
def test_counts_are_those_of_combinatorics(n_blocks, n_test_blocks):
    cv = CombinatorialPurgedSplit(n_blocks, n_test_blocks, purged_size=0)
    n_rows = 3 * n_blocks
    tests = [test for _, test in cv.split(np.zeros(n_rows))]
    assert cv.get_n_splits() == len(tests) == comb(n_blocks, n_test_blocks)
    times_tested = np.bincount(np.concatenate(tests), minlength=n_rows)
    assert set(times_tested) == {cv.n_paths}
    assert cv.n_paths == comb(n_blocks - 1, n_test_blocks - 1)
    assert cv.n_paths * n_blocks == n_test_blocks * cv.get_n_splits()


@pytest.mark.parametrize(("n_blocks", "n_test_blocks"), SIZES)
def test_each_path_takes_each_block_once_and_in_order_of_the_folds(
    n_blocks, n_test_blocks
):
    cv = CombinatorialPurgedSplit(n_blocks, n_test_blocks)
    seen = dict.fromkeys(range(n_blocks), 0)
    for blocks, paths in zip(cv.test_blocks(), cv.path_ids(), strict=True):
        for block, path in zip(blocks, paths, strict=True):
            assert path == seen[block]
            seen[block] += 1
    assert set(seen.values()) == {cv.n_paths}


def test_the_paths_are_those_of_the_book():
    # Lopez de Prado (2018), figure 12.2: paths, numbered from 1, of the 15 splits of
    # 6 groups of which 2 are tested; row by row the groups, NaN where not tested.
    nan = 0
    figure = np.array(
        [
            [1, 2, 3, 4, 5, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan],
            [1, nan, nan, nan, nan, 2, 3, 4, 5, nan, nan, nan, nan, nan, nan],
            [nan, 1, nan, nan, nan, 2, nan, nan, nan, 3, 4, 5, nan, nan, nan],
            [nan, nan, 1, nan, nan, nan, 2, nan, nan, 3, nan, nan, 4, 5, nan],
            [nan, nan, nan, 1, nan, nan, nan, 2, nan, nan, 3, nan, 4, nan, 5],
            [nan, nan, nan, nan, 1, nan, nan, nan, 2, nan, nan, 3, nan, 4, 5],
        ]
    )
    cv = CombinatorialPurgedSplit(6, 2)
    table = np.zeros((6, 15), dtype=int)
    folds = np.arange(15)[:, None]
    table[cv.test_blocks(), folds] = cv.path_ids() + 1
    np.testing.assert_array_equal(table, figure)


def test_one_test_block_gives_the_folds_of_purged_split():
    X = np.zeros((40, 1))
    settings = {"purged_size": 2, "embargo_size": 3}
    for one, other in zip(
        CombinatorialPurgedSplit(5, 1, **settings).split(X),
        PurgedSplit(5, **settings).split(X),
        strict=True,
    ):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


# --- what other libraries do ------------------------------------------------------


def fixed_purge(n_rows, n_blocks, n_test_blocks, purged_size, embargo_size):
    """Folds by skfolio's documented rule for `purged_size` and `embargo_size`.

    "The number of observations to exclude from the start (end) of each train set that
    are after (before) a test set", and after a test set the embargo besides.
    """
    size = n_rows // n_blocks
    for blocks in combinations(range(n_blocks), n_test_blocks):
        rows = np.arange(n_rows)
        test = np.isin(rows // size, blocks)
        train = ~test
        for block in blocks:
            first, stop = block * size, (block + 1) * size
            train[max(0, first - purged_size) : first] = False
            train[stop : stop + purged_size + embargo_size] = False
        yield np.flatnonzero(train), np.flatnonzero(test)


@pytest.mark.parametrize("horizon", [0, 1, 4])
@pytest.mark.parametrize("embargo", [0, 3])
@pytest.mark.parametrize(("closed", "less"), [("both", 0), ("left", 1)])
def test_regular_bars_are_purged_as_by_a_fixed_number_of_rows(
    horizon, embargo, closed, less
):
    cv = CombinatorialPurgedSplit(
        6, 2, purged_size=horizon, embargo_size=embargo, closed=closed
    )
    fixed = fixed_purge(120, 6, 2, max(0, horizon - less), embargo)
    for one, other in zip(cv.split(np.zeros(120)), fixed, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def one_hull(cv, X):
    """Folds as of libraries that purge from the first to the last test block."""
    rows = np.arange(len(X))
    for _, test in cv.split(X):
        yield rows[(rows < test[0]) | (rows > test[-1])]


def test_training_data_between_two_test_blocks_are_kept():
    X = np.zeros((60, 1))
    cv = CombinatorialPurgedSplit(6, 2, purged_size=2)
    trains = [train for train, _ in cv.split(X)]
    assert trains[4].tolist() == list(range(12, 48))  # blocks 0 and 5 tested
    assert list(one_hull(cv, X))[4].tolist() == []


def leaks(train, test, horizon):
    """Training rows whose label span shares a bar with that of a test row."""
    return [
        i for i in train if any(i <= j + horizon and j <= i + horizon for j in test)
    ]


def only_before(test, n_rows, horizon):
    """Training rows as of libraries that purge before the test rows alone."""
    rows = np.setdiff1d(np.arange(n_rows), test)
    return [i for i in rows if not any(i < j <= i + horizon for j in test)]


def from_first_end(test, n_rows, horizon):
    """Training rows as of mlfinlab, whose zone starts where the first label ends."""
    rows = np.setdiff1d(np.arange(n_rows), test)
    start, stop = test.min() + horizon, test.max() + horizon
    return [i for i in rows if i + horizon < start or i > stop]


@pytest.mark.parametrize("other", [only_before, from_first_end])
def test_labels_leak_by_the_rules_of_other_libraries_and_not_here(other):
    n_rows, horizon = 60, 3
    cv = CombinatorialPurgedSplit(6, 1, purged_size=horizon)
    for fold, (train, test) in enumerate(cv.split(np.zeros(n_rows))):
        assert leaks(train, test, horizon) == []
        if 0 < fold < 5:
            assert leaks(other(test, n_rows, horizon), test, horizon) != []


def test_an_embargo_shorter_than_the_labels_is_no_silent_nothing():
    # Counted from the last test row, as elsewhere, 2 rows would be inside the 4 that
    # purging takes already.
    cv = CombinatorialPurgedSplit(4, 1, purged_size=4)
    without = [len(train) for train, _ in cv.split(np.zeros(80))]
    cv.set_params(embargo_size=2)
    assert [len(train) for train, _ in cv.split(np.zeros(80))] == [
        n - 2 * (fold < 3) for fold, n in enumerate(without)
    ]


# --- what is refused --------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"n_blocks": 1}, ValueError, "n_blocks must be at least 2, got 1"),
        ({"n_blocks": 3.0}, TypeError, "n_blocks must be a whole number"),
        ({"n_test_blocks": 0}, ValueError, "n_test_blocks must be at least 1"),
        ({"n_test_blocks": 4}, ValueError, "less than n_blocks=4, got 4"),
        ({"closed": None}, ValueError, "closed must be 'both' or 'left', got None"),
        ({"align_to": "month"}, ValueError, "align_to must be a duration"),
        ({"align_to": 3}, ValueError, "align_to must be None, 'day', or the pause"),
        ({"align_to": "60"}, ValueError, "Got '60'"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused_before_any_fold(params, error, match):
    cv = CombinatorialPurgedSplit(4, 2, purged_size=0)
    X = pd.DataFrame({"close": 1.0}, index=at(range(40)))
    assert len(list(cv.split(X))) == 6
    with pytest.raises(error, match=match):
        cv.set_params(**params).split(X)


def test_counts_are_refused_with_the_same_words_everywhere():
    cv = CombinatorialPurgedSplit(4, 4)
    for ask in (cv.get_n_splits, cv.path_ids, cv.test_blocks, lambda: cv.n_paths):
        with pytest.raises(ValueError, match="no block would be left to train on"):
            ask()


def test_an_empty_fold_is_refused_with_its_numbers():
    cv = CombinatorialPurgedSplit(3, 2, purged_size=2)
    match = r"Fold 1 of 3 .* of 12 rows, 8 are tested, 4 purged and 0 under embargo"
    with pytest.raises(EmptyFoldError, match=match):
        cv.split(np.zeros(12))


# --- days and sessions ------------------------------------------------------------


@pytest.fixture
def trading():
    """Bars of ten days, of 3 to 7 hours, starting at 22:00 UTC."""
    starts = pd.date_range("2024-01-01 22:00", periods=10, freq="D")
    hours = [3 + day % 5 for day in range(10)]
    stamps = [
        start + pd.Timedelta(hours=hour)
        for start, n in zip(starts, hours, strict=True)
        for hour in range(n)
    ]
    return pd.DataFrame({"close": 1.0}, index=pd.DatetimeIndex(stamps))


@pytest.mark.parametrize(("align_to", "hour"), [("day", 0), ("4h", 22)])
def test_no_day_or_session_is_cut(trading, align_to, hour):
    cv = CombinatorialPurgedSplit(5, 2, purged_size=1, align_to=align_to)
    table = describe_splits(cv, trading)
    assert set(table["test_start"].dt.hour) <= {hour, 22}
    shifted = trading.index - pd.Timedelta(hours=hour)
    for train, test in cv.split(trading):
        days = shifted.floor("D")
        assert not set(days[train]) & set(days[test])
    loose = cv.set_params(align_to=None).split(trading)
    assert any(set(days[train]) & set(days[test]) for train, test in loose)


def test_blocks_hold_equal_numbers_of_sessions(trading):
    cv = CombinatorialPurgedSplit(5, 1, purged_size=0, align_to="4h")
    sizes = [len(test) for _, test in cv.split(trading)]
    assert sizes == [3 + 4, 5 + 6, 7 + 3, 4 + 5, 6 + 7]


def test_rows_without_times_have_no_days():
    cv = CombinatorialPurgedSplit(5, 1, purged_size=0, align_to="day")
    with pytest.raises(ValueError, match="align_to='day' needs times"):
        cv.split(np.zeros(40))


# --- cost -------------------------------------------------------------------------


def seconds_of_folds(cv, X):
    start = time.process_time()
    n_folds = sum(1 for _ in cv.split(X))
    assert n_folds == cv.get_n_splits()
    return time.process_time() - start


@pytest.mark.slow
def test_forty_five_folds_of_a_million_rows_take_a_fifth_of_a_second():
    X = np.zeros((1_000_000, 1), dtype=np.int8)
    cv = CombinatorialPurgedSplit(10, 2, purged_size=20, embargo_size=60)
    assert min(seconds_of_folds(cv, X) for _ in range(5)) < 0.2


def test_memory_is_a_few_bytes_per_row_and_block():
    n_rows = 200_000
    X = np.zeros((n_rows, 1), dtype=np.int8)
    cv = CombinatorialPurgedSplit(10, 2, purged_size=20, embargo_size=60)
    tracemalloc.start()
    for _ in cv.split(X):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Masks of ten blocks, and a few integers per row for times, ends and one fold.
    assert peak < n_rows * (2 * 10 + 12 * 8)
