"""Record a comparison in MLflow: a parent run, and a child per model and horizon."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sk_ensemble.experiments._cell import Cell
from sk_ensemble.utils.optional import import_optional

__all__ = ["track"]

_EXPERIMENT = "sk_ensemble"


def _client(output_dir: Path) -> Any:
    """Open the SQLite store, making it first where there is none."""
    mlflow = import_optional("mlflow", extra="experiments")
    # The migrations that make a new store announce each of their steps.
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow.MlflowClient(f"sqlite:///{(output_dir / 'mlflow.db').resolve()}")


def _experiment_id(client: Any, output_dir: Path) -> str:
    """Return the experiment, whose artefacts lie beside the store."""
    found = client.get_experiment_by_name(_EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    location = (output_dir / "mlartifacts").resolve().as_uri()
    # Tells the user interface that these are models, and not chats to be judged.
    tags = {"mlflow.experimentKind": "custom_model_development"}
    return str(
        client.create_experiment(_EXPERIMENT, artifact_location=location, tags=tags)
    )


def _metrics(cell: Cell) -> list[Any]:
    """Return the metrics of a cell; folds are steps of one metric."""
    entities = import_optional("mlflow.entities", extra="experiments")
    now = int(time.time() * 1000)
    figures = {
        f"{part}_{name}": value
        for part, values in cell.metrics.items()
        for name, value in values.items()
        if isinstance(value, int | float)
    }
    metrics = [entities.Metric(name, value, now, 0) for name, value in figures.items()]
    folds = cell.metrics.get("oof", {}).get("fold_log_loss", [])
    return metrics + [
        entities.Metric("fold_log_loss", value, now, step)
        for step, value in enumerate(folds)
    ]


def _params(values: dict[str, str]) -> list[Any]:
    entities = import_optional("mlflow.entities", extra="experiments")
    return [entities.Param(name, value[:500]) for name, value in values.items()]


def _track_cell(
    client: Any, experiment_id: str, parent: str, cell: Cell, folder: Path
) -> None:
    """Record one cell in one batch."""
    tags = {"mlflow.parentRunId": parent, "mlflow.runName": cell.name}
    run_id = client.create_run(experiment_id, tags=tags).info.run_id
    params = {**cell.params, "model": cell.model, "horizon": str(cell.horizon)}
    client.log_batch(run_id, metrics=_metrics(cell), params=_params(params))
    client.log_artifacts(run_id, str(folder))
    client.set_terminated(run_id)


def track(
    cells: Sequence[Cell], run_dir: Path, output_dir: Path, params: dict[str, str]
) -> None:
    """Record a finished comparison; a failure to do so is a warning only.

    Parameters
    ----------
    cells : sequence of Cell
        The outcomes.
    run_dir : Path
        The run directory, with one folder per cell.
    output_dir : Path
        Where the store ``mlflow.db`` and ``mlartifacts`` lie.
    params : dict of str
        Settings of the comparison.

    Warns
    -----
    UserWarning
        If MLflow is absent or its store cannot be written; nothing else is lost.
    """
    try:
        client = _client(output_dir)
        experiment_id = _experiment_id(client, output_dir)
        tags = {"mlflow.runName": run_dir.name}
        parent = client.create_run(experiment_id, tags=tags).info.run_id
        client.log_batch(parent, params=_params(params))
        for cell in cells:
            _track_cell(client, experiment_id, parent, cell, run_dir / cell.name)
        for name in ("leaderboard.csv", "leaderboard.png", "config.json"):
            client.log_artifact(parent, str(run_dir / name))
        client.set_terminated(parent)
    except Exception as error:
        msg = (
            f"The run was not recorded in MLflow: {error!r}. Its results are complete "
            f"in {run_dir}."
        )
        warnings.warn(msg, UserWarning, stacklevel=2)
