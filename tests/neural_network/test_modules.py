"""What every network does, whatever its architecture."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from sk_ensemble.neural_network import (
    ALSTMModule,
    GRUModule,
    InceptionNetworkModule,
    InceptionTimeModule,
    LSTMFCNModule,
    LSTMModule,
    MLPModule,
    NHITSModule,
    PatchTSTModule,
    TCNModule,
    TFTModule,
    TransformerModule,
)

N_BARS, N_FEATURES, N_OUTPUTS = 12, 3, 2

MAKERS = {
    "alstm": partial(ALSTMModule, hidden_size=16),
    "gru": partial(GRUModule, hidden_size=16),
    "inception_network": partial(
        InceptionNetworkModule, n_filters=4, kernel_sizes=[8, 4, 2], bottleneck_size=4
    ),
    "inception_time": partial(
        InceptionTimeModule,
        n_members=2,
        n_filters=4,
        depth=3,
        kernel_sizes=[8, 4, 2],
        bottleneck_size=4,
    ),
    "lstm": partial(LSTMModule, hidden_size=16),
    "lstm_fcn": partial(
        LSTMFCNModule,
        window_length=N_BARS,
        channels=[16, 16],
        kernel_sizes=[4, 3],
        dropout=0.0,
        se_reduction=4,
    ),
    "mlp": partial(
        MLPModule,
        window_length=N_BARS,
        hidden_sizes=[32, 16],
        input_dropout=0.0,
        dropout=0.0,
    ),
    "nhits": partial(NHITSModule, input_size=N_BARS, mlp_units=[(32, 32)]),
    "patch_tst": partial(
        PatchTSTModule,
        window_length=N_BARS,
        patch_len=4,
        stride=2,
        d_model=16,
        n_heads=4,
        num_layers=2,
        d_ff=16,
        dropout=0.0,
    ),
    "tcn": partial(TCNModule, channels=[16, 8, 8], dropout=0.0),
    "tft": partial(TFTModule, hidden_size=16, n_heads=4, known=[1, 2], dropout=0.0),
    "transformer": partial(
        TransformerModule,
        window_length=N_BARS,
        d_model=16,
        n_heads=4,
        num_layers=2,
        d_ff=16,
        dropout=0.0,
    ),
}

#: The same modules with units dropped in training.
WITH_DROPOUT = {
    "alstm": partial(MAKERS["alstm"], num_layers=1, dropout=0.5),
    "gru": partial(MAKERS["gru"], dropout=0.5),
    "lstm": partial(MAKERS["lstm"], dropout=0.5),
    "lstm_fcn": partial(MAKERS["lstm_fcn"], dropout=0.5),
    "mlp, input": partial(MAKERS["mlp"], input_dropout=0.5),
    "mlp, layers": partial(MAKERS["mlp"], dropout=0.5),
    "nhits": partial(MAKERS["nhits"], dropout_prob_theta=0.5),
    "patch_tst": partial(MAKERS["patch_tst"], dropout=0.5, norm="LayerNorm"),
    "tcn": partial(MAKERS["tcn"], dropout=0.5),
    "tft": partial(MAKERS["tft"], dropout=0.5),
    "transformer": partial(MAKERS["transformer"], dropout=0.5, norm="LayerNorm"),
}


@pytest.fixture(params=MAKERS)
def module(request):
    torch.manual_seed(0)
    return MAKERS[request.param](N_FEATURES, N_OUTPUTS)


@pytest.fixture
def windows():
    return torch.randn(6, N_BARS, N_FEATURES, generator=torch.manual_seed(1))


def test_every_window_has_its_outputs(module, windows):
    assert module(windows).shape == (6, N_OUTPUTS)


def test_the_gradient_reaches_every_parameter(module, windows):
    module(windows).square().sum().backward()
    silent = [
        name
        for name, parameter in module.named_parameters()
        if parameter.grad is None or parameter.grad.abs().sum() == 0
    ]
    assert silent == []


def test_every_bar_has_an_influence(module, windows):
    windows.requires_grad_()
    module.eval()(windows).square().sum().backward()
    assert (windows.grad.abs().sum(dim=(0, 2)) > 0).all()
    assert (windows.grad.abs().sum(dim=(0, 1)) > 0).all()


def test_the_order_of_the_bars_matters(module, windows):
    module.eval()
    assert not torch.allclose(module(windows), module(windows.flip(1)), atol=1e-4)


def test_predictions_of_a_trained_module_do_not_depend_on_chance_or_company(
    module, windows
):
    module.eval()
    together = module(windows)
    assert torch.equal(module(windows), together)
    alone = torch.cat([module(window[None]) for window in windows])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-6)


def test_weights_are_drawn_from_torch_s_generator(module):
    make = next(m for m in MAKERS.values() if m.func is type(module))
    torch.manual_seed(0)
    again = make(N_FEATURES, N_OUTPUTS)
    for mine, theirs in zip(module.parameters(), again.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_sixty_four_windows_with_random_labels_can_be_learnt_by_heart(module):
    generator = torch.Generator().manual_seed(2)
    windows = torch.randn(64, N_BARS, N_FEATURES, generator=generator)
    codes = torch.randint(N_OUTPUTS, (64,), generator=generator)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        loss = functional.cross_entropy(module(windows), codes)
        loss.backward()
        optimizer.step()
    assert loss < 0.05


def test_double_precision_is_double_throughout(module, windows):
    assert module.double()(windows.double()).dtype == torch.float64


@pytest.mark.parametrize("make", WITH_DROPOUT.values(), ids=WITH_DROPOUT)
def test_units_are_dropped_in_training_only(make, windows):
    module: nn.Module = make(N_FEATURES, N_OUTPUTS)
    assert not torch.equal(module(windows), module(windows))
    module.eval()
    assert torch.equal(module(windows), module(windows))
