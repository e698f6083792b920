"""What is recorded of a cell in MLflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sk_ensemble.callbacks import MetricPoint, RunRecord
from sk_ensemble.experiments._cell import Cell

__all__ = ["cell_record", "experiment_record"]

#: Small files that are shown beside a run; the large ones stay where they are.
_SHOWN = ("config.yaml", "metrics", "plots")


def _figures(cell: Cell) -> Iterator[MetricPoint]:
    """Yield the figures of each part under names such as ``test_log_loss``."""
    parts: Mapping[str, Mapping[str, Any]] = {**cell.metrics, "seconds": cell.seconds}
    for part, figures in parts.items():
        for name, value in figures.items():
            if isinstance(value, int | float):
                yield MetricPoint(f"{part}_{name}", value)


def _curves(cell: Cell) -> Iterator[MetricPoint]:
    """Yield losses by round, and of the folds by their number."""
    for name, values in (cell.training.get("history") or {}).items():
        for step, value in enumerate(values):
            yield MetricPoint(name, value, step)
    for step, value in enumerate(cell.metrics.get("oof", {}).get("fold_log_loss", ())):
        yield MetricPoint("fold_log_loss", value, step)


def cell_record(cell: Cell, run_dir: Path, parent: str, n_features: int) -> RunRecord:
    """Describe a finished cell.

    Predictions and the model stay in the run directory, which a tag names; they are
    not copied.

    Parameters
    ----------
    cell : Cell
        The cell.
    run_dir : Path
        Its run directory.
    parent : str
        Event of the experiment's run.
    n_features : int
        Features per bar.
    """
    places = [run_dir / name for name in _SHOWN]
    return RunRecord(
        event_id=f"{parent}/{cell.name}",
        name=cell.name,
        parent=parent,
        params={
            **cell.params,
            "model": cell.model,
            "horizon": cell.horizon,
            "n_features": n_features,
        },
        metrics=(*_figures(cell), *_curves(cell)),
        tags={"sk_ensemble.run_dir": str(run_dir)},
        artifacts=tuple(place for place in places if place.exists()),
    )


def experiment_record(
    result_dir: Path, params: Mapping[str, Any], status: str
) -> RunRecord:
    """Describe an experiment that begins (status ``"RUNNING"``) or has ended.

    Parameters
    ----------
    result_dir : Path
        Directory of the experiment.
    params : mapping
        What is worth seeing of its configuration.
    status : {"RUNNING", "FINISHED", "FAILED", "KILLED"}
        How it stands.
    """
    names = ("config.yaml", "environment.json", "leaderboard.csv", "leaderboard.png")
    files = [result_dir / name for name in names] if status != "RUNNING" else []
    return RunRecord(
        event_id=result_dir.name,
        name=result_dir.name,
        params=params,
        tags={"sk_ensemble.result_dir": str(result_dir)},
        status=status,
        artifacts=tuple(file for file in files if file.is_file()),
    )
