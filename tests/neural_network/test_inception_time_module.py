from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.neural_network import InceptionNetworkModule, InceptionTimeModule


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def small(n_features=2, **settings):
    torch.manual_seed(0)
    shape = {"n_filters": 3, "depth": 6, "kernel_sizes": [4, 2], "bottleneck_size": 3}
    return InceptionNetworkModule(n_features, 3, **(shape | settings)).eval()


@pytest.fixture
def windows():
    return torch.randn(5, 12, 2, generator=torch.manual_seed(1))


@pytest.mark.parametrize(
    ("n_features", "n_outputs", "n_measured"),
    [
        (1, 2, 420_450),
        (1, 3, 420_579),
        (6, 4, 491_140),
        (10, 3, 491_779),
        (12, 9, 492_937),
    ],
)
def test_a_network_has_the_published_number_of_parameters(
    n_features, n_outputs, n_measured
):
    module = InceptionNetworkModule(n_features, n_outputs)
    formula = 489_472 + 192 * n_features if n_features > 1 else 420_192
    assert n_parameters(module) == formula + 129 * n_outputs == n_measured


@settings(max_examples=15)
@given(
    n_features=st.integers(1, 4),
    n_filters=st.integers(1, 4),
    depth=st.integers(1, 7),
    kernel_sizes=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    bottleneck_size=st.integers(1, 4),
)
def test_the_number_of_parameters_follows_the_formula(
    n_features, n_filters, depth, kernel_sizes, bottleneck_size
):
    module = InceptionNetworkModule(
        n_features,
        3,
        n_filters=n_filters,
        depth=depth,
        kernel_sizes=kernel_sizes,
        bottleneck_size=bottleneck_size,
    )
    n_channels = n_filters * (len(kernel_sizes) + 1)
    expected = 3 * n_channels + 3
    inputs = [n_features] + [n_channels] * (depth - 1)
    for place, n_in in enumerate(inputs):
        n_shared = bottleneck_size if n_in > 1 else 1
        expected += n_in * bottleneck_size if n_in > 1 else 0
        expected += sum(n_shared * n_filters * size for size in kernel_sizes)
        expected += n_in * n_filters + 2 * n_channels
        if place % 3 == 2:
            expected += inputs[place - 2] * n_channels + 2 * n_channels
    assert n_parameters(module) == expected
    assert module.eval()(torch.zeros(2, 5, n_features)).shape == (2, 3)


def test_a_step_depends_on_235_bars():
    torch.manual_seed(0)
    module = InceptionNetworkModule(1, 2).eval()
    windows = torch.randn(16, 300, 1, requires_grad=True)
    steps = windows.transpose(1, 2)
    for layer in module.layers:
        steps = layer(steps)
    steps[:, :, 150].square().sum().backward()
    seen = (windows.grad.abs().sum(dim=(0, 2)) > 0).nonzero().ravel()
    assert len(seen) == 1 + 6 * (40 - 1) == 235


def test_a_module_has_filters_of_each_length_and_a_branch_that_pools(windows):
    layer = small().layers[0]
    series = windows.transpose(1, 2)
    shared = layer.bottleneck.weight[:, :, 0] @ series
    largest = torch.stack(
        [series[:, :, max(0, t - 1) : t + 2].amax(dim=2) for t in range(12)], dim=2
    )
    parts = [
        *(convolve(shared) for convolve in layer.convolutions),
        layer.pooled[1].weight[:, :, 0] @ largest,
    ]
    assert [convolve.kernel_size for convolve in layer.convolutions] == [(4,), (2,)]
    expected = layer.norm(torch.cat(parts, dim=1)).relu()
    torch.testing.assert_close(layer(series), expected)


def test_shortcuts_lead_around_three_modules_each(windows):
    module = small(depth=7)
    first, second = module.shortcuts
    series = windows.transpose(1, 2)
    one, two, three, four, five, six, seven = module.layers
    middle = (three(two(one(series))) + first.way(series)).relu()
    last = (six(five(four(middle))) + second.way(middle)).relu()
    expected = module.head(seven(last).mean(dim=2))
    torch.testing.assert_close(module(windows), expected)


def test_without_a_shortcut_the_outputs_are_others(windows):
    module = small()
    outputs = module(windows)
    torch.nn.init.zeros_(module.shortcuts[1].way[0].weight)
    assert not torch.allclose(module(windows), outputs, atol=1e-3)


def test_a_single_feature_needs_no_bottleneck():
    module = small(1)
    assert isinstance(module.layers[0].bottleneck, torch.nn.Identity)
    assert isinstance(module.layers[1].bottleneck, torch.nn.Conv1d)


def test_members_begin_with_different_weights_and_are_averaged(windows):
    module = InceptionTimeModule(2, 3, n_members=4, n_filters=3, depth=2).eval()
    each = torch.stack([member(windows) for member in module.members])
    torch.testing.assert_close(module.member_outputs(windows), each)
    proba = torch.softmax(each, dim=2)
    assert proba.std(dim=0).min() > 0
    together = torch.softmax(module(windows), dim=1)
    torch.testing.assert_close(together, proba.mean(dim=0))
    torch.testing.assert_close(module(windows).exp(), proba.mean(dim=0))


def test_there_are_five_members_unless_asked_for_others():
    assert len(InceptionTimeModule(2, 3, n_filters=1).members) == 5
