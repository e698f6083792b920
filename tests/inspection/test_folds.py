from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, Windower
from sk_ensemble.inspection._folds import (
    Fold,
    Reach,
    bars_in_zones,
    bars_of_windows,
    overlapping_rows,
    reach_of,
    rows_reaching,
    zones_of_test,
)
from sk_ensemble.panel import Windows, history_of_array

SPAN = st.tuples(st.integers(0, 30), st.integers(0, 8))


def spans(pairs) -> tuple[np.ndarray, np.ndarray]:
    begins = np.array([begin for begin, _ in pairs], dtype=np.int64)
    return begins, begins + np.array([length for _, length in pairs], dtype=np.int64)


@settings(max_examples=60)
@given(st.lists(SPAN, min_size=1, max_size=20), st.lists(SPAN, min_size=1, max_size=9))
def test_overlaps_are_those_of_every_pair(some, others):
    begins, ends = spans(some)
    first, last = spans(others)
    pairs = (begins[:, None] < last) & (first < ends[:, None])
    expected = pairs.any(axis=1)
    assert np.array_equal(overlapping_rows(begins, ends, first, last), expected)


@settings(max_examples=60)
@given(st.lists(SPAN, min_size=2, max_size=20), st.randoms(use_true_random=False))
def test_zones_reach_from_the_first_time_of_a_run_to_its_last_label_end(some, random):
    times, ends = spans(sorted(some))
    test = np.array(sorted(random.sample(range(len(times)), len(times) // 2)))
    train = np.setdiff1d(np.arange(len(times)), test)
    zones = zones_of_test(times, ends, Fold(0, train, test))
    inside = bars_in_zones(np.arange(60), zones)
    assert np.array_equal(inside, _slow_zones(times, ends, train, test))


def _slow_zones(times, ends, train, test) -> np.ndarray:
    """Walk over the stamps, one after the other."""
    inside = np.zeros(60, dtype=bool)
    begin, until = None, -1
    for stamp in [*sorted(set(times.tolist())), None]:
        rows = [row for row in test if times[row] == stamp]
        if rows:
            begin = stamp if begin is None else begin
            until = max(until, *(ends[row] for row in rows))
        elif begin is not None:
            ends_the_data = stamp is None and times[train].max() < times[test].min()
            inside[begin : 60 if ends_the_data else until + 1] = True
            begin, until = None, -1
    if times[train].max() < times[test].min():
        inside[_last_run(times, test) :] = True
    return inside


def _last_run(times, test) -> int:
    """Return the first time of the last run of test times."""
    stamps = sorted(set(times.tolist()))
    place = stamps.index(times[test].max())
    while place and stamps[place - 1] in set(times[test].tolist()):
        place -= 1
    return stamps[place]


@settings(max_examples=40)
@given(st.integers(1, 6), st.integers(0, 3), st.sets(st.integers(0, 19), max_size=5))
def test_windows_hold_the_bars_that_a_windower_gathers(length, lag, chosen):
    bars = np.zeros(20, dtype=bool)
    bars[list(chosen)] = True
    history = history_of_array(bars.astype(float).reshape(-1, 1))
    positions = np.arange(lag, 20)
    windows = Windows(history, positions, window_length=length, lag=lag)
    expected = windows.gather()[:, :, 0].any(axis=1)
    reach = Reach(length, lag)
    assert np.array_equal(rows_reaching(history, positions, reach, bars), expected)
    held = np.unique(np.append(windows.bar_rows().ravel(), positions))
    assert np.array_equal(
        np.flatnonzero(bars_of_windows(history, positions, reach)), held
    )


def test_the_windower_is_found_wherever_it_stands():
    X = Panel(history_of_array(np.zeros((9, 1))), np.arange(9))
    pipe = make_pipeline(Windower(7, lag=2, flatten=True), LogisticRegression())
    assert reach_of(pipe, X) == Reach(7, 2)
    assert reach_of(GridSearchCV(pipe, {}), X) == Reach(7, 2)
    assert reach_of(BaggingClassifier(pipe), X) == Reach(7, 2)
    assert reach_of(LogisticRegression(), X) == Reach(1, 0)
    windows = Windower(3, lag=1).transform(X[[5, 6]])
    assert reach_of(LogisticRegression(), windows) == Reach(3, 1)
