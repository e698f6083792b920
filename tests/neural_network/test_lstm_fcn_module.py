from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from sk_ensemble.neural_network import LSTMFCNModule
from sk_ensemble.neural_network._lstm_fcn_module import SqueezeExcite
from sk_ensemble.neural_network._same_conv import SameConv1d


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def small(n_features=2, **settings):
    torch.manual_seed(0)
    shape = {"window_length": 7, "channels": [6, 5], "kernel_sizes": [4, 3]}
    return LSTMFCNModule(n_features, 3, **(shape | settings)).eval()


@pytest.fixture
def windows():
    return torch.randn(5, 7, 2, generator=torch.manual_seed(1))


@pytest.mark.parametrize(("n_features", "n_outputs"), [(1, 2), (10, 3)])
def test_the_convolutions_have_the_published_number_of_parameters(
    n_features, n_outputs
):
    module = LSTMFCNModule(n_features, n_outputs, window_length=60)
    # 264,962 and 274,307 with a head of their own, as measured with other libraries.
    alone = n_parameters(module.convolutions) + 129 * n_outputs
    assert alone == 1024 * n_features + 263_680 + 129 * n_outputs
    assert alone == {1: 264_962, 10: 274_307}[n_features]


@pytest.mark.parametrize(
    ("se_reduction", "n_expected"), [(None, 329_322), (16, 339_562)]
)
def test_with_its_sizes_it_has_the_number_of_parameters_of_tsai_s(
    se_reduction, n_expected
):
    module = LSTMFCNModule(
        1,
        2,
        window_length=60,
        hidden_size=100,
        kernel_sizes=[7, 5, 3],
        se_reduction=se_reduction,
    )
    # There convolutions add no constants, which normalisation takes away again.
    n_constants = sum(
        layer.bias.numel()
        for layer in module.modules()
        if isinstance(layer, torch.nn.Conv1d)
    )
    assert n_parameters(module) - n_constants == n_expected


@settings(max_examples=15)
@given(
    n_features=st.integers(1, 4),
    window_length=st.integers(1, 9),
    layers=st.lists(
        st.tuples(st.integers(1, 6), st.integers(1, 5)), min_size=1, max_size=3
    ),
    hidden_size=st.integers(1, 5),
)
def test_the_number_of_parameters_follows_the_formula(
    n_features, window_length, layers, hidden_size
):
    channels, kernel_sizes = zip(*layers, strict=True)
    module = LSTMFCNModule(
        n_features,
        3,
        window_length=window_length,
        hidden_size=hidden_size,
        channels=channels,
        kernel_sizes=kernel_sizes,
    )
    expected = 4 * hidden_size * (window_length + hidden_size + 2)
    for (n_in, n_out), size in zip(
        pairwise([n_features, *channels]), kernel_sizes, strict=True
    ):
        expected += n_out * (n_in * size + 3)
    expected += 3 * (channels[-1] + hidden_size + 1)
    assert n_parameters(module) == expected
    assert module.eval()(torch.zeros(2, window_length, n_features)).shape == (2, 3)


def test_the_lstm_reads_all_bars_of_one_feature_after_the_other(windows):
    module = small()
    states, _ = module.lstm(torch.stack([window.T for window in windows]))
    assert states.shape == (5, 2, 8)
    means = module.convolutions(windows.transpose(1, 2)).mean(dim=2)
    expected = module.head(torch.cat([means, states[:, 1]], dim=1))
    torch.testing.assert_close(module(windows), expected)


def test_neither_branch_can_be_left_out(windows):
    module = small()
    outputs = module(windows)
    for units in (slice(0, 5), slice(5, None)):
        weight = module.head.weight.detach().clone()
        with torch.no_grad():
            module.head.weight[:, units] = 0
            assert not torch.allclose(module(windows), outputs, atol=1e-3)
            module.head.weight.copy_(weight)


# torch warns that it copies the steps, once in a process.
@pytest.mark.filterwarnings("ignore:Using padding='same' with even:UserWarning")
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 8])
def test_filters_see_as_many_steps_before_as_after_or_one_less(kernel_size):
    layer = SameConv1d(1, 1, kernel_size, bias=False)
    steps = torch.zeros(1, 1, 20)
    steps[0, 0, 10] = 1
    seen = layer(steps).detach().nonzero()[:, 2]
    # A filter that ends at step 10 begins `kernel_size - 1` before.
    assert seen.min() == 10 - kernel_size // 2
    assert seen.max() == 10 + (kernel_size - 1) // 2
    expected = functional.conv1d(steps, layer.weight, padding="same")
    torch.testing.assert_close(layer(steps), expected)


def test_channels_are_scaled_by_what_their_means_say():
    torch.manual_seed(0)
    layer = SqueezeExcite(6, 3)
    steps = torch.randn(4, 6, 9)
    first, last = layer.scales[0].weight, layer.scales[2].weight
    assert first.shape == (2, 6)
    scales = torch.sigmoid(torch.relu(steps.mean(dim=2) @ first.T) @ last.T)
    torch.testing.assert_close(layer(steps), steps * scales[:, :, None])


def test_there_is_one_kernel_size_for_each_of_the_channels():
    with pytest.raises(ValueError, match=r"kernel_sizes.*\[3\] for \[6, 5\]"):
        small(kernel_sizes=[3])
