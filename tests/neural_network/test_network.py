from __future__ import annotations

import inspect
import pickle
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.base import clone
from torch import nn

from sk_ensemble import LSTMClassifier
from sk_ensemble.neural_network import NetworkClassifier, TrainingParameters, network


@network
class LinearClassifier(NetworkClassifier):
    """Classify by a linear map.

    Parameters
    ----------
    bias : bool, default=True
        Whether to add a constant.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}
    """

    bias: bool = True

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "bias": ["boolean"],
    }

    def _make_module(self, n_features, n_outputs, window_length):
        linear = nn.Linear(window_length * n_features, n_outputs, bias=self.bias)
        return nn.Sequential(nn.Flatten(), linear)


def names(cls):
    return list(inspect.signature(cls).parameters)


@pytest.fixture
def fitted():
    X = np.random.default_rng(0).normal(size=(80, 2, 3))
    model = LinearClassifier(
        bias=False, max_epochs=30, learning_rate=0.1, random_state=0
    )
    return model.fit(X, X[:, 0, 1] > 0), X


def test_own_parameters_come_before_those_that_all_networks_have():
    shared = names(TrainingParameters)
    assert names(LinearClassifier) == ["bias", *shared]
    assert names(LSTMClassifier)[:3] == ["hidden_size", "num_layers", "dropout"]
    assert names(LSTMClassifier)[3:] == shared


def test_parameters_are_keywords_and_what_is_given_is_stored():
    weights = {1: 2.0}
    model = LinearClassifier(bias=False, class_weight=weights)
    assert model.bias is False
    assert model.class_weight is weights
    assert set(vars(model)) == set(model.get_params())
    with pytest.raises(TypeError, match="positional"):
        LinearClassifier(False)
    with pytest.raises(TypeError, match="dropout"):
        LinearClassifier(dropout=0.5)


def test_parameters_that_differ_from_the_defaults_are_shown():
    assert repr(LinearClassifier(bias=False)) == "LinearClassifier(bias=False)"


def test_models_of_equal_parameters_are_different_models():
    one, other = LinearClassifier(), LinearClassifier()
    assert one != other
    assert len({one, other}) == 2


def test_descriptions_of_what_all_networks_share_are_written_in():
    doc = LinearClassifier.__doc__
    assert "{training_parameters}" not in doc
    assert "{fitted_attributes}" not in doc
    assert "\nbias : bool, default=True\n" in doc
    assert "\nmax_epochs : int, default=50\n    Passes over" in doc
    assert "\nhit_time_limit_ : bool\n" in doc


def test_a_network_of_one_s_own_is_fitted_cloned_and_pickled(fitted):
    model, X = fitted
    assert model.score(X, X[:, 0, 1] > 0) > 0.8
    assert model.module_[1].bias is None
    expected = model.predict_proba(X)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    twin = clone(model).fit(X, X[:, 0, 1] > 0)
    np.testing.assert_array_equal(twin.predict_proba(X), expected)


def test_its_parameters_are_checked_when_it_is_fitted():
    with pytest.raises(ValueError, match="'bias' parameter"):
        LinearClassifier(bias="no").fit([[1.0], [2.0]], [0, 1])
