from __future__ import annotations

import numpy as np
import pytest

from sk_ensemble import NHITSClassifier, Windower, create
from sk_ensemble.exceptions import DataError
from sk_ensemble.neural_network import NHITSModule


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 6, 2))
    return X, np.where(X[:, :3, 0].mean(axis=1) > 0, 1, -1)


def small(**params):
    settings = {"mlp_units": [[16, 16]], "max_epochs": 2, "random_state": 0}
    return NHITSClassifier(**(settings | params))


def test_settings_of_neuralforecast_work_as_they_are_written():
    bars = np.random.default_rng(0).normal(size=(90, 3)).astype(np.float32)
    model = create(
        "timeseries:nhits",
        input_size=60,
        h=5,
        n_freq_downsample=[2, 1, 1],
        n_pool_kernel_size=[2, 2, 1],
        n_blocks=[1, 1, 1],
        mlp_units=[[512, 512], [512, 512], [512, 512]],
        dropout_prob_theta=0.5,
        activation="ReLU",
        max_epochs=1,
    )
    model.fit(Windower(60).transform(bars), np.arange(90) % 3 - 1)
    assert isinstance(model.module_, NHITSModule)
    assert [block.shape for block in model.module_.blocks] == [
        (3, 60, 2),
        (3, 60, 5),
        (3, 60, 5),
    ]


def test_windows_of_another_size_than_promised_are_refused(arrays):
    with pytest.raises(DataError, match=r"input_size=5, .* 6 bars.*Windower\(5\)"):
        small(input_size=5).fit(*arrays)
    small(input_size=6).fit(*arrays)
    assert small().fit(*arrays).window_length_ == 6


def test_it_learns_what_stands_in_the_first_bars(arrays):
    X, y = arrays
    model = small(max_epochs=40, learning_rate=0.01).fit(X[:90], y[:90])
    assert model.score(X[90:], y[90:]) > 0.8


@pytest.mark.parametrize(
    "change",
    [
        {"h": 3},
        {"n_freq_downsample": [2, 2, 2]},
        {"n_pool_kernel_size": [3, 2, 1]},
        {"n_blocks": [2, 1, 1]},
        {"mlp_units": [[8, 8]]},
        {"dropout_prob_theta": 0.5},
        {"activation": "Tanh"},
        {"interpolation_mode": "nearest"},
        {"pooling_mode": "AvgPool1d"},
    ],
    ids=str,
)
def test_every_parameter_reaches_the_network(arrays, change):
    assert small(**change).fit(*arrays).history_ != small().fit(*arrays).history_


@pytest.mark.parametrize(
    "wrong",
    [
        {"h": 0},
        {"input_size": 0},
        {"n_freq_downsample": 2},
        {"n_blocks": [1]},
        {"mlp_units": 512},
        {"dropout_prob_theta": 1.0},
        {"activation": "GELU2"},
        {"interpolation_mode": "spline"},
        {"pooling_mode": "MinPool1d"},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_by_name(arrays, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        small(**wrong).fit(*arrays)


def test_a_single_bar_is_a_window_of_one(arrays):
    X, y = arrays
    assert small().fit(X[:, 0], y).predict_proba(X[:, 0]).shape == (120, 2)
