from __future__ import annotations

import numpy as np
import pytest
import torch

from sk_ensemble import Windower
from sk_ensemble.neural_network import DeviceWindows, _standardize
from sk_ensemble.neural_network._standardize import bar_moments, standardize_bars


@pytest.fixture
def windows():
    bars = np.random.default_rng(0).normal(3, 2, size=(50, 3))
    return Windower(4).transform(bars)[[0, 2, 20, 21, 22, 40]]


WEIGHTS = np.array([0.5, 2.0, 1.0, 1.0, 3.0, 0.25])


@pytest.mark.parametrize("chunk", [65_536, 5])
def test_moments_are_those_of_all_weighted_windows_side_by_side(
    windows, chunk, monkeypatch
):
    monkeypatch.setattr(_standardize, "_CHUNK", chunk)
    values = windows.gather().reshape(-1, 3)
    shares = np.repeat(WEIGHTS, 4)
    mean = np.average(values, axis=0, weights=shares)
    variance = np.average((values - mean) ** 2, axis=0, weights=shares)
    found = bar_moments(DeviceWindows(windows), WEIGHTS)
    np.testing.assert_allclose(found, [mean, np.sqrt(variance)], rtol=1e-12)


def test_standardised_windows_have_mean_zero_and_deviation_one(windows):
    twin = DeviceWindows(windows)
    weights = np.ones(len(windows))
    standardize_bars(twin, *bar_moments(twin, weights))
    values = twin.gather().reshape(-1, 3).numpy()
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(values.std(axis=0), 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("value", [0.0, 0.1, -4321.7])
def test_the_scale_of_a_constant_feature_is_one(value, dtype):
    bars = np.full((1001, 1), value)
    windows = DeviceWindows(Windower(3).transform(bars), dtype=dtype)
    _, scale = bar_moments(windows, np.random.default_rng(0).uniform(size=1001))
    assert scale == 1


def test_a_small_deviation_around_a_large_level_is_kept():
    bars = 4000 + np.arange(100.0)[:, None] / 100
    windows = DeviceWindows(Windower(1).transform(bars), dtype=torch.float32)
    _, scale = bar_moments(windows, np.ones(100))
    np.testing.assert_allclose(scale, bars.std(), rtol=1e-2)
