from __future__ import annotations

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sk_ensemble import LSTMClassifier
from sk_ensemble.neural_network import _base
from sk_ensemble.neural_network._schedule import SCHEDULES, make_schedule


class RateRecorder(Callback):
    """Note the learning rate of every step, in place of the progress bar."""

    rates: list[float]

    def __init__(self, title: str) -> None:
        self.title = title

    def on_train_begin(self, net, **kwargs):
        type(self).rates = []

    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.rates.append(net.optimizer_.param_groups[0]["lr"])


@pytest.fixture
def rates_of(monkeypatch):
    """Return the learning rates of the 20 steps of a fit of 10 epochs."""

    def rates(schedule, **parameters):
        monkeypatch.setattr(_base, "Progress", RateRecorder)
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(20, 2, 1)), np.arange(20) % 2
        model = LSTMClassifier(
            hidden_size=2,
            max_epochs=10,
            batch_size=10,
            lr_schedule=schedule,
            random_state=0,
            verbose=1,
            **({"learning_rate": 0.01} | parameters),
        )
        model.fit(X, y)
        return np.array(RateRecorder.rates)

    return rates


def test_without_a_schedule_the_rate_stays(rates_of):
    np.testing.assert_array_equal(rates_of(None), 0.01)


def test_cosine_falls_along_half_a_cosine_over_all_steps(rates_of):
    expected = 0.005 * (1 + np.cos(np.pi * np.arange(20) / 20))
    np.testing.assert_allclose(rates_of("cosine"), expected)


def test_onecycle_rises_to_the_learning_rate_and_falls_to_zero(rates_of):
    rates = rates_of("onecycle")
    peak = rates.argmax()
    assert 4 <= peak <= 6
    assert rates[peak] == pytest.approx(0.01, rel=0.02)
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()
    assert rates[-1] < 1e-6


def test_plateau_halves_the_rate_where_the_loss_does_not_fall(rates_of):
    # A rate this high makes the loss jump about.
    rates = rates_of("plateau", learning_rate=64.0, n_iter_no_change=1)
    assert set(np.log2(64.0 / rates)) > {0.0, 1.0}
    falling = rates_of("plateau", learning_rate=1e-4, n_iter_no_change=2)
    np.testing.assert_array_equal(falling, 1e-4)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_can_be_made(name):
    callback = make_schedule(
        name, learning_rate=0.1, n_steps=5, monitor="train_loss", patience=4
    )
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    assert callback.initialize().policy_(optimizer, **callback.kwargs)
