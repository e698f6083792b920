from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.neural_network import NHITSModule
from sk_ensemble.neural_network._nhits_block import interpolate


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def small(n_features=2, **settings):
    torch.manual_seed(0)
    shape = {"input_size": 12, "h": 12, "mlp_units": [(32, 32)]}
    return NHITSModule(n_features, 3, **(shape | settings))


@pytest.fixture
def windows():
    return torch.randn(200, 12, 2, generator=torch.manual_seed(1))


def as_blocks_see_it(windows):
    """Return one series per feature, latest step first."""
    return windows.transpose(1, 2).flip(2)


def passed(module, windows):
    """Return what every block takes, and what it gives."""
    seen = []
    hooks = [
        block.register_forward_hook(
            lambda _, taken, given: seen.append((*taken, given))
        )
        for block in module.blocks
    ]
    module(windows)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize(
    ("h", "n_expected"), [(1, 2520759), (12, 2529993), (24, 2540766)]
)
def test_with_one_feature_it_has_neuralforecast_s_number_of_parameters(h, n_expected):
    module = NHITSModule(1, 3, input_size=60, h=h)
    assert n_parameters(module.blocks) == n_expected
    assert n_parameters(module.head) == 3 * h + 3


@settings(max_examples=20)
@given(
    n_features=st.integers(1, 4),
    input_size=st.integers(1, 15),
    h=st.integers(1, 9),
    stacks=st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 2)),
        min_size=1,
        max_size=3,
    ),
)
def test_the_number_of_parameters_follows_the_formula(
    n_features, input_size, h, stacks
):
    units = [8, 6, 5]
    downsample, pools, blocks = zip(*stacks, strict=True)
    module = NHITSModule(
        n_features,
        3,
        input_size=input_size,
        h=h,
        n_freq_downsample=downsample,
        n_pool_kernel_size=pools,
        n_blocks=blocks,
        mlp_units=list(itertools.pairwise(units)),
    )
    expected = 3 * n_features * h + 3
    for step, pool, n_equal in stacks:
        n_pooled = -(-input_size // min(pool, input_size))
        n_theta = n_features * (input_size + max(h // step, 1))
        layers = [n_features * n_pooled, *units, n_theta]
        expected += n_equal * sum(a * b + b for a, b in itertools.pairwise(layers))
    assert n_parameters(module) == expected
    assert module(torch.zeros(2, input_size, n_features)).shape == (2, 3)


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("n_features", [1, 2])
def test_a_block_s_forecast_has_as_many_degrees_of_freedom_as_it_has_knots(
    n_features, mode
):
    module = small(n_features, interpolation_mode=mode).double()
    inputs = torch.randn(500, 12, n_features, dtype=torch.float64)
    forecasts = [given[1] for *_, given in passed(module, inputs)]
    ranks = [
        int(torch.linalg.matrix_rank(forecast.detach().flatten(1)))
        for forecast in forecasts
    ]
    assert ranks == [3 * n_features, 6 * n_features, 12 * n_features]


def test_a_block_sees_what_earlier_ones_have_left(windows):
    (first, (backcast, _)), (second, (again, _)), (third, _) = passed(small(), windows)
    assert torch.equal(first, as_blocks_see_it(windows))
    assert torch.equal(second, first - backcast)
    assert torch.equal(third, first - backcast - again)
    assert backcast.abs().mean() > 0.01


def test_the_forecast_is_the_sum_of_all_on_top_of_the_latest_value(windows):
    module = small()
    parts = [given[1] for *_, given in passed(module, windows)]
    latest = windows[:, -1, :, None]
    torch.testing.assert_close(module.forecast(windows), latest + sum(parts))
    outputs = module.head(module.forecast(windows).flatten(1))
    assert torch.equal(module(windows), outputs)


@pytest.mark.parametrize("h", [2, 5])
def test_every_latent_step_feeds_the_classes(h, windows):
    module = small(h=h)
    assert module.forecast(windows).shape == (200, 2, h)
    steps = module.head.weight.view(3, 2, h).detach()
    assert (steps.abs() > 0).all()
    assert module.head.in_features == 2 * h


@pytest.mark.parametrize("pool_size", [2, 5])
def test_only_the_largest_bar_of_each_pool_is_looked_at(pool_size, windows):
    block = small(n_pool_kernel_size=(pool_size, 1, 1)).blocks[0]
    series = as_blocks_see_it(windows[:20]).contiguous().requires_grad_()
    block.mlp(block.pool(series).flatten(1)).square().sum().backward()
    for row, feature in np.ndindex(20, 2):
        values = series[row, feature].detach().split(pool_size)
        starts = np.arange(0, 12, pool_size)
        expected = {int(s + v.argmax()) for s, v in zip(starts, values, strict=True)}
        looked_at = series.grad[row, feature].nonzero().ravel().tolist()
        assert set(looked_at) == expected


def test_pools_show_the_mean_if_asked_for(windows):
    block = small(n_pool_kernel_size=(5, 1, 1), pooling_mode="AvgPool1d").blocks[0]
    series = as_blocks_see_it(windows)
    means = [part.mean(dim=2) for part in series.split(5, dim=2)]
    torch.testing.assert_close(block.pool(series), torch.stack(means, dim=2))


def test_pools_are_counted_from_the_latest_bar():
    block = small(1, n_pool_kernel_size=(5, 1, 1)).blocks[0]
    window = torch.arange(12.0).view(1, 12, 1)
    assert block.pool(as_blocks_see_it(window)).ravel().tolist() == [11, 6, 1]


@given(n_knots=st.integers(1, 9), size=st.integers(1, 20))
def test_linear_interpolation_is_that_between_centres_of_equal_shares(n_knots, size):
    knots = np.random.default_rng(n_knots).normal(size=n_knots)
    centres = (np.arange(n_knots) + 0.5) / n_knots
    expected = np.interp((np.arange(size) + 0.5) / size, centres, knots)
    found = interpolate(torch.from_numpy(knots).view(1, 1, -1), size, "linear")
    np.testing.assert_allclose(found.numpy().ravel(), expected, atol=1e-12)


def test_the_nearest_knot_is_held_and_cubic_lines_are_smooth():
    knots = torch.tensor([0.0, 1.0, 0.0, 2.0]).view(1, 1, -1)
    held = interpolate(knots, 8, "nearest").ravel()
    assert held.tolist() == [0, 0, 1, 1, 0, 0, 2, 2]
    cubic = interpolate(knots, 8, "cubic").ravel()
    assert cubic.max() > 2 - 1e-6
    assert not torch.equal(cubic, interpolate(knots, 8, "linear").ravel())


@pytest.mark.parametrize(
    "change",
    [
        {"h": 7},
        {"n_freq_downsample": (2, 2, 1)},
        {"n_pool_kernel_size": (2, 4, 1)},
        {"n_blocks": (1, 2, 1)},
        {"mlp_units": [(32, 32), (32, 32)]},
        {"activation": "Tanh"},
        {"interpolation_mode": "nearest"},
        {"pooling_mode": "AvgPool1d"},
    ],
    ids=str,
)
def test_every_part_can_be_changed(change, windows):
    assert not torch.equal(small(**change)(windows), small()(windows))


def test_taking_the_backcast_away_changes_the_outputs(windows):
    module = small()
    outputs = module(windows)
    block = module.blocks[0]
    block.register_forward_hook(lambda _, taken, given: (0 * given[0], given[1]))
    assert not torch.allclose(module(windows), outputs, atol=1e-3)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"n_blocks": (1, 1)}, r"one value for each stack.*n_blocks=\[1, 1\]"),
        (
            dict.fromkeys(["n_blocks", "n_freq_downsample", "n_pool_kernel_size"], ()),
            "at least 1 value",
        ),
        ({"n_freq_downsample": (2, 0, 1)}, r"n_freq_downsample must be whole"),
        ({"mlp_units": [(8, 8), (9, 8)]}, r"each layer taking what .*\[8, 8\], \[9"),
        ({"mlp_units": []}, "mlp_units are pairs"),
        ({"mlp_units": [(8, 8, 8)]}, "mlp_units are pairs"),
    ],
)
def test_lists_that_do_not_fit_are_refused(wrong, told):
    with pytest.raises(ValueError, match=told):
        small(**wrong)
