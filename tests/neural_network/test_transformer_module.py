from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from sk_ensemble.neural_network import TransformerModule
from sk_ensemble.neural_network._transformer_layer import StepNorm, TransformerLayer


def small(**settings):
    torch.manual_seed(0)
    shape = {"window_length": 7, "d_model": 8, "n_heads": 2, "d_ff": 6}
    return TransformerModule(3, 2, **(shape | {"num_layers": 2} | settings)).eval()


@pytest.fixture
def windows():
    return torch.randn(5, 7, 3, generator=torch.manual_seed(0))


def test_the_default_shape_has_the_number_of_parameters_of_tsai_s():
    module = TransformerModule(10, 3, window_length=60)
    assert sum(parameter.numel() for parameter in module.parameters()) == 428_035


def test_positions_tell_equal_bars_apart(windows):
    module = small()
    first = module.layers[0].forward

    def states(order):
        seen = module._first_states(windows[:, order])
        return first(seen)[:, torch.argsort(torch.as_tensor(order))]

    order = [3, 1, 0, 2, 6, 5, 4]
    assert not torch.allclose(states(order), states(list(range(7))), atol=1e-4)
    torch.nn.init.zeros_(module.positions)
    torch.testing.assert_close(states(order), states(list(range(7))))


def test_attention_sums_to_one_over_the_bars_that_are_looked_at(windows):
    weights = small().attention(windows)
    assert weights.shape == (5, 7, 7)
    assert (weights > 0).all()
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(5, 7))


@pytest.mark.parametrize("n_heads", [1, 2, 4])
def test_a_layer_is_what_the_formula_says(n_heads):
    torch.manual_seed(0)
    layer = TransformerLayer(8, n_heads=n_heads, d_ff=6, dropout=0.0, norm="LayerNorm")
    states = torch.randn(2, 5, 8)
    parts = []
    for head in range(n_heads):
        units = slice(head * 8 // n_heads, (head + 1) * 8 // n_heads)
        q, k, v = (
            part(states)[:, :, units]
            for part in (layer.queries, layer.keys, layer.values)
        )
        scores = q @ k.transpose(1, 2) / (8 / n_heads) ** 0.5
        parts.append(torch.softmax(scores, dim=2) @ v)
    middle = states + layer.together(torch.cat(parts, dim=2))
    middle = functional.layer_norm(middle, (8,))
    expected = functional.layer_norm(middle + layer.network(middle), (8,))
    torch.testing.assert_close(layer(states), expected)


def test_norms_are_over_the_units_of_a_state_or_over_all_states():
    states = torch.randn(6, 5, 4, generator=torch.manual_seed(0)) * 3 + 2
    over_units = StepNorm("LayerNorm", 4)(states)
    torch.testing.assert_close(over_units.mean(dim=2), torch.zeros(6, 5))
    over_states = StepNorm("BatchNorm", 4)(states)
    torch.testing.assert_close(over_states.mean(dim=(0, 1)), torch.zeros(4))


@pytest.mark.parametrize(
    "change",
    [
        {"d_model": 4},
        {"n_heads": 4},
        {"num_layers": 1},
        {"d_ff": 3},
        {"norm": "LayerNorm"},
    ],
    ids=str,
)
def test_every_part_can_be_changed(change, windows):
    assert not torch.allclose(small(**change)(windows), small()(windows), atol=1e-5)


def test_heads_that_do_not_share_the_units_evenly_are_refused():
    with pytest.raises(ValueError, match="d_model=8 must be a multiple of n_heads=3"):
        small(n_heads=3)
