"""What a search has found, as the configuration of a model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from searches import rows, searching
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from families import quick
from sk_ensemble import RowTransformer, Windower, create
from sk_ensemble.exceptions import RegistryError
from sk_ensemble.search import winner_as_model_config


def model_of(config):
    """Make the model that a configuration describes."""
    name = f"{config['model']['family']}:{config['model']['name']}"
    params = dict(config["hyperparameters"])
    if "random_seed" in config["training"]:
        params["random_state"] = config["training"]["random_seed"]
    return create(name, **params)


@pytest.mark.parametrize("name", ["xgboost", "lightgbm", "logistic", "random_forest"])
def test_the_configuration_makes_the_winner(name):
    X, y = rows(120)
    model = make_pipeline(Windower(2), quick(name, random_state=3))
    space = {"windower__window_length": IntDistribution(1, 3)}
    search = searching(model, space, n_trials=2).fit(X, y)
    config = winner_as_model_config(search)
    assert json.loads(json.dumps(config)) == config
    assert config["training"] == {"random_seed": 3}
    length = search.best_params_["windower__window_length"]
    assert config["dataset"] == {"sequence_length": length, "lag": 0}
    again = model_of(config)
    windows = Windower(length).transform(X)
    expected = search.predict_proba(X)
    assert again.fit(windows, y).predict_proba(windows).tobytes() == expected.tobytes()


def test_a_winner_found_by_itself_is_written(tmp_path):
    X, y = rows(120)
    model = make_pipeline(Windower(2, lag=1, incomplete="pad"), quick("xgboost"))
    X = np.column_stack([X])
    search = searching(quick("xgboost"), "auto", n_trials=3, refit=False).fit(X, y)
    config = winner_as_model_config(search)
    assert config["model"] == {"name": "xgboost", "family": "boosting"}
    assert set(search.best_params_) <= set(config["hyperparameters"])
    assert config["dataset"] == {"sequence_length": 1, "lag": 0}
    del model


def test_numbers_of_numpy_and_class_weights_become_plain():
    grid = {
        "max_depth": np.array([2]),
        "class_weight": [{0: 1.0, 1: 2.0}],
        "n_jobs": [2],
    }
    search = GridSearchCV(quick("xgboost"), grid, cv=2).fit(*rows(100))
    config = winner_as_model_config(search)
    assert config["hyperparameters"] == {
        "n_estimators": 5,
        "max_depth": 2,
        "class_weight": {"0": 1.0, "1": 2.0},
    }
    assert type(config["hyperparameters"]["max_depth"]) is int
    assert config["training"] == {"n_jobs": 2}


def test_what_cannot_be_written_is_refused():
    X, y = rows(100)
    scaled = make_pipeline(
        RowTransformer(StandardScaler()), Windower(1), quick("xgboost")
    )
    search = GridSearchCV(scaled, {"windower__lag": [0]}, cv=2).fit(X, y)
    with pytest.raises(ValueError, match=r"\['RowTransformer', 'Windower'\]"):
        winner_as_model_config(search)
    state = {"random_state": [np.random.RandomState(0)]}
    search = GridSearchCV(quick("xgboost"), state, cv=2).fit(X, y)
    with pytest.raises(ValueError, match="random_state=RandomState"):
        winner_as_model_config(search)
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y)
    with pytest.raises(RegistryError, match="no model of the registry"):
        winner_as_model_config(search)


def test_defaults_are_left_out():
    space = {"max_depth": CategoricalDistribution([3])}
    search = searching(create("xgboost", n_estimators=2), space, n_trials=1)
    config = winner_as_model_config(search.fit(*rows(100)))
    assert config["hyperparameters"] == {"n_estimators": 2}
