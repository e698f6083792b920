from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.time_series._kernels import (
    draw_kernels,
    most_combinations,
    transform_windows,
)


def drawn(n_features: int, n_bars: int, n_kernels: int = 504, seed: int = 0):
    state = np.random.RandomState(seed)
    n_examples = most_combinations(n_kernels, 32)
    shape = (n_features, n_bars, n_examples)
    examples = state.normal(size=shape).astype(np.float32)
    return examples, draw_kernels(examples, n_kernels, 32, state)


@pytest.mark.parametrize(("asked", "made"), [(1, 84), (500, 420), (10_000, 9996)])
def test_columns_are_shares_and_as_many_as_published(asked, made):
    examples, kernels = drawn(2, 60, asked)
    shares = transform_windows(examples[:, :, :5], kernels)
    assert shares.shape == (made, 5)
    assert shares.dtype == np.float32
    assert shares.min() >= 0
    assert shares.max() <= 1


def test_windows_of_sixty_bars_have_the_published_dilations():
    assert drawn(1, 60, 10_000)[1].dilations.tolist() == [1, 2, 3, 4, 5, 6, 7]


@given(
    n_features=st.integers(1, 12), n_bars=st.integers(9, 40), seed=st.integers(0, 99)
)
@settings(deadline=None, max_examples=15)
def test_a_column_is_a_convolution_written_out(n_features, n_bars, seed):
    examples, kernels = drawn(n_features, n_bars, 84 * 3, seed)
    values = examples[:, :, :2].astype(np.float64)
    shares = transform_windows(examples[:, :, :2], kernels)
    ends = np.cumsum(kernels.channel_counts)
    places = [
        (a, b, c) for a in range(9) for b in range(a + 1, 9) for c in range(b + 1, 9)
    ]
    column = 0
    for number, end in enumerate(ends):
        dilation, kernel = divmod(number, 84)
        weights = np.where(np.isin(np.arange(9), places[kernel]), 2.0, -1.0)
        step = int(kernels.dilations[dilation])
        chosen = kernels.channels[end - kernels.channel_counts[number] : end]
        padded = np.pad(values[chosen].sum(axis=0), ((4 * step, 4 * step), (0, 0)))
        result = sum(
            weights[i] * padded[i * step : i * step + n_bars] for i in range(9)
        )
        if (dilation + kernel) % 2:
            result = result[4 * step : n_bars - 4 * step]
        for _ in range(kernels.bias_counts[dilation]):
            bias = kernels.biases[column]
            # A result that equals its threshold, but for rounding, may go either way.
            sure = (result > bias + 1e-4).mean(axis=0)
            possible = (result > bias - 1e-4).mean(axis=0)
            assert (sure - 1e-6 <= shares[column]).all()
            assert (shares[column] <= possible + 1e-6).all()
            column += 1
    assert column == len(shares)


@pytest.mark.slow
@pytest.mark.parametrize(("n_features", "n_bars"), [(1, 9), (3, 24), (10, 60)])
def test_columns_are_those_of_sktime(n_features, n_bars):
    # Its module is compiled when it is imported, which takes half a minute.
    from sktime.transformations.rocket import _minirocket_multi_numba as theirs

    examples, kernels = drawn(n_features, n_bars, 9996)
    values = examples[:, :, :50]
    told = tuple(
        part.astype(np.int32)
        for part in (
            kernels.channel_counts,
            kernels.channels,
            kernels.dilations,
            kernels.bias_counts,
        )
    )
    expected = theirs._transform_multi(
        np.ascontiguousarray(values.transpose(2, 0, 1)), (*told, kernels.biases)
    )
    found = transform_windows(values, kernels).T
    # Sums in another order round otherwise, which moves a bar across a threshold in
    # some cases in a million.
    assert (found != expected).mean() < 2e-4
    assert np.abs(found - expected).max() < 2.5 / (n_bars - 8 * ((n_bars - 1) // 8))
