from __future__ import annotations

import numpy as np
import pytest
import torch

from sk_ensemble import Windower
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.neural_network import DeviceWindows
from sk_ensemble.neural_network._batches import Batches, LabelledWindows


def labelled(n_samples):
    """Return samples whose feature and weight are their number, plus one."""
    numbers = np.arange(1.0, n_samples + 1)
    windows = Windower(1).transform(numbers[:, None])
    samples = TrainingSet(windows, np.arange(n_samples) % 3, numbers, 3)
    return LabelledWindows(DeviceWindows(windows), samples)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("n_samples", "sizes"), [(8, {8}), (9, {4, 5}), (17, {5, 6})])
def test_an_epoch_holds_every_sample_once_in_batches_of_equal_size(
    n_samples, sizes, shuffle
):
    batches = list(Batches(labelled(n_samples), 8, shuffle=shuffle))
    assert {len(x) for x, _ in batches} == sizes
    seen = torch.cat([x for x, _ in batches]).ravel()
    assert sorted(seen.tolist()) == list(range(1, n_samples + 1))


def test_class_and_weight_stay_with_their_sample():
    for x, (codes, weights) in Batches(labelled(20), 6, shuffle=True):
        numbers = x.ravel()
        np.testing.assert_array_equal(codes, (numbers - 1) % 3)
        np.testing.assert_allclose(weights, numbers / 10.5)


def test_several_batches_are_shuffled_anew_each_epoch_and_one_never():
    def order(batches):
        return torch.cat([x for x, _ in batches]).ravel().tolist()

    several, one = (Batches(labelled(20), size, shuffle=True) for size in (5, 20))
    assert order(several) != order(several)
    assert order(one) == sorted(order(one))
    assert order(Batches(labelled(20), 5)) == sorted(order(one))
