from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.neural_network._saved_weights import module_with, weights_of


def make() -> nn.Module:
    return nn.Sequential(nn.LSTM(2, 3, 2), nn.BatchNorm1d(3), nn.Linear(3, 2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_module_of_saved_weights_has_them(dtype):
    module = make().to(dtype)
    weights = weights_of(module)
    loaded = module_with(weights, make)
    assert weights.keys() == dict(loaded.state_dict()).keys()
    for name, weight in loaded.state_dict().items():
        np.testing.assert_array_equal(weight.numpy(), weights[name], strict=True)


def test_weights_are_copies():
    module = make()
    weights = weights_of(module)
    loaded = module_with(weights, make)
    for weight in weights.values():
        weight[...] = 0
    assert all(p.abs().sum() > 0 for p in loaded[0].parameters())
    assert all(p.abs().sum() > 0 for p in module[0].parameters())


def test_weights_that_are_shared_stay_shared():
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Linear(2, 2)
            self.other = nn.Linear(2, 2)
            self.other.weight = self.one.weight

    loaded = module_with(weights_of(Tied()), Tied)
    assert loaded.one.weight is loaded.other.weight


@pytest.mark.parametrize(
    "change",
    [
        lambda weights: weights.pop("2.bias"),
        lambda weights: weights.update(more=np.zeros(1, np.float32)),
        lambda weights: weights.update({"2.bias": np.zeros(3, np.float32)}),
        lambda weights: weights.update({"2.bias": np.zeros(2, np.float64)}),
        lambda weights: weights.update({"1.num_batches_tracked": np.int32(0)}),
        lambda weights: weights.clear(),
    ],
)
def test_other_weights_are_refused(change):
    weights = weights_of(make())
    change(weights)
    with pytest.raises(PersistenceError, match="weights"):
        module_with(weights, make)


@pytest.mark.parametrize(
    "make_large",
    [
        lambda: nn.Linear(10**6, 10**6),
        lambda: nn.LSTM(2, 10**7),
        lambda: nn.LSTM(2, 3, 10**9),
        lambda: nn.Conv1d(1, 1, 10**9),
        lambda: nn.Embedding(10**10, 1),
        lambda: nn.Sequential(*[nn.Linear(1, 1) for _ in range(10**9)]),
        lambda: torch.arange(10**12),
        lambda: torch.ones(10**9),
    ],
)
def test_a_module_far_larger_than_its_weights_is_not_made(make_large):
    weights = weights_of(make())
    tracemalloc.start()
    with pytest.raises(PersistenceError, match="far more than there are weights"):
        module_with(weights, make_large)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_positions_and_masks_besides_the_weights_are_allowed():
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(2, 2)
            self.register_buffer("mask", torch.ones(1000, 1000), persistent=False)

    assert module_with(weights_of(Masked()), Masked).mask.shape == (1000, 1000)
