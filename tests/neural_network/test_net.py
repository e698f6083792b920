from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sk_ensemble import Windower
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.neural_network import DeviceWindows
from sk_ensemble.neural_network._batches import LabelledWindows
from sk_ensemble.neural_network._net import StopTraining, WindowNet


class LastBar(nn.Module):
    """A linear map of the last bar of the window."""

    def __init__(self, bias: float = 0.0) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 3).double()
        with torch.no_grad():
            self.linear.bias.fill_(bias)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return self.linear(windows[:, -1])


class AtEpoch(Callback):
    """Call something at the end of an epoch."""

    def __init__(self, epoch, action):
        self.epoch = epoch
        self.action = action

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            self.action(net)


def labelled(n_samples=21, seed=0):
    rng = np.random.default_rng(seed)
    windows = Windower(3).transform(rng.normal(size=(n_samples, 2)))
    codes = rng.integers(3, size=n_samples)
    weights = rng.uniform(0.1, 5, size=n_samples)
    samples = TrainingSet(windows, codes, weights, 3)
    return LabelledWindows(DeviceWindows(windows), samples), samples


def weighted_loss(module, samples):
    logits = module(torch.from_numpy(samples.windows.gather())).double()
    losses = nn.functional.cross_entropy(
        logits, torch.from_numpy(samples.codes), reduction="none"
    )
    return np.average(losses.detach(), weights=samples.weights)


def stop(net):
    raise StopTraining


def interrupt(net):
    raise KeyboardInterrupt


@pytest.mark.parametrize("batch_size", [4, 10, 100])
def test_the_loss_of_an_epoch_is_the_weighted_mean_whatever_the_batches(batch_size):
    training, samples = labelled()
    validation, held_out = labelled(13, seed=1)
    module = LastBar()
    net = WindowNet(module, lr=0.0, max_epochs=1, batch_size=batch_size)
    net.train(training, validation)
    epoch = net.history[-1]
    assert epoch["train_loss"] == pytest.approx(weighted_loss(module, samples), 1e-12)
    assert epoch["valid_loss"] == pytest.approx(weighted_loss(module, held_out), 1e-12)


def test_a_step_follows_the_gradient_of_the_weighted_loss():
    training, samples = labelled()
    module = LastBar()
    weight = module.linear.weight
    logits = module(torch.from_numpy(samples.windows.gather()))
    losses = nn.functional.cross_entropy(
        logits, torch.from_numpy(samples.codes), reduction="none"
    )
    shares = torch.from_numpy(samples.weights / samples.weights.sum())
    (gradient,) = torch.autograd.grad((shares * losses).sum(), weight)
    expected = weight.detach() - 0.5 * gradient
    WindowNet(module, lr=0.5, max_epochs=1, batch_size=100).train(training, None)
    torch.testing.assert_close(weight, expected)


def test_training_ends_in_good_order_when_a_callback_says_so():
    training, _ = labelled()
    net = WindowNet(LastBar(), max_epochs=9, callbacks=[AtEpoch(3, stop)])
    net.train(training, None)
    assert len(net.history) == 3


def test_a_user_s_interrupt_is_not_taken_for_the_end_of_training():
    training, _ = labelled()
    net = WindowNet(LastBar(), max_epochs=9, callbacks=[AtEpoch(3, interrupt)])
    with pytest.raises(KeyboardInterrupt):
        net.train(training, None)


def test_a_loss_that_is_no_number_stops_training_with_advice():
    training, _ = labelled()
    with pytest.raises(FloatingPointError, match=r"in epoch 1.*learning_rate"):
        WindowNet(LastBar(bias=np.nan), max_epochs=9).train(training, None)


def test_amp_computes_in_bfloat16_and_answers_in_the_type_of_the_input():
    seen = []

    class Recorder(LastBar):
        def forward(self, windows):
            outputs = super().forward(windows)
            seen.append(outputs.dtype)
            return outputs

    batch = torch.ones(4, 3, 2)
    for amp in (False, True):
        net = WindowNet(Recorder().float(), amp=amp).initialize()
        assert net.predict_logits(batch).dtype == torch.float32
    assert seen == [torch.float32, torch.bfloat16]


def test_batch_normalisation_goes_on_to_use_the_statistics_of_training():
    net = WindowNet(nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))).initialize()
    batch = torch.full((4, 3, 2), 5.0)
    assert net.predict_logits(batch).sum() == pytest.approx(5 * 24, rel=1e-4)
    kept = net.predict_logits(batch, dropout=True)
    assert set(kept.unique().round().tolist()) == {0, 10}
    assert net.module_[0].num_batches_tracked == 0


def test_a_trimmed_net_holds_its_weights_once_and_no_data():
    module = nn.Sequential(nn.Flatten(), nn.Linear(6, 500), nn.Linear(500, 3)).double()
    net = WindowNet(module, max_epochs=1)
    n_bytes = sum(p.numel() * p.element_size() for p in module.parameters())
    training, _ = labelled(5000)
    net.train(training, None)
    assert len(pickle.dumps(net)) > 2 * n_bytes
    net.trim_for_prediction()
    assert len(pickle.dumps(net)) < n_bytes + 20_000
