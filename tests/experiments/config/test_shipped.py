"""The files under ``examples/config`` are right, and there is one for every model."""

from __future__ import annotations

from pathlib import Path

import pytest

from sk_ensemble import create, list_models
from sk_ensemble.experiments.config import (
    ModelConfig,
    load_experiment,
    load_model_config,
)

CONFIG = Path(__file__).parents[3] / "examples" / "config"
MODELS = {path.stem: path for path in sorted(CONFIG.glob("models/*.yaml"))}
EXPERIMENTS = {path.stem: path for path in sorted(CONFIG.glob("experiments/*.yaml"))}
REGISTERED = set(list_models()["name"])


def test_every_model_has_a_file() -> None:
    assert REGISTERED <= MODELS.keys()


@pytest.mark.parametrize("name", sorted(REGISTERED & MODELS.keys()))
def test_the_file_of_a_model_makes_it(name: str) -> None:
    model = load_model_config(MODELS[name])
    assert model.key == name
    create(model.full_name, **model.estimator_params())


@pytest.mark.parametrize("path", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_the_file_of_an_experiment_can_be_read_from_anywhere(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_experiment(path)
    assert config.notices == ()
    assert config.models[0].key == "prior"


def test_baseline_compares_every_family_at_both_horizons() -> None:
    config = load_experiment(EXPERIMENTS["baseline"])
    families = {model.model.family for model in config.models}
    # Ensembles are chosen from the predictions of all these.
    assert families == set(list_models()["family"]) - {"ensemble"}
    assert config.data.symbols == ("IF", "AG")
    assert config.horizons == (5, 20)


def test_the_smallest_file_has_five_lines() -> None:
    text = EXPERIMENTS["minimal"].read_text(encoding="utf-8")
    assert len(text.splitlines()) == 5


def test_defaults_of_models_are_those_of_the_files() -> None:
    """What a file says at length is mostly what its model does by itself."""
    model = load_model_config(MODELS["xgboost"])
    default = create("xgboost", **ModelConfig(model="xgboost").estimator_params(42))
    assert create("xgboost", **model.estimator_params()).get_params() == (
        default.get_params()
    )
