from __future__ import annotations

import pytest
import torch
from torch import nn

from sk_ensemble.neural_network import ALSTMModule


@pytest.fixture
def windows():
    return torch.randn(5, 7, 3, generator=torch.manual_seed(0))


@pytest.mark.parametrize(("rnn_type", "n_gates"), [("GRU", 3), ("LSTM", 4)])
def test_the_number_of_parameters_follows_the_formula_of_the_layers(rnn_type, n_gates):
    module = ALSTMModule(6, 3, hidden_size=64, num_layers=2, rnn_type=rnn_type)
    expected = (
        (6 + 1) * 64
        + 2 * n_gates * (64 * 64 + 64 * 64 + 2 * 64)
        + (64 + 1) * 32
        + 32
        + (2 * 64 + 1) * 3
    )
    assert sum(parameter.numel() for parameter in module.parameters()) == expected


@pytest.mark.parametrize("rnn_type", ["GRU", "LSTM"])
def test_attention_is_positive_and_sums_to_one_over_time(rnn_type, windows):
    weights = ALSTMModule(3, 2, hidden_size=4, rnn_type=rnn_type).attention(windows)
    assert weights.shape == (5, 7)
    assert (weights > 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(5))
    assert weights.std(dim=1).min() > 0


def test_the_outputs_are_those_of_the_last_and_the_weighted_state(windows):
    module = ALSTMModule(3, 2, hidden_size=4)
    states, last = module.layers(module.inputs(windows))
    weights = module.attention(windows)
    attended = torch.stack([w @ s for w, s in zip(weights, states, strict=True)])
    expected = module.head(torch.cat([last[-1], attended], dim=1))
    torch.testing.assert_close(module(windows), expected)


def test_without_attention_the_outputs_are_others(windows):
    module = ALSTMModule(3, 2, hidden_size=4)
    outputs = module(windows)
    nn.init.zeros_(module.scores[-1].weight)
    torch.testing.assert_close(module.attention(windows), torch.full((5, 7), 1 / 7))
    assert not torch.allclose(module(windows), outputs, atol=1e-4)
