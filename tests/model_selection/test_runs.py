"""Runs of rows against the masks they stand for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.model_selection._purge import is_within, overlaps
from sk_ensemble.model_selection._runs import find_runs, join_runs, rows_outside
from sk_ensemble.model_selection._sorted_spans import SortedSpans


def mask_of(runs, n_rows):
    mask = np.zeros(n_rows, dtype=int)
    for start, stop in zip(*runs, strict=True):
        assert start < stop
        mask[start:stop] += 1
    return mask


@settings(max_examples=100)
@given(st.integers(0, 14), st.data())
def test_runs_hold_each_row_of_their_masks_once(n_rows, data):
    rows = st.lists(st.booleans(), min_size=n_rows, max_size=n_rows)
    masks = [np.array(data.draw(rows), dtype=bool) for _ in range(3)]
    for mask in masks:
        np.testing.assert_array_equal(mask_of(find_runs(mask), n_rows), mask)
    joined = join_runs([find_runs(mask) for mask in masks])
    union = np.logical_or.reduce(masks)
    np.testing.assert_array_equal(mask_of(joined, n_rows), union)
    np.testing.assert_array_equal(mask_of(rows_outside(joined, n_rows), n_rows), ~union)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), min_size=1), st.data()
)
def test_sorted_spans_are_found_without_masks(spans, data):
    times, lengths = np.array(sorted(spans)).T
    ends = times + lengths  # in any order
    first = data.draw(st.sampled_from(times))
    last = data.draw(st.sampled_from(times[times >= first]))
    stop = last + data.draw(st.integers(0, 8))
    found = SortedSpans(times, ends)
    inside = mask_of(found.within(first, last), len(times))
    np.testing.assert_array_equal(inside, is_within(times, first, last))
    touching = mask_of(found.overlapping(first, stop), len(times))
    np.testing.assert_array_equal(touching, overlaps(times, ends, first, stop))
