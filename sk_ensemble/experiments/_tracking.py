"""Track an experiment in MLflow from its beginning to its end, whatever that is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sk_ensemble.callbacks import TrackingStore
from sk_ensemble.experiments._cell_record import experiment_record
from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.experiments._tracker import (
    Tracker,
    queue_record,
    tracked_params,
    waiting_folders,
)
from sk_ensemble.experiments.config import ExperimentConfig

__all__ = ["bury_the_dead", "tracking"]


def bury_the_dead(base_dir: Path) -> list[ResultDir]:
    """Mark experiments whose process is gone, here and for MLflow.

    Parameters
    ----------
    base_dir : Path
        Directory of all experiments.

    Returns
    -------
    results : list of ResultDir
        Those that were found dead just now.
    """
    dead = [result for result in ResultDir.all(base_dir) if result.bury()]
    for result in dead:
        config = result.plan["config"]
        if config["mlflow"]["enabled"]:
            record = experiment_record(result.path, tracked_params(config), "KILLED")
            queue_record(result.path, record)
    return dead


def _earlier(config: ExperimentConfig, result: ResultDir) -> list[Path]:
    """Return ended experiments of which the same store still lacks something."""
    store = config.canonical()["mlflow"]
    waiting = waiting_folders(Path(config.output.base_dir))
    others = [ResultDir(path) for path in waiting if path.name != result.path.name]
    return [
        other.path
        for other in others
        if other.plan["config"]["mlflow"] == store and not other.status.is_running
    ]


@contextmanager
def tracking(config: ExperimentConfig, result: ResultDir) -> Iterator[Tracker | None]:
    """Record an experiment while a block runs, and how it ended.

    Parameters
    ----------
    config : ExperimentConfig
        Whether and where to track.
    result : ResultDir
        Directory of the experiment.

    Yields
    ------
    tracker : Tracker or None
        Takes the finished cells; None if tracking is off.
    """
    bury_the_dead(Path(config.output.base_dir))
    if not config.mlflow.enabled:
        yield None
        return
    params = tracked_params(config.canonical())
    store = TrackingStore(config.tracking_uri, config.mlflow.experiment_name)
    with Tracker(store, result.path, _earlier(config, result)) as tracker:
        tracker.add(experiment_record(result.path, params, "RUNNING"))
        status = "KILLED"
        try:
            yield tracker
            status = "FINISHED"
        except Exception:
            status = "FAILED"
            raise
        finally:
            tracker.add(experiment_record(result.path, params, status))
