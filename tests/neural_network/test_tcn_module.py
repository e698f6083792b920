from __future__ import annotations

import copy
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.neural_network import TCNModule
from sk_ensemble.neural_network._causal_conv import CausalConv1d


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def steps_of(module, windows):
    """Return what the blocks give for every step, shape (n, n_steps, n_channels)."""
    return module.blocks(windows.transpose(1, 2)).transpose(1, 2)


@pytest.mark.parametrize(
    ("shape", "channels", "kernel_size", "n_expected"),
    [((1, 2), [25] * 8, 7, 66_702), ((10, 3), [64] * 4, 3, 89_859)],
)
def test_published_shapes_have_their_number_of_parameters(
    shape, channels, kernel_size, n_expected
):
    module = TCNModule(*shape, channels=channels, kernel_size=kernel_size)
    assert n_parameters(module) == n_expected


@settings(max_examples=15)
@given(
    n_features=st.integers(1, 4),
    channels=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    kernel_size=st.integers(2, 4),
)
def test_the_number_of_parameters_follows_the_formula(
    n_features, channels, kernel_size
):
    expected = 3 * channels[-1] + 3
    n_inputs = n_features
    for n in channels:
        expected += kernel_size * n * (n_inputs + n) + 4 * n
        expected += (n_inputs + 1) * n * (n_inputs != n)
        n_inputs = n
    module = TCNModule(n_features, 3, channels=channels, kernel_size=kernel_size)
    assert n_parameters(module) == expected


def test_no_step_sees_a_later_one():
    torch.manual_seed(0)
    module = TCNModule(2, 3, channels=[16, 16, 16]).double().eval()
    windows = torch.randn(1, 20, 2, dtype=torch.float64, requires_grad=True)
    for step in range(20):
        output = steps_of(module, windows)[:, step].sum()
        (gradient,) = torch.autograd.grad(output, windows)
        assert (gradient[:, step + 1 :] == 0).all()
        assert gradient[:, step].abs().sum() > 0


@pytest.mark.parametrize(("n_blocks", "kernel_size"), [(4, 3), (2, 4), (1, 2)])
def test_the_last_step_depends_on_as_many_steps_as_promised(n_blocks, kernel_size):
    torch.manual_seed(0)
    module = TCNModule(1, 3, channels=[8] * n_blocks, kernel_size=kernel_size)
    expected = 1 + 2 * (kernel_size - 1) * (2**n_blocks - 1)
    assert module.receptive_field == expected
    windows = torch.randn(64, expected + 5, 1, requires_grad=True)
    module.eval()(windows).square().sum().backward()
    seen = windows.grad.abs().sum(dim=(0, 2)) > 0
    assert seen.tolist() == [False] * 5 + [True] * expected


def test_weights_have_a_length_and_a_direction_of_their_own():
    steps = torch.randn(4, 3, 9, generator=torch.manual_seed(0))
    layer = CausalConv1d(3, 5, kernel_size=2, dilation=3)
    outputs = layer(steps)
    with torch.no_grad():
        layer.direction.mul_(7.0)
        torch.testing.assert_close(layer(steps), outputs)
        layer.length.mul_(2.0)
    bias = layer.bias[:, None]
    torch.testing.assert_close(layer(steps) - bias, 2 * (outputs - bias))


def test_a_filter_looks_at_steps_that_are_its_dilation_apart():
    steps = torch.randn(2, 3, 9, generator=torch.manual_seed(0))
    layer = CausalConv1d(3, 5, kernel_size=2, dilation=3)
    norms = layer.direction.square().sum(dim=(1, 2), keepdim=True).sqrt()
    earlier, now = (layer.direction / norms * layer.length).unbind(dim=2)
    padded = torch.cat([torch.zeros(2, 3, 3), steps], dim=2)
    expected = earlier @ padded[:, :, :9] + now @ steps + layer.bias[:, None]
    torch.testing.assert_close(layer(steps), expected)


def test_there_is_a_way_around_the_convolutions():
    module = TCNModule(2, 3, channels=[4, 4]).eval()
    windows = torch.randn(2, 9, 2, generator=torch.manual_seed(0))
    first, second = module.blocks
    for block in (first, second):
        for layer in (block.convolutions[0], block.convolutions[3]):
            torch.nn.init.zeros_(layer.length)
            torch.nn.init.zeros_(layer.bias)
    around = first.shortcut(windows.transpose(1, 2)).relu()
    torch.testing.assert_close(steps_of(module, windows), around.transpose(1, 2))


def test_a_module_can_be_copied_and_pickled():
    module = TCNModule(2, 3, channels=[4, 4]).eval()
    windows = torch.randn(2, 9, 2)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(windows), module(windows))
