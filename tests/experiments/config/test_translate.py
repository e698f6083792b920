from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sk_ensemble import create, register
from sk_ensemble.baseline import PriorBaseline
from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config import ModelConfig, parse_experiment
from sk_ensemble.experiments.config._translate import (
    constructor_parameters,
    translation_faults,
)

Faults = Callable[..., list[str]]

WORDS = {
    "early_stopping_rounds": 7,
    "early_stopping_patience": 7,
    "max_epochs": 3,
    "learning_rate": 0.5,
    "batch_size": 64,
    "time_limit": 60.0,
    "random_seed": 1,
    "n_jobs": 2,
    "verbose": True,
}
NAMES = (
    "n_iter_no_change",
    "max_epochs",
    "learning_rate",
    "batch_size",
    "time_limit",
    "random_state",
    "n_jobs",
    "verbose",
)


def params(name: str, **training: Any) -> dict[str, Any]:
    return ModelConfig(model=name, training=training).estimator_params()


def test_every_word_becomes_the_parameter_of_its_name() -> None:
    assert list(translation_faults(WORDS, {}, NAMES, "all")) == []
    assert constructor_parameters(WORDS, {"gamma": 1}, NAMES) == {
        "gamma": 1,
        "n_iter_no_change": 7,
        "max_epochs": 3,
        "learning_rate": 0.5,
        "batch_size": 64,
        "time_limit": 60.0,
        "random_state": 1,
        "n_jobs": 2,
        "verbose": 1,
    }


@pytest.mark.parametrize("name", ["xgboost", "lightgbm", "lstm"])
@pytest.mark.parametrize("word", ["early_stopping_rounds", "early_stopping_patience"])
def test_both_words_for_stopping_early_mean_the_same(name: str, word: str) -> None:
    estimator = create(name, **params(name, **{word: 7, "random_seed": 3}))
    assert estimator.n_iter_no_change == 7
    assert estimator.random_state == 3


@pytest.mark.parametrize(
    ("name", "word", "advice"),
    [
        ("xgboost", "max_epochs", "use hyperparameters.n_estimators"),
        ("lightgbm", "batch_size", "does not train in batches"),
        ("random_forest", "max_epochs", "use hyperparameters.n_estimators"),
        ("random_forest", "time_limit", "cannot be stopped in the middle of a fit"),
        ("random_forest", "learning_rate", "has no learning rate"),
        ("logistic", "max_epochs", "use hyperparameters.max_iter"),
        ("hist_gradient_boosting", "early_stopping_rounds", "does not stop early"),
        ("prior", "early_stopping_patience", "does not stop early"),
        ("prior", "max_epochs", "does not train in epochs"),
    ],
)
def test_a_word_without_use_is_refused_with_what_to_do(
    name: str, word: str, advice: str
) -> None:
    with pytest.raises(ConfigError, match=f"{name}.training.{word}: {name} .*{advice}"):
        params(name, **{word: WORDS[word]})


@pytest.mark.parametrize("name", ["prior", "volatility", "logistic"])
def test_seeds_threads_and_talk_do_no_harm(name: str) -> None:
    words = params(name, random_seed=1, n_jobs=2, verbose=True)
    create(name, **words)
    assert "n_jobs" not in words


def test_a_seed_of_its_own_comes_before_that_of_the_experiment() -> None:
    config = parse_experiment(
        "models: [xgboost, {name: lstm, training: {random_seed: 1}}]\nrandom_seed: 7"
    )
    assert config.estimator_params("xgboost") == {"random_state": 7}
    assert config.estimator_params("lstm") == {"random_state": 1}
    with pytest.raises(KeyError, match="the nearest is xgboost"):
        config.estimator_params("xgbost")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (
            "hyperparameters: {learning_rate: 0.1}, training: {learning_rate: 0.2}",
            "training.learning_rate: contradicts hyperparameters.learning_rate, which "
            "is 0.1: give one",
        ),
        (
            "hyperparameters: {n_iter_no_change: 5}, "
            "training: {early_stopping_rounds: 6}",
            "training.early_stopping_rounds: contradicts "
            "hyperparameters.n_iter_no_change, which is 5: give one",
        ),
        (
            "training: {early_stopping_rounds: 5, early_stopping_patience: 6}",
            "training.early_stopping_patience: contradicts "
            "training.early_stopping_rounds, which is 5: give one",
        ),
        (
            "hyperparameters: {random_state: 5}, training: {random_seed: 6}",
            "training.random_seed: contradicts hyperparameters.random_state, which "
            "is 5: give one",
        ),
    ],
)
def test_two_values_for_one_parameter_are_refused(
    faults: Faults, entry: str, fault: str
) -> None:
    assert faults(f"models: [{{name: lstm, {entry}}}]") == [
        f"<text>:1: models.lstm.{fault}"
    ]
    same = entry.replace("6", "5").replace("0.2", "0.1")
    assert parse_experiment(f"models: [{{name: lstm, {same}}}]")


def test_the_seed_of_an_experiment_contradicts_nothing() -> None:
    text = "models: [{name: lstm, hyperparameters: {random_state: 5}}]"
    assert parse_experiment(text).estimator_params("lstm") == {"random_state": 5}


def test_a_window_of_another_length_than_the_model_has_is_refused(
    faults: Faults,
) -> None:
    text = "models: [{name: nhits, hyperparameters: {input_size: 30}}]"
    (fault,) = faults(text)
    assert "hyperparameters.input_size: is 30, but the windows have 60 bars" in fault
    same = "models.nhits.sequence_length=30"
    assert parse_experiment(text, [same]).model("nhits").window_length == 30


def test_values_are_checked_by_the_model_itself(faults: Faults) -> None:
    lines = faults(
        "models:\n- name: lstm\n  hyperparameters: {hidden_size: 0, amp: maybe}\n"
        "- name: logistic\n  hyperparameters: {C: -1, solver: no_such}"
    )
    assert [line.partition(": The")[0] for line in lines] == [
        "<text>:3: models.lstm.hyperparameters.hidden_size",
        "<text>:3: models.lstm.hyperparameters.amp",
        "<text>:5: models.logistic.hyperparameters.C",
        "<text>:5: models.logistic.hyperparameters.solver",
    ]


def test_parameters_are_a_copy() -> None:
    model = ModelConfig(model="clock", hyperparameters={"timezone": {"IF": "UTC"}})
    model.estimator_params()["timezone"]["IF"] = "else"
    assert model.hyperparameters == {"timezone": {"IF": "UTC"}}


def test_a_library_that_is_missing_is_told_with_its_extra(faults: Faults) -> None:
    @register("broken", family="neural", description="Without its library")
    def broken(*, alpha=1):
        return PriorBaseline()

    def absent(name: str) -> dict[str, Any]:
        raise ImportError('torch is needed: pip install "sk_ensemble[neural]"')

    with pytest.MonkeyPatch.context() as patch:
        module = "sk_ensemble.experiments.config._model_faults.model_parameters"
        patch.setattr(module, absent)
        (fault,) = faults("models: [broken]")
        assert fault == (
            "<text>:1: models.broken.model.name: torch is needed: "
            'pip install "sk_ensemble[neural]"'
        )
        assert parse_experiment("models: [broken]", check_environment=False)
