from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from sk_ensemble.neural_network import TFTModule
from sk_ensemble.neural_network._gated_residual import GatedResidualNetwork
from sk_ensemble.neural_network._interpretable_attention import InterpretableAttention
from sk_ensemble.neural_network._variable_selection import VariableSelection

N_BARS = 7


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def small(n_features=3, **settings):
    torch.manual_seed(0)
    shape = {"hidden_size": 8, "n_heads": 2, "known": [1, 2], "dropout": 0.0}
    return TFTModule(n_features, 3, **(shape | settings)).eval()


def residual(n_in, hidden, n_out=None, *, has_context=False):
    """Return the number of parameters of a gated residual network."""
    n_around = 0 if n_out is None else n_in * n_out + n_out
    n_out = n_in if n_out is None else n_out
    first = n_in * hidden + hidden + hidden * hidden * has_context
    gate = hidden * 2 * n_out + 2 * n_out
    return first + hidden * hidden + hidden + gate + 2 * n_out + n_around


@pytest.fixture
def windows():
    return torch.randn(5, N_BARS, 3, generator=torch.manual_seed(1))


@pytest.fixture
def with_symbols(windows):
    numbers = torch.tensor([0.0, 1, 1, 0, 2]).view(5, 1, 1).expand(5, N_BARS, 1)
    return torch.cat([windows, numbers], dim=2)


@pytest.mark.parametrize(("n_features", "n_measured"), [(2, 870_158), (7, 1_291_943)])
def test_parts_have_as_many_parameters_as_neuralforecast_s(n_features, n_measured):
    module = TFTModule(n_features, 1, known=[1], hidden_size=128)
    # There two maps of a context stay unused where no variable is static, and weights
    # are computed for the one variable that is known, where there is no choice: of a
    # network like any other, the maps of a context and without a normalisation.
    without_use = 2 * 128**2
    without_choice = residual(128, 128, 1, has_context=True) - 2
    assert n_parameters(module) + without_use + without_choice == n_measured


@settings(max_examples=15)
@given(
    n_features=st.integers(1, 4),
    n_known=st.integers(0, 3),
    n_symbols=st.sampled_from([0, 1, 5]),
    hidden=st.sampled_from([4, 6]),
)
def test_the_number_of_parameters_follows_the_formula(
    n_features, n_known, n_symbols, hidden
):
    n_known = min(n_known, n_features)
    module = TFTModule(
        n_features,
        3,
        known=range(n_known),
        n_symbols=n_symbols,
        hidden_size=hidden,
        n_heads=2,
    )
    has_context = n_symbols > 0

    def selection(n):
        of_all = residual(n * hidden, hidden, n, has_context=has_context)
        return n * residual(hidden, hidden) + (n > 1) * of_all

    gate = hidden * 2 * hidden + 4 * hidden
    expected = 2 * n_features * hidden + selection(n_features)
    expected += selection(n_known) if n_known else hidden
    if has_context:
        n_networks = 4 + (n_features > 1)
        expected += n_symbols * hidden + n_networks * residual(hidden, hidden)
    expected += 2 * 4 * (2 * hidden * hidden + 2 * hidden)
    expected += residual(hidden, hidden, has_context=has_context)
    expected += residual(hidden, hidden) + 3 * gate
    expected += (2 * 2 + 1) * hidden // 2 * hidden + hidden // 2 * hidden
    assert n_parameters(module) == expected + 3 * hidden + 3
    values = torch.zeros(2, 5, n_features + has_context)
    assert module.eval()(values).shape == (2, 3)


@pytest.mark.parametrize("known", [[], [0], [0, 1]])
@pytest.mark.parametrize("n_features", [2, 3])
def test_the_gradient_reaches_every_parameter_of_a_module_with_symbols(
    with_symbols, n_features, known
):
    module = small(n_features, n_symbols=3, known=known)
    module(with_symbols[:, :, -n_features - 1 :]).square().sum().backward()
    silent = [
        name
        for name, parameter in module.named_parameters()
        if parameter.grad is None or parameter.grad.abs().sum() == 0
    ]
    assert silent == []


class TestSelection:
    def test_weights_are_positive_and_sum_to_one_for_every_bar(self, windows):
        weights = small().selection(windows)
        assert weights.shape == (5, N_BARS, 3)
        assert (weights > 0).all()
        torch.testing.assert_close(weights.sum(dim=2), torch.ones(5, N_BARS))
        assert weights.std(dim=(0, 1)).min() > 0

    def test_a_single_feature_has_all_the_weight(self, windows):
        weights = small(1, known=[]).selection(windows[:, :, :1])
        assert torch.equal(weights, torch.ones(5, N_BARS, 1))

    def test_the_symbol_takes_part_in_it(self, with_symbols):
        module = small(n_symbols=3)
        weights = module.selection(with_symbols)
        with_symbols[:, :, 3] = (with_symbols[:, :, 3] + 1) % 3
        assert not torch.allclose(module.selection(with_symbols), weights, atol=1e-4)

    def test_what_comes_out_is_the_weighted_sum_of_changed_variables(self):
        torch.manual_seed(0)
        layer = VariableSelection(3, 4, has_context=False, dropout=0.0)
        variables = list(torch.randn(3, 5, 2, 4))
        weights = layer.weights(variables, None)
        expected = sum(
            weights[..., [place]] * layer.of_each[place](variable)
            for place, variable in enumerate(variables)
        )
        torch.testing.assert_close(layer(variables, None), expected)

    def test_a_feature_of_noise_loses_weight_in_training(self):
        module = small(known=[])
        generator = torch.Generator().manual_seed(2)
        windows = torch.randn(400, N_BARS, 3, generator=generator)
        codes = (windows[:, 3, 0] > 0).long()
        optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
        for _ in range(60):
            optimizer.zero_grad()
            functional.cross_entropy(module(windows), codes).backward()
            optimizer.step()
        weights = module.selection(windows).mean(dim=(0, 1))
        assert weights[0] > 2 * weights[1:].max()


class TestAttention:
    def test_rows_sum_to_one_and_see_nothing_that_comes_later(self, windows):
        weights = small().attention(windows)
        n_steps = N_BARS + 1
        assert weights.shape == (5, n_steps, n_steps)
        torch.testing.assert_close(weights.sum(dim=2), torch.ones(5, n_steps))
        later = torch.ones(n_steps, n_steps, dtype=torch.bool).triu(1)
        assert (weights[:, later] == 0).all()
        assert (weights[:, ~later] > 0).all()

    def test_what_decides_is_the_last_row(self, windows):
        module = small()
        ahead = module.attention_ahead(windows)
        torch.testing.assert_close(ahead, module.attention(windows)[:, -1])

    def test_heads_share_one_projection_of_the_values(self):
        layer = InterpretableAttention(8, n_heads=4, dropout=0.0)
        assert layer.projections.weight.shape == ((2 * 4 + 1) * 2, 8)

    @pytest.mark.parametrize("n_heads", [1, 2, 4])
    def test_a_layer_is_what_the_formula_says(self, n_heads):
        torch.manual_seed(0)
        layer = InterpretableAttention(8, n_heads=n_heads, dropout=0.0)
        states = torch.randn(2, 5, 8)
        size = 8 // n_heads
        parts = layer.projections(states).split(size, dim=2)
        values = parts[-1]
        later = torch.full((5, 5), -torch.inf).triu(1)
        weights = [
            torch.softmax(q @ k.transpose(1, 2) / size**0.5 + later, dim=2)
            for q, k in zip(parts[:n_heads], parts[n_heads:-1], strict=True)
        ]
        mean = torch.stack(weights).mean(dim=0)
        torch.testing.assert_close(layer.weights(states, 5), mean)
        expected = layer.together(mean @ values)
        torch.testing.assert_close(layer(states, 5), expected)
        torch.testing.assert_close(layer(states, 2), expected[:, -2:])

    def test_heads_that_do_not_share_the_units_evenly_are_refused(self):
        with pytest.raises(ValueError, match=r"hidden_size=8 must be .* n_heads=3"):
            small(n_heads=3)


def test_no_bar_sees_a_later_one(windows):
    module = small().double()
    windows = windows.double().requires_grad_()
    for bar in range(N_BARS):
        state = module._steps(windows).enriched[:, bar].square().sum()
        (gradient,) = torch.autograd.grad(state, windows)
        assert (gradient[:, bar + 1 :] == 0).all()
        assert gradient[:, : bar + 1].abs().sum(dim=(0, 2)).min() > 0


def test_the_step_ahead_is_known_by_the_latest_values_of_known_features(windows):
    module = small()
    windows.requires_grad_()
    ahead = module._step_ahead(module._variables(windows), None)
    (gradient,) = torch.autograd.grad(ahead.square().sum(), windows)
    seen = gradient.abs().sum(dim=0) > 0
    expected = torch.zeros(N_BARS, 3, dtype=torch.bool)
    expected[-1, 1:] = True
    assert torch.equal(seen, expected)


def test_what_is_known_ahead_matters(windows):
    module = small()
    outputs = module(windows)
    torch.nn.init.zeros_(module.ahead_selection.of_each[0].first.weight)
    torch.nn.init.zeros_(module.ahead_selection.of_each[1].first.weight)
    assert not torch.allclose(module(windows), outputs, atol=1e-4)


class TestSymbols:
    def test_the_symbol_changes_the_outputs(self, with_symbols):
        module = small(n_symbols=3)
        same = with_symbols.clone()
        same[:, :, 3] = 0
        outputs, all_first = module(with_symbols), module(same)
        is_first = torch.tensor([True, False, False, True, False])
        torch.testing.assert_close(outputs[is_first], all_first[is_first])
        changes = (outputs - all_first)[~is_first].abs().amax(dim=1)
        assert changes.min() > 1e-3

    @pytest.mark.parametrize(
        "part", ["selection", "hidden", "cell", "enrichment"], ids=str
    )
    def test_each_of_the_four_contexts_matters(self, with_symbols, part):
        module = small(n_symbols=3)
        outputs = module(with_symbols)
        torch.nn.init.zeros_(getattr(module.static, part).output.norm.weight)
        assert not torch.allclose(module(with_symbols), outputs, atol=1e-4)

    def test_only_the_latest_bar_tells_the_symbol(self, with_symbols):
        module = small(n_symbols=3)
        outputs = module(with_symbols)
        with_symbols[:, :-1, 3] = 0
        assert torch.equal(module(with_symbols), outputs)

    def test_an_unknown_one_is_the_mean_of_all(self, with_symbols):
        module = small(n_symbols=3)
        with_symbols[:, :, 3] = 3
        outputs = module(with_symbols)
        mean = module.static.symbols.mean(dim=0)
        with torch.no_grad():
            module.static.symbols.copy_(mean.expand(3, -1))
        with_symbols[:, :, 3] = 1
        torch.testing.assert_close(module(with_symbols), outputs)


class TestGatedResidualNetwork:
    @pytest.mark.parametrize("n_outputs", [None, 3])
    @pytest.mark.parametrize("has_context", [False, True])
    def test_it_is_what_the_formula_says(self, n_outputs, has_context):
        torch.manual_seed(0)
        network = GatedResidualNetwork(
            4, 5, n_outputs, has_context=has_context, dropout=0.0
        )
        states, context = torch.randn(2, 6, 4), torch.randn(2, 1, 5)
        hidden = network.first(states)
        if has_context:
            hidden = hidden + context @ network.context.weight.T
        hidden = network.second(torch.where(hidden > 0, hidden, hidden.exp() - 1))
        value, gate = network.output.gate(hidden).chunk(2, dim=2)
        around = states if n_outputs is None else network.around(states)
        expected = functional.layer_norm(
            around + value * torch.sigmoid(gate), (n_outputs or 4,)
        )
        torch.testing.assert_close(network(states, context), expected)

    def test_a_closed_gate_lets_nothing_through(self):
        network = GatedResidualNetwork(4, 5, dropout=0.0)
        with torch.no_grad():
            network.output.gate.bias[4:] = -1e9
        states = torch.randn(2, 6, 4)
        expected = functional.layer_norm(states, (4,))
        torch.testing.assert_close(network(states), expected)
