from __future__ import annotations

import pytest
import torch
from torch import nn

from sk_ensemble.neural_network import LSTMModule


@pytest.fixture
def windows():
    return torch.randn(5, 7, 3, generator=torch.Generator().manual_seed(0))


def test_the_shape_of_the_qlib_benchmark_has_its_number_of_parameters():
    module = LSTMModule(6, 1, hidden_size=64, num_layers=2)
    assert sum(parameter.numel() for parameter in module.parameters()) == 51_777


@pytest.mark.parametrize(("n_layers", "hidden_size"), [(1, 4), (3, 8)])
def test_layers_and_units_are_as_asked_for(n_layers, hidden_size, windows):
    module = LSTMModule(3, 2, hidden_size=hidden_size, num_layers=n_layers)
    assert module.layers.num_layers == n_layers
    assert module.layers(windows)[0].shape == (5, 7, hidden_size)
    assert module(windows).shape == (5, 2)


def test_the_last_hidden_state_of_the_last_layer_is_used(windows):
    module = LSTMModule(3, 2, hidden_size=4)
    _, (hidden, _) = module.layers(windows)
    torch.testing.assert_close(module(windows), module.head(hidden[-1]))


def test_the_outputs_equal_those_of_the_written_out_recurrence(windows):
    module = LSTMModule(3, 2, hidden_size=4, num_layers=1)
    cell = nn.LSTMCell(3, 4)
    with torch.no_grad():
        for mine, theirs in zip(
            cell.parameters(), module.layers.parameters(), strict=True
        ):
            mine.copy_(theirs)
    state = None
    for step in range(windows.shape[1]):
        state = cell(windows[:, step], state)
    torch.testing.assert_close(module(windows), module.head(state[0]))


def test_the_order_of_the_bars_matters(windows):
    module = LSTMModule(3, 2, hidden_size=4)
    assert not torch.allclose(module(windows), module(windows.flip(1)), atol=1e-3)


def test_every_bar_of_the_window_has_an_influence(windows):
    windows.requires_grad_()
    LSTMModule(3, 2, hidden_size=4)(windows).sum().backward()
    assert (windows.grad.abs().sum(dim=(0, 2)) > 0).all()


def test_the_gradient_reaches_every_parameter(windows):
    module = LSTMModule(3, 2, hidden_size=4, dropout=0.1)
    module(windows).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in module.parameters())


@pytest.mark.parametrize("n_layers", [1, 2])
def test_dropout_acts_in_training_only(n_layers, windows):
    module = LSTMModule(3, 2, hidden_size=16, num_layers=n_layers, dropout=0.5)
    assert not torch.equal(module(windows), module(windows))
    module.eval()
    assert torch.equal(module(windows), module(windows))
