"""The first files that were ever written for this still mean what they did."""

from __future__ import annotations

from pathlib import Path

import pytest

from sk_ensemble import XGBoostClassifier, create
from sk_ensemble.experiments.config import (
    ExperimentConfig,
    load_experiment,
    load_model_config,
)

FOUNDING = Path(__file__).parent / "founding"
MODELS = FOUNDING / "config" / "models"


@pytest.fixture
def baseline(monkeypatch: pytest.MonkeyPatch) -> ExperimentConfig:
    monkeypatch.chdir(FOUNDING)
    return load_experiment("config/experiments/baseline.yaml")


def test_xgboost_becomes_the_estimator_that_is_described() -> None:
    model = load_model_config(MODELS / "xgboost.yaml")
    estimator = create(model.full_name, **model.estimator_params())
    assert isinstance(estimator, XGBoostClassifier)
    assert (
        estimator.get_params()
        == XGBoostClassifier(
            n_estimators=500,
            max_depth=8,
            learning_rate=0.05,
            subsample=0.8,
            colsample_bytree=0.8,
            min_child_weight=3,
            gamma=0.1,
            reg_alpha=0.1,
            reg_lambda=1.0,
            n_iter_no_change=20,
            random_state=42,
            verbose=1,
            n_jobs=-1,
        ).get_params()
    )
    assert model.window_length == 1
    assert model.dataset.exclude_neutrals is False


def test_nhits_becomes_the_parameters_that_are_described() -> None:
    model = load_model_config(MODELS / "nhits.yaml")
    assert model.full_name == "timeseries:nhits"
    assert model.estimator_params(random_seed=1) == {
        "input_size": 60,
        "h": 5,
        "n_freq_downsample": [2, 1, 1],
        "n_pool_kernel_size": [2, 2, 1],
        "n_blocks": [1, 1, 1],
        "mlp_units": [[512, 512], [512, 512], [512, 512]],
        "dropout_prob_theta": 0.5,
        "activation": "ReLU",
        "max_epochs": 100,
        "learning_rate": 0.001,
        "batch_size": 256,
        "n_iter_no_change": 10,
        "random_state": 1,
    }
    assert model.window_length == 60
    create(model.full_name, **model.estimator_params())


def test_baseline_names_models_files_and_horizons(baseline: ExperimentConfig) -> None:
    assert baseline.horizons == (5, 20)
    assert [(model.key, model.full_name) for model in baseline.models] == [
        ("xgboost", "boosting:xgboost"),
        ("lightgbm", "boosting:lightgbm"),
        ("nhits", "timeseries:nhits"),
    ]
    assert baseline.data.paths["test"] == Path("data/test.parquet")
    # The window of a row is the rows before it, as `TimeSeriesDataset` has it.
    assert [model.dataset.lag for model in baseline.models] == [1, 1, 1]
    assert baseline.data.dataset_config(20, baseline.models[2].dataset) == (
        baseline.data.dataset_config(20, baseline.model("nhits").dataset)
    )
    assert baseline.estimator_params("lightgbm")["random_state"] == 42
    assert baseline.output.base_dir == "experiments"


def test_the_directory_of_runs_becomes_a_database_and_says_so(
    baseline: ExperimentConfig,
) -> None:
    assert baseline.tracking_uri == "sqlite:///experiments/mlflow.db"
    assert baseline.mlflow.experiment_name == "baseline"
    (notice,) = baseline.notices
    assert notice == (
        "mlflow.tracking_uri: experiments/mlruns is a directory, in which MLflow no "
        "longer tracks; runs go to sqlite:///experiments/mlflow.db."
    )


def test_the_dataset_of_the_founding_files_is_that_of_the_splits(
    baseline: ExperimentConfig,
) -> None:
    dataset = baseline.data.dataset_config(5, baseline.model("nhits").dataset)
    assert (dataset.sequence_length, dataset.horizon) == (60, 5)
    assert dataset.label_column == "label_h5"
    assert dataset.exclude_neutrals is False
