from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from small_experiments import make_config, run_dirs

from sk_ensemble.experiments import ExperimentResult, run_experiment

pytestmark = pytest.mark.filterwarnings(
    # mlflow and what it brings; to be looked at again with mlflow 4.
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
    "ignore::ResourceWarning",
)


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> ExperimentResult:
    folder = tmp_path_factory.mktemp("tracked")
    models = [
        "prior",
        "clock",
        {"model": "xgboost", "hyperparameters": {"n_estimators": 5}},
    ]
    return run_experiment(
        make_config(folder, models=models, mlflow={"experiment_name": "bars"})
    )


def runs_of(result: ExperimentResult) -> tuple[object, list]:
    client = mlflow.MlflowClient(f"sqlite:///{result.path.parents[1] / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("bars")
    return client, client.search_runs([experiment.experiment_id])


def test_the_experiment_is_the_parent_of_its_cells(tracked: ExperimentResult) -> None:
    _, runs = runs_of(tracked)
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    assert parent.info.run_name == tracked.path.name
    children = [run for run in runs if run is not parent]
    assert {run.info.run_name for run in children} == {
        "prior_h5",
        "clock_h5",
        "xgboost_h5",
    }
    ids = {run.data.tags["mlflow.parentRunId"] for run in children}
    assert ids == {parent.info.run_id}
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_figures_and_parameters_are_recorded(tracked: ExperimentResult) -> None:
    client, runs = runs_of(tracked)
    (run,) = (run for run in runs if run.info.run_name == "xgboost_h5")
    row = tracked.leaderboard.set_index("model").loc["xgboost"]
    assert run.data.metrics["test_log_loss"] == row.log_loss
    assert run.data.metrics["val_log_loss"] == row.val_log_loss
    assert run.data.params["horizon"] == "5"
    assert run.data.params["clf__n_estimators"] == "5"
    assert int(run.data.params["n_features"]) > 10
    folds = client.get_metric_history(run.info.run_id, "fold_log_loss")
    assert [entry.step for entry in folds] == [0, 1, 2]
    curve = client.get_metric_history(run.info.run_id, "val_loss")
    assert [entry.step for entry in curve] == list(range(5))


def test_pictures_are_shown_and_large_files_not_copied(
    tracked: ExperimentResult,
) -> None:
    client, runs = runs_of(tracked)
    (run,) = (run for run in runs if run.info.run_name == "xgboost_h5")
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {"metrics.json", "calibration.png", "config.yaml"} <= names
    assert not any("predictions" in name or "model" in name for name in names)
    base_dir = tracked.path.parents[1]
    assert run.data.tags["sk_ensemble.run_dir"] == str(run_dirs(base_dir)["xgboost_h5"])


def test_nothing_waits_to_be_recorded(tracked: ExperimentResult) -> None:
    assert list((tracked.path / "tracking").glob("*.json")) == []


def test_tracking_can_be_switched_off(small_result: ExperimentResult) -> None:
    assert not (small_result.path.parents[1] / "mlflow.db").exists()
    assert not (small_result.path / "tracking").exists()


def test_a_broken_store_costs_a_warning_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database")
    config = make_config(tmp_path, models=["prior"], mlflow={"enabled": True})
    with pytest.warns(UserWarning, match="Not all runs were recorded in MLflow"):
        found = run_experiment(config)
    assert (found.path / "leaderboard.csv").is_file()
    assert list((found.path / "tracking").glob("*.json"))
