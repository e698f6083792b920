"""Search spaces of the registered models, and of those of other packages."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from searches import rows, searching
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from families import NAMES, quick
from sk_ensemble import Windower, create, register
from sk_ensemble.baseline import PriorBaseline
from sk_ensemble.exceptions import RegistryError
from sk_ensemble.registry import model_info, model_parameters
from sk_ensemble.search import search_space
from sk_ensemble.search._registered import find_registered

SEARCHED = [
    "xgboost",
    "lightgbm",
    "catboost",
    "lstm",
    "logistic",
    "random_forest",
    "hist_gradient_boosting",
    "volatility",
]


NETWORKS = [name for name in NAMES if "max_epochs" in model_parameters(name)]


def trials_of(space, n_trials):
    """Return trials drawn at random, and what the space makes of them."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    trials = [study.ask() for _ in range(n_trials)]
    return trials, [space(trial) for trial in trials]


@pytest.fixture(autouse=True)
def silence():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


@pytest.mark.parametrize("name", SEARCHED)
def test_what_is_drawn_is_what_the_model_takes(name):
    _, drawn = trials_of(search_space(name), 20)
    for params in drawn:
        create(name, **params)
    for parameter in drawn[0]:
        assert len({params[parameter] for params in drawn}) > 1


@pytest.mark.parametrize("name", SEARCHED)
def test_corners_of_the_space_can_be_fitted(name):
    X, y = rows(150)
    windows = Windower(2).transform(X)
    (trial,), _ = trials_of(search_space(name), 1)
    for corner in ("low", "high"):
        fixed = {
            parameter: getattr(distribution, corner, None)
            if hasattr(distribution, "low")
            else distribution.choices[0 if corner == "low" else -1]
            for parameter, distribution in trial.distributions.items()
        }
        params = search_space(name)(optuna.trial.FixedTrial(fixed))
        labels = y - 1 if name == "volatility" else y
        few = {"max_iter": 3} if name == "hist_gradient_boosting" else {}
        model = quick(name, **(params | few)).fit(windows, labels)
        assert np.isfinite(model.predict_proba(windows)).all()


@pytest.mark.parametrize("name", SEARCHED)
def test_the_documentation_names_every_parameter_and_its_bounds(name):
    (trial,), _ = trials_of(search_space(name), 1)
    text = " ".join(search_space.__doc__.split())
    for parameter, distribution in trial.distributions.items():
        sign = "*" if getattr(distribution, "log", False) else ""
        assert f"{parameter}{sign} " in text
        if hasattr(distribution, "low") and name != "lstm":
            low, high = (
                np.format_float_positional(v, trim="-")
                for v in (distribution.low, distribution.high)
            )
            assert f"{parameter}{sign} {low}-{high}" in text


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_space(name):
    _, drawn = trials_of(search_space(name), 3)
    assert {"learning_rate", "weight_decay", "batch_size"} <= set(drawn[0])
    assert set(drawn[0]) <= set(model_parameters(name))


def test_a_class_of_ones_own_may_have_a_space():
    @register("mine", family="baseline", description="Mine.")
    class Mine(PriorBaseline):
        @staticmethod
        def search_space(trial):
            return {"class_weight": trial.suggest_categorical("w", [None, "balanced"])}

        def __init__(self, *, class_weight=None):
            super().__init__()
            self.class_weight = class_weight

    _, drawn = trials_of(search_space("mine"), 8)
    assert {params["class_weight"] for params in drawn} == {None, "balanced"}
    X, y = rows()
    search = searching(make_pipeline(Windower(1), Mine()), "auto", n_trials=2).fit(X, y)
    assert set(search.best_params_) == {"mine__class_weight"}


def test_a_model_without_a_space_says_what_to_do():
    with pytest.raises(RegistryError, match="define search_space"):
        search_space("prior")
    with pytest.raises(RegistryError, match="no model 'nothing'"):
        search_space("nothing")


def test_a_space_returns_a_dict():
    with pytest.raises(TypeError, match="must return parameters as a dict, got float"):
        searching(space=lambda trial: trial.suggest_float("C", 0, 1)).fit(*rows())


@pytest.mark.parametrize("name", SEARCHED)
def test_models_are_recognised_wherever_they_stand(name):
    full_name = model_info(name).full_name
    model = make_pipeline(Windower(2), quick(name))
    found = find_registered(model)
    assert found.name == find_registered(quick(name)).name == full_name
    for parameter in model_parameters(name):
        assert f"{found.prefix}{parameter}" in model.get_params()


def test_other_estimators_are_not_taken_for_registered_ones():
    with pytest.raises(RegistryError, match="LogisticRegression is no model of the"):
        searching(LogisticRegression(), "auto").fit(*rows())
