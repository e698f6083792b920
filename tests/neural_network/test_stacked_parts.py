"""The parts that many networks are trained with at once, against torch's own."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.func import vmap

from sk_ensemble.neural_network import LSTMModule, MLPModule
from sk_ensemble.neural_network._lstm_steps import LSTMSteps
from sk_ensemble.neural_network._pace import Pace
from sk_ensemble.neural_network._row_norm import RowNorm
from sk_ensemble.neural_network._stacked_adam import StackedAdam
from sk_ensemble.neural_network._stacked_module import StackedModule
from sk_ensemble.neural_network._stacked_training import clip_norms
from sk_ensemble.neural_network._unrolled import UnrolledRecurrent


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("bias", [True, False])
def test_unrolled_layers_compute_what_torch_computes(kind, bias):
    layer = kind(3, 5, 2, batch_first=True, bias=bias).double()
    unrolled = UnrolledRecurrent(copy.deepcopy(layer))
    assert list(unrolled.state_dict()) == list(layer.state_dict())
    windows = torch.randn(7, 9, 3, dtype=torch.float64)
    expected, found = layer(windows)[0], unrolled(windows)[0]
    torch.testing.assert_close(found, expected)
    expected.square().sum().backward()
    found.square().sum().backward()
    parts = zip(unrolled.parameters(), layer.parameters(), strict=True)
    for one, other in parts:
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_unrolled_layers_go_on_from_a_state(kind):
    layer = kind(3, 5, 2, batch_first=True).double()
    unrolled = UnrolledRecurrent(copy.deepcopy(layer))
    windows = torch.randn(7, 9, 3, dtype=torch.float64)
    _, expected = layer(windows[:, :4])
    _, found = unrolled(windows[:, :4])
    torch.testing.assert_close(found, expected)
    expected, found = (part(windows[:, 4:], expected) for part in (layer, unrolled))
    torch.testing.assert_close(found, expected)


def make_steps():
    sizes = [(2, 3, 4, 5), (2, 24, 5 + 6 + 1), (2, 3, 6), (2, 3, 6)]
    return [torch.randn(size).double().requires_grad_() for size in sizes]


@pytest.mark.parametrize("used", [[0, 1], [0], [1]])
def test_gradients_of_steps_are_those_of_small_differences(used):
    def outputs(*given):
        return tuple(LSTMSteps.apply(*given)[place] for place in used)

    assert torch.autograd.gradcheck(outputs, make_steps())


def test_steps_leave_what_they_are_given():
    given = make_steps()
    before = [part.detach().clone() for part in given]
    outputs, cell, *_ = LSTMSteps.apply(*given)
    (outputs.sum() + cell.sum()).backward()
    assert all(one.equal(two) for one, two in zip(given, before, strict=True))


def test_networks_may_share_what_steps_are_given():
    windows, weights, hidden, cell = make_steps()
    shared = [windows[:1], weights[:, None], hidden[:1], cell[:1]]

    def steps(own):
        return LSTMSteps.apply(shared[0], own, *shared[2:])[0]

    found = vmap(steps)(shared[1])
    for own, outputs in zip(weights, found, strict=True):
        torch.testing.assert_close(outputs, steps(own[None]))


def test_unrolled_layers_drop_units_between_layers_in_training_only():
    layer = UnrolledRecurrent(nn.LSTM(3, 5, 2, batch_first=True, dropout=0.5))
    windows = torch.randn(7, 9, 3)
    assert not layer(windows)[0].equal(layer(windows)[0])
    layer.eval()
    assert layer(windows)[0].equal(layer(windows)[0])


@pytest.mark.parametrize(
    "layer",
    [
        nn.RNN(3, 5, batch_first=True),
        nn.LSTM(3, 5),
        nn.LSTM(3, 5, batch_first=True, bidirectional=True),
        nn.LSTM(3, 5, batch_first=True, proj_size=2),
    ],
    ids=str,
)
def test_other_recurrent_layers_are_refused(layer):
    with pytest.raises(TypeError, match="Fit the folds one by one"):
        UnrolledRecurrent(layer)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3)])
def test_row_norm_is_batch_norm_of_the_samples(shape):
    norm = nn.BatchNorm1d(4).double()
    rows = RowNorm(copy.deepcopy(norm))
    values = torch.randn(shape, dtype=torch.float64)
    filled = torch.cat([values, torch.full_like(values[:2], 1e3)])
    rows.is_sample = torch.arange(8) < 6
    for _ in range(2):
        torch.testing.assert_close(rows(filled)[:6], norm(values))
    for name, buffer in norm.named_buffers():
        torch.testing.assert_close(rows.get_buffer(name), buffer)
    torch.testing.assert_close(rows.eval()(values), norm.eval()(values))


def test_row_norm_counts_all_rows_of_a_window():
    norm = nn.BatchNorm1d(4).double()
    rows = RowNorm(copy.deepcopy(norm))
    values = torch.randn(6, 4, dtype=torch.float64)
    rows.is_sample = torch.tensor([True, True, False])
    torch.testing.assert_close(rows(values)[:4], norm(values[:4]))


@pytest.mark.parametrize(
    "settings", [{"track_running_stats": False}, {"momentum": None}]
)
def test_other_batch_norms_are_refused(settings):
    with pytest.raises(TypeError, match="running statistics and a momentum"):
        RowNorm(nn.BatchNorm1d(4, **settings))


@pytest.mark.parametrize("decoupled", [True, False])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_adam_of_each_network_is_that_of_torch(decoupled, weight_decay):
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    values = torch.randn(3, 4, dtype=torch.float64)
    alone = [nn.Parameter(row.clone()) for row in values]
    optimizers = [kind([row], weight_decay=weight_decay) for row in alone]
    adam = StackedAdam(values, weight_decay=weight_decay, decoupled=decoupled)
    # Networks take 6, 4 and 2 steps, at rates of their own.
    rates = [0.1, 0.01, 0.05]
    for n_first in [3, 2, 1] * 2:
        gradients = torch.randn(n_first, 4, dtype=torch.float64)
        untouched = values[n_first:].clone()
        adam.step(values, gradients, rates=rates, betas=[0.9, 0.8, 0.9])
        assert values[n_first:].equal(untouched)
        for place in range(n_first):
            group = optimizers[place].param_groups[0]
            group["lr"], group["betas"] = rates[place], ((0.9, 0.8, 0.9)[place], 0.999)
            alone[place].grad = gradients[place]
            optimizers[place].step()
    torch.testing.assert_close(values, torch.stack([row.data for row in alone]))


def test_adam_keeps_what_belongs_to_those_that_stay():
    values, gradients = torch.randn(3, 4), torch.randn(3, 4)
    settings = {"weight_decay": 0.1, "decoupled": True}
    all_of_them, some = values.clone(), values[[2]].clone()
    adam, alone = (StackedAdam(v, **settings) for v in (all_of_them, some))
    adam.step(all_of_them, gradients, rates=[0.1] * 3, betas=[0.9] * 3)
    adam.keep([2])
    rest = all_of_them[[2]]
    adam.step(rest, gradients[:1], rates=[0.1], betas=[0.9])
    alone.step(some, gradients[[2]], rates=[0.1], betas=[0.9])
    alone.step(some, gradients[:1], rates=[0.1], betas=[0.9])
    assert rest.equal(some)


def test_norms_are_clipped_as_by_torch():
    gradients = torch.randn(3, 5, dtype=torch.float64) * torch.tensor(
        [[9], [1], [0.01]]
    )
    alone = gradients.clone()
    for row in alone:
        parameter = nn.Parameter(torch.zeros(5, dtype=torch.float64))
        parameter.grad = row
        nn.utils.clip_grad_norm_([parameter], 0.7)
    torch.testing.assert_close(clip_norms(gradients, 0.7), alone)


def test_stacked_outputs_are_those_of_each_module():
    modules = [LSTMModule(2, 3, hidden_size=4).double() for _ in range(3)]
    stack = StackedModule(modules)
    windows = torch.randn(3, 5, 6, 2, dtype=torch.float64)
    everything = torch.ones(3, 5, dtype=torch.bool)
    outputs = stack.outputs(stack.values, windows, everything, training=False)
    for module, batch, output in zip(modules, windows, outputs, strict=True):
        torch.testing.assert_close(output, module(batch))


def test_weights_come_back_bit_for_bit():
    modules = [MLPModule(2, 3, window_length=4) for _ in range(3)]
    stack = StackedModule(modules)
    stack.keep([0, 2])
    other = MLPModule(2, 3, window_length=4)
    stack.load_into(other, stack.weights(1))
    parts = zip(other.parameters(), modules[2].parameters(), strict=True)
    assert all(one.equal(two) for one, two in parts)


def test_a_pace_without_schedule_stays():
    pace = Pace(None, learning_rate=0.2, n_steps=4, monitor="train_loss", patience=1)
    pace.after_step()
    pace.after_epoch({"train_loss": 1.0})
    assert (pace.rate, pace.beta) == (0.2, 0.9)


def test_a_plateau_halves_the_rate():
    pace = Pace(
        "plateau", learning_rate=0.2, n_steps=4, monitor="valid_loss", patience=2
    )
    for _ in range(3):
        pace.after_epoch({"train_loss": 0.0, "valid_loss": 1.0})
    assert pace.rate == 0.1


def test_one_cycle_changes_the_momentum_too():
    pace = Pace(
        "onecycle", learning_rate=0.2, n_steps=10, monitor="train_loss", patience=2
    )
    first = pace.rate, pace.beta
    pace.after_step()
    assert pace.rate > first[0]
    assert pace.beta < first[1]
