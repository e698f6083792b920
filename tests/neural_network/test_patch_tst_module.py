from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.neural_network import PatchTSTModule


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def small(**settings):
    torch.manual_seed(0)
    shape = {
        "window_length": 13,
        "patch_len": 4,
        "stride": 2,
        "d_model": 8,
        "n_heads": 2,
        "num_layers": 2,
        "d_ff": 6,
    }
    return PatchTSTModule(2, 3, **(shape | settings)).eval()


@pytest.fixture
def windows():
    return torch.randn(5, 13, 2, generator=torch.manual_seed(1))


def test_the_layers_have_as_many_parameters_as_another_library_s():
    module = PatchTSTModule(10, 3, window_length=60)
    # The classifier of the Time-Series-Library, 426,627, has the same layers and
    # patches, and one normalisation behind all layers; it has no constants where
    # patches become states, no learnt positions, and forgets level and deviation.
    ours_only = 128 + 7 * 128 + 2 * 10 * 3
    assert n_parameters(module) - ours_only + 2 * 128 == 426_627


@given(
    n_features=st.integers(1, 4),
    window_length=st.integers(1, 12),
    patch_len=st.integers(1, 6),
    stride=st.integers(1, 6),
    revin=st.booleans(),
)
def test_the_number_of_parameters_follows_the_formula(
    n_features, window_length, patch_len, stride, revin
):
    stride = min(stride, patch_len)
    module = PatchTSTModule(
        n_features,
        3,
        window_length=window_length,
        patch_len=patch_len,
        stride=stride,
        d_model=4,
        n_heads=2,
        num_layers=2,
        d_ff=5,
        revin=revin,
    )
    n_patches = (max(window_length, patch_len) - patch_len) // stride + 2
    layer = 4 * (4 * 4 + 4) + (4 * 5 + 5) + (5 * 4 + 4) + 2 * 2 * 4
    expected = (patch_len + 1 + n_patches) * 4 + 2 * layer
    expected += 3 * (n_features * (4 * n_patches + 2 * revin) + 1)
    assert n_parameters(module) == expected
    assert module.eval()(torch.zeros(2, window_length, n_features)).shape == (2, 3)


@pytest.mark.parametrize(
    ("patch_len", "stride", "n_expected"), [(16, 8, 7), (12, 6, 10), (10, 5, 12)]
)
def test_sixty_bars_make_the_published_number_of_patches(patch_len, stride, n_expected):
    module = PatchTSTModule(1, 3, window_length=60, patch_len=patch_len, stride=stride)
    assert module.patches(torch.zeros(1, 1, 60)).shape == (1, 1, n_expected, patch_len)
    assert len(module.positions) == n_expected


def test_patches_overlap_and_the_latest_bar_is_repeated_behind_them():
    patches = small().patches(torch.arange(13.0).view(1, 1, 13))[0, 0]
    padded = np.append(np.arange(13), [12, 12])
    expected = np.lib.stride_tricks.sliding_window_view(padded, 4)[::2]
    np.testing.assert_array_equal(patches, expected)


def test_a_window_shorter_than_a_patch_begins_with_copies_of_its_earliest_bar():
    module = small(window_length=2, patch_len=5)
    patches = module.patches(torch.tensor([[[3.0, 7.0]]]))
    assert patches[0, 0].tolist() == [[3, 3, 3, 3, 7], [3, 3, 7, 7, 7]]


@pytest.mark.parametrize("revin", [True, False])
@pytest.mark.parametrize("norm", ["BatchNorm", "LayerNorm"])
def test_a_feature_s_states_do_not_depend_on_other_features(windows, norm, revin):
    module = small(norm=norm, revin=revin)
    other = windows.clone()
    other[:, :, 1] = torch.randn(5, 13)
    before, after = module.representations(windows), module.representations(other)
    assert torch.equal(before[:, 0], after[:, 0])
    assert not torch.allclose(before[:, 1], after[:, 1], atol=1e-2)
    assert not torch.allclose(module(windows), module(other), atol=1e-3)


def test_all_features_go_through_the_same_network(windows):
    states = small().representations(windows)
    exchanged = small().representations(windows.flip(2))
    torch.testing.assert_close(exchanged.flip(1), states)


def test_level_and_scale_do_not_reach_the_states_but_the_head(windows):
    module = small().double()
    windows = windows.double()
    states, moved = module.representations(windows), 5 * windows + 100
    torch.testing.assert_close(module.representations(moved), states, atol=1e-3, rtol=0)
    difference = module(moved) - module(windows)
    level = 100 + 4 * windows.mean(dim=1)
    log_scale = torch.full((5, 2), np.log(5), dtype=torch.float64)
    of_feature = module.head.weight[:, -4:].view(3, 2, 2)
    expected = level @ of_feature[:, :, 0].T + log_scale @ of_feature[:, :, 1].T
    torch.testing.assert_close(difference, expected, atol=1e-2, rtol=0)


def test_without_normalisation_level_and_scale_reach_the_states(windows):
    module = small(revin=False)
    states = module.representations(windows)
    assert not torch.allclose(module.representations(windows + 1), states, atol=1e-2)
    assert module.head.in_features == states[0].numel()


def test_a_series_that_stands_still_makes_finite_outputs():
    outputs = small()(torch.full((2, 13, 2), 3.0))
    assert torch.isfinite(outputs).all()


def test_positions_tell_equal_patches_apart():
    module = small()
    states = module.representations(torch.ones(1, 13, 2))[0, 0]
    assert (states[1:] - states[0]).abs().amax(dim=1).min() > 1e-4
    torch.nn.init.zeros_(module.positions)
    states = module.representations(torch.ones(1, 13, 2))[0, 0]
    torch.testing.assert_close(states, states[:1].expand_as(states))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"stride": 5}, "stride=5 is larger than patch_len=4"),
        ({"n_heads": 3}, "d_model=8 must be a multiple of n_heads=3"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(wrong, told):
    with pytest.raises(ValueError, match=told):
        small(**wrong)
