"""How the loss and its gradient may be changed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from sk_ensemble import InceptionTimeClassifier, LSTMClassifier
from sk_ensemble.neural_network import _base
from sk_ensemble.neural_network._net import WindowNet

X = np.random.default_rng(0).normal(size=(200, 6, 2))
y = np.random.default_rng(1).integers(0, 3, 200)

#: Weights stay what they are.
STILL = {"learning_rate": 1e-12, "weight_decay": 0.0, "max_epochs": 1}


def lstm(**params):
    fixed = {"hidden_size": 4, "dropout": 0.0, "random_state": 0, "device": "cpu"}
    return LSTMClassifier(**(fixed | params))


def inception_time(**params):
    return InceptionTimeClassifier(
        n_members=2, n_filters=2, depth=1, random_state=0, device="cpu", **params
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_smoothing_spreads_the_target_in_training_alone(smoothing):
    model = lstm(
        label_smoothing=smoothing,
        early_stopping=True,
        validation_fraction=0.25,
        **STILL,
    ).fit(X, y)
    logits = torch.from_numpy(np.log(model.predict_proba(X)))
    codes = torch.from_numpy(y)
    train, val = slice(None, 150), slice(150, None)
    expected = cross_entropy(logits[train], codes[train], label_smoothing=smoothing)
    [found] = model.history_["train_loss"]
    assert found == pytest.approx(expected.item(), rel=1e-6)
    [found] = model.history_["val_loss"]
    assert found == pytest.approx(
        cross_entropy(logits[val], codes[val]).item(), rel=1e-6
    )


@pytest.mark.parametrize("make", [lstm, inception_time])
def test_smoothed_networks_are_less_certain(make):
    easy = (X[:, -1, 0] > 0).astype(int)
    params = {"max_epochs": 12, "learning_rate": 0.05, "early_stopping": False}
    sure = make(**params).fit(X, easy).predict_proba(X).max(axis=1).mean()
    unsure = make(label_smoothing=0.4, **params).fit(X, easy).predict_proba(X)
    assert unsure.max(axis=1).mean() < sure - 0.05


@pytest.fixture
def largest(monkeypatch):
    """The largest entries of the gradients at each step."""
    seen = []

    class Recorder(torch.optim.AdamW):
        def step(self, *args, **kwargs):
            # The gradients are computed in here.
            loss = super().step(*args, **kwargs)
            parameters = [p for group in self.param_groups for p in group["params"]]
            seen.append(max(p.grad.abs().max().item() for p in parameters))
            return loss

    monkeypatch.setitem(_base._OPTIMIZERS, "adamw", Recorder)
    return seen


@pytest.mark.parametrize("make", [lstm, inception_time])
def test_entries_are_cut_off_where_values_are_limited(make, largest):
    limit = 0.001
    for by in ("norm", "value"):
        largest.clear()
        make(gradient_clip=limit, gradient_clip_by=by, max_epochs=1).fit(X, y)
        if by == "value":
            assert max(largest) == pytest.approx(limit)
        else:
            assert max(largest) < 0.99 * limit


@pytest.mark.parametrize(
    "params",
    [{"label_smoothing": 1.0}, {"label_smoothing": -0.1}, {"gradient_clip_by": "size"}],
)
def test_other_values_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        lstm(**params).fit(X, y)


def test_a_net_smooths_nothing_unless_told():
    assert WindowNet(torch.nn.Identity()).label_smoothing == 0.0
