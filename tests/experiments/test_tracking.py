from __future__ import annotations

from dataclasses import replace

import mlflow
import pytest

from sk_ensemble.experiments import ComparisonConfig, compare

pytestmark = pytest.mark.filterwarnings(
    # mlflow and what it brings; to be looked at again with mlflow 4.
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
    "ignore::ResourceWarning",
)


def test_parent_and_child_runs_are_recorded(small_config: ComparisonConfig) -> None:
    config = replace(small_config, models=("prior", "clock"), tracking=True)
    found = compare(config)
    store = config.output_dir / "mlflow.db"
    assert store.is_file()
    client = mlflow.MlflowClient(f"sqlite:///{store}")
    experiment = client.get_experiment_by_name("sk_ensemble")
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert [run.info.run_name for run in parents] == [found.run_dir.name]
    children = {run.info.run_name: run for run in runs if run not in parents}
    assert set(children) == {"prior_h5", "clock_h5"}
    run = children["clock_h5"]
    row = found.leaderboard.set_index("model").loc["clock"]
    assert run.data.metrics["test_log_loss"] == row.log_loss
    folds = client.get_metric_history(run.info.run_id, "fold_log_loss")
    assert [entry.step for entry in folds] == [0, 1, 2]
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert names == {"metrics", "predictions"}
    assert all(run.info.status == "FINISHED" for run in runs)


def test_a_broken_store_costs_a_warning_and_nothing_else(
    small_config: ComparisonConfig,
) -> None:
    (small_config.output_dir / "mlflow.db").write_text("this is no database")
    config = replace(small_config, models=("prior",), tracking=True)
    with pytest.warns(UserWarning, match="not recorded in MLflow"):
        found = compare(config)
    assert (found.run_dir / "leaderboard.csv").is_file()
