"""What the classifiers make of their own parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from families import quick

#: Per family: settings, each of which makes another network.
CHANGES = {
    "alstm": [
        {"hidden_size": 3},
        {"num_layers": 2},
        {"dropout": 0.5},
        {"rnn_type": "LSTM"},
    ],
    "gru": [{"hidden_size": 3}, {"num_layers": 2}, {"dropout": 0.5}],
    "inception_time": [
        {"n_members": 1},
        {"n_filters": 3},
        {"depth": 2},
        {"kernel_sizes": [3]},
        {"bottleneck_size": 3},
    ],
    "lstm_fcn": [
        {"hidden_size": 3},
        {"channels": [5, 4]},
        {"kernel_sizes": [2, 2]},
        {"dropout": 0.5},
        {"se_reduction": 2},
    ],
    "mlp": [
        {"hidden_sizes": [5]},
        {"hidden_sizes": []},
        {"input_dropout": 0.5},
        {"dropout": 0.5},
    ],
    "patch_tst": [
        {"patch_len": 2},
        {"stride": 1},
        {"d_model": 6},
        {"n_heads": 1},
        {"num_layers": 2},
        {"d_ff": 3},
        {"dropout": 0.5},
        {"norm": "BatchNorm"},
        {"revin": False},
    ],
    "tft": [{"hidden_size": 6}, {"n_heads": 1}, {"dropout": 0.5}],
    "transformer": [
        {"d_model": 6},
        {"n_heads": 1},
        {"num_layers": 2},
        {"d_ff": 3},
        {"dropout": 0.5},
        {"norm": "BatchNorm"},
    ],
    "tcn": [{"channels": [4]}, {"kernel_size": 2}, {"dropout": 0.5}],
}

#: Per family: settings that are refused.
FAULTS = {
    "alstm": [
        {"hidden_size": 0},
        {"num_layers": 0},
        {"dropout": 1.0},
        {"rnn_type": "RNN"},
    ],
    "gru": [{"hidden_size": 0}, {"num_layers": 1.5}, {"dropout": 1.0}],
    "inception_time": [
        {"n_members": 0},
        {"n_filters": 0},
        {"depth": 0},
        {"kernel_sizes": []},
        {"kernel_sizes": 8},
        {"bottleneck_size": 0},
    ],
    "lstm_fcn": [
        {"hidden_size": 0},
        {"channels": []},
        {"channels": 8},
        {"kernel_sizes": [3]},
        {"kernel_sizes": [3, 0]},
        {"dropout": 1.0},
        {"se_reduction": 0},
    ],
    "mlp": [
        {"hidden_sizes": 5},
        {"hidden_sizes": [5, 0]},
        {"hidden_sizes": ["wide"]},
        {"input_dropout": -0.1},
        {"dropout": 1},
    ],
    "patch_tst": [
        {"patch_len": 0},
        {"stride": 4},
        {"d_model": 7},
        {"n_heads": 0},
        {"num_layers": 0},
        {"d_ff": 0},
        {"dropout": 1.0},
        {"norm": "None"},
        {"revin": "yes"},
    ],
    "tft": [
        {"hidden_size": 5},
        {"n_heads": 0},
        {"dropout": 1.0},
        {"known_features": "clock"},
        {"use_symbols": "yes"},
    ],
    "transformer": [
        {"d_model": 7},
        {"n_heads": 0},
        {"num_layers": 0},
        {"d_ff": 0},
        {"dropout": 1.0},
        {"norm": "None"},
    ],
    "tcn": [
        {"channels": []},
        {"channels": [8, 0]},
        {"channels": "wide"},
        {"kernel_size": 1},
        {"dropout": 1},
    ],
}


def each(table):
    return [(name, settings) for name, rows in table.items() for settings in rows]


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6, 3))
    return X, np.where(X[:, 2, 0] > 0, 1, -1)


@pytest.mark.parametrize(("name", "settings"), each(CHANGES), ids=str)
def test_every_parameter_reaches_the_network(arrays, name, settings):
    changed = quick(name, **settings).fit(*arrays)
    assert changed.history_ != quick(name).fit(*arrays).history_


@pytest.mark.parametrize(("name", "settings"), each(FAULTS), ids=str)
def test_a_wrong_parameter_is_refused_by_name(arrays, name, settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        quick(name, **settings).fit(*arrays)


@pytest.mark.parametrize("name", CHANGES)
def test_the_module_is_the_one_of_that_name(arrays, name):
    model = quick(name).fit(*arrays)
    expected = type(model).__name__.replace("Net", "").replace("Classifier", "Module")
    assert type(model.module_).__name__ == expected


#: Per family: what its module computes for `attention_weights`.
ATTENTION = {
    "alstm": "attention",
    "tft": "attention_ahead",
    "transformer": "attention",
}


@pytest.mark.parametrize("name", ATTENTION)
class TestAttention:
    def test_it_is_that_of_the_module_on_standardised_windows(self, arrays, name):
        X, y = arrays
        model = quick(name).fit(X, y)
        values = torch.from_numpy((X - model.mean_) / model.scale_)
        with torch.no_grad():
            expected = getattr(model.module_, ATTENTION[name])(values)
        found = model.attention_weights(X)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        np.testing.assert_allclose(found.sum(axis=-1), 1)

    def test_any_split_of_the_input_gives_equal_bits(self, arrays, name):
        X, y = arrays
        model = quick(name).fit(X.astype("float32"), y)
        together = model.attention_weights(X)
        alone = [model.attention_weights(X[[row]])[0] for row in range(40)]
        np.testing.assert_array_equal(alone, together[:40])

    def test_other_windows_and_a_model_without_network_are_refused(self, arrays, name):
        X, y = arrays
        with pytest.raises(NotFittedError):
            quick(name).attention_weights(X)
        with pytest.raises(ValueError, match="windows of 5 bars"):
            quick(name).fit(X, y).attention_weights(X[:, 1:])
        with pytest.raises(ValueError, match="Only one class"):
            quick(name).fit(X, np.ones(60)).attention_weights(X)
