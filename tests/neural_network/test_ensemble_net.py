from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional

from sk_ensemble import InceptionTimeClassifier, Windower
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.neural_network import DeviceWindows, InceptionTimeModule
from sk_ensemble.neural_network._batches import LabelledWindows
from sk_ensemble.neural_network._ensemble_net import EnsembleNet, MemberGradientClipping
from sk_ensemble.neural_network._net import WindowNet

SMALL = {"n_filters": 2, "depth": 3, "kernel_sizes": [3, 2], "bottleneck_size": 2}


def labelled(n_samples=50, seed=0):
    rng = np.random.default_rng(seed)
    windows = Windower(6).transform(rng.normal(size=(n_samples, 2)))
    codes = rng.integers(3, size=n_samples)
    weights = rng.uniform(0.1, 5, size=n_samples)
    samples = TrainingSet(windows, codes, weights, 3)
    return LabelledWindows(DeviceWindows(windows), samples)


def settings(**others):
    return {
        "lr": 0.05,
        "max_epochs": 4,
        "batch_size": 20,
        "optimizer": torch.optim.Adam,
        **others,
    }


@pytest.mark.parametrize("max_norm", [None, 0.01])
def test_members_are_trained_as_each_would_be_alone(max_norm):
    torch.manual_seed(0)
    module = InceptionTimeModule(2, 3, n_members=3, **SMALL).double()
    alone = [copy.deepcopy(member) for member in module.members]
    clip = [] if max_norm is None else [MemberGradientClipping(max_norm)]
    torch.manual_seed(1)
    together = EnsembleNet(module, **settings(callbacks=clip))
    together.train(labelled(), labelled(30, seed=2))
    losses = []
    for member in alone:
        torch.manual_seed(1)
        # An ensemble of one member: its limit is a limit for all there is.
        single = InceptionTimeModule(2, 3, n_members=1, **SMALL).double()
        single.members[0] = member
        torch.manual_seed(1)
        net = EnsembleNet(single, **settings(callbacks=clip))
        net.train(labelled(), None)
        losses.append(net.history[:, "train_loss"])
    for member, expected in zip(module.members, alone, strict=True):
        for mine, theirs in zip(
            member.parameters(), expected.parameters(), strict=True
        ):
            torch.testing.assert_close(mine, theirs)
    np.testing.assert_allclose(
        together.history[:, "train_loss"], np.mean(losses, axis=0)
    )


@pytest.mark.parametrize("label_smoothing", [0.0, 0.3])
def test_one_member_is_trained_as_any_network_is(label_smoothing):
    torch.manual_seed(0)
    module = InceptionTimeModule(2, 3, n_members=1, **SMALL).double()
    other = copy.deepcopy(module)
    histories = []
    for make, trained in ((EnsembleNet, module), (WindowNet, other)):
        torch.manual_seed(1)
        net = make(trained, **settings(), label_smoothing=label_smoothing)
        net.train(labelled(), labelled(30, seed=2))
        histories.append(net.history[:, ("train_loss", "valid_loss")])
    np.testing.assert_allclose(*histories)


def test_the_validation_loss_is_that_of_the_mean_probabilities():
    torch.manual_seed(0)
    module = InceptionTimeModule(2, 3, n_members=3, **SMALL).double()
    held_out = labelled(30, seed=2)
    net = EnsembleNet(module, **settings()).train(labelled(), held_out)
    module.eval()
    windows, (codes, weights) = held_out[torch.arange(30)]
    with torch.no_grad():
        proba = torch.softmax(module.member_outputs(windows), dim=2).mean(dim=0)
    losses = functional.nll_loss(proba.log(), codes, reduction="none")
    expected = np.average(losses, weights=weights)
    assert net.history[-1]["valid_loss"] == pytest.approx(expected, 1e-9)


def test_the_classifier_predicts_the_mean_of_its_members():
    X = np.random.default_rng(0).normal(size=(60, 6, 2))
    y = np.where(X[:, 2, 0] > 0, 1, -1)
    model = InceptionTimeClassifier(n_members=3, **SMALL, max_epochs=3, random_state=0)
    found = model.fit(X, y).predict_proba(X)
    values = torch.from_numpy((X - model.mean_) / model.scale_)
    with torch.no_grad():
        each = torch.softmax(model.module_.member_outputs(values), dim=2)
    np.testing.assert_allclose(found, each.mean(dim=0), rtol=1e-9)
    assert each.std(dim=0).max() > 0.01


def test_the_limit_holds_for_each_member():
    seen = []

    class Recorder(torch.optim.Adam):
        def step(self, closure):
            loss = super().step(closure)
            gradients = [p.grad.flatten() for p in self.param_groups[0]["params"]]
            half = len(gradients) // 2
            seen.append(
                [
                    float(torch.cat(g).norm())
                    for g in (gradients[:half], gradients[half:])
                ]
            )
            return loss

    module = InceptionTimeModule(2, 3, n_members=2, **SMALL).double()
    clip = [MemberGradientClipping(0.01)]
    net = EnsembleNet(module, **settings(callbacks=clip, optimizer=Recorder))
    net.train(labelled(), None)
    np.testing.assert_allclose(seen, 0.01, rtol=1e-3)
