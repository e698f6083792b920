"""Numbers of bins, and the values of features that splits between them stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble import Windower
from sk_ensemble.boosting._bins import (
    bin_edges,
    has_missing,
    in_bins,
    one_row_per_bin,
)
from sk_ensemble.boosting._lightgbm_trees import _threshold
from sk_ensemble.boosting._xgboost_trees import _conditions

VALUES = st.lists(
    st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 1.0, 2.0]),
    min_size=3,
    max_size=40,
)


def binned(values, n_most, **settings):
    """Return one feature's bars, their edges and their numbers of bins."""
    bars = np.array(values, dtype=np.float32)[:, None]
    windows = Windower(1).transform(bars)
    edges = bin_edges(windows, n_most, **settings)
    return bars[:, 0], edges[0], in_bins(windows, edges).gather()[:, 0, 0].astype(int)


@given(VALUES, st.integers(1, 10))
def test_codes_count_the_edges_below(values, n_most):
    bars, edges, codes = binned(values, n_most)
    assert len(edges) <= n_most
    assert (np.diff(edges) > 0).all()
    assert codes.tolist() == [1 + sum(edge < bar for edge in edges) for bar in bars]


@given(VALUES)
def test_each_value_has_a_bin_of_its_own_where_there_are_bins_enough(values):
    bars, _, codes = binned(values, 254)
    assert len(np.unique(codes)) == len(np.unique(bars))
    order = np.argsort(bars, kind="stable")
    assert (np.diff(codes[order]) >= 0).all()


@given(VALUES, st.integers(1, 10))
def test_a_split_of_xgboost_at_numbers_is_one_at_values(values, n_most):
    bars, edges, codes = binned(values, n_most)
    # The library's first bound lies below all bins and its last one above them.
    numbers = np.array([-1e-5, *range(2, len(edges) + 2), 2.0 * len(edges) + 2])
    for number, bound in zip(numbers, _conditions(numbers, edges), strict=True):
        assert bound.dtype == np.float32
        assert ((bars < bound) == (codes < number)).all()


@given(VALUES, st.integers(1, 10), st.sampled_from(["float32", "float64"]))
def test_a_split_of_lightgbm_at_numbers_is_one_at_values(values, n_most, dtype):
    bars, edges, codes = binned(values, n_most, dtype=dtype)
    for place in range(len(edges) + 1):
        number = "1.0000000180025095e-35" if place == 0 else f"{place}.500000000000001"
        bound = _threshold(number, edges)
        assert ((bars.astype(float) <= bound) == (codes - 1 <= place)).all()
    assert _threshold("1.7976931348623157e+308", edges) > np.abs(bars).max()


def test_numbers_of_bins_are_as_narrow_as_can_be():
    bars = np.arange(600.0)[:, None]
    windows = Windower(2).transform(bars)
    types = {
        n_most: in_bins(windows, bin_edges(windows, n_most)).history.block.dtype
        for n_most in (254, 255)
    }
    assert types == {254: np.uint8, 255: np.uint16}


def test_bars_out_of_reach_are_left_out():
    bars = np.array([[9.0], [np.nan], [1.0], [2.0], [3.0]])
    windows = Windower(2).transform(bars)[3:]
    assert bin_edges(windows, 9)[0].tolist() == [1.5, 2.5]
    assert not has_missing(windows).any()
    assert has_missing(Windower(2).transform(bars)).all()
    codes = in_bins(windows, bin_edges(windows, 9))
    assert codes.gather()[..., 0].tolist() == [[1, 2], [2, 3]]
    assert codes.history.block[:2].tolist() == [[0], [0]]


def test_rows_show_every_bin_of_every_column():
    edges = [np.array([0.5, 1.5, 2.5]), np.array([]), np.array([7.0])]
    rows = one_row_per_bin(edges, 4)
    for column in range(12):
        n_bins = len(edges[column % 3]) + 1
        seen, counts = np.unique(rows[:, column], return_counts=True)
        assert seen.tolist() == list(range(1, n_bins + 1))
        assert np.ptp(counts) <= 1


@pytest.mark.parametrize("missing", [0, 0.2])
def test_missing_values_have_the_number_nothing_else_has(missing):
    rng = np.random.default_rng(0)
    bars = rng.normal(size=(50, 2))
    bars[rng.random(bars.shape) < missing] = np.nan
    windows = Windower(3).transform(bars)
    codes = in_bins(windows, bin_edges(windows, 20))
    assert ((codes.gather() == 0) == np.isnan(windows.gather())).all()
