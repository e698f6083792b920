"""Track an experiment in MLflow from its beginning to its end, whatever that is."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sk_ensemble.callbacks import TrackingStore
from sk_ensemble.exceptions import ResumeError
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

#: What reading a damaged directory, or one that belongs to others, may raise.
_DAMAGES = (OSError, ValueError, KeyError, TypeError)


def _bury(result: ResultDir) -> bool:
    """Mark an experiment if its process is gone; tell whether it was."""
    try:
        if not result.status.has_died:
            return False
        with result.locked():
            is_dead = result.bury()
            config = result.plan["config"]
            if is_dead and config["mlflow"]["enabled"]:
                params = tracked_params(config)
                record = experiment_record(result.path, params, "KILLED")
                queue_record(result.path, record)
            return is_dead
    except ResumeError:
        # Another process goes on with it, or is burying it.
        return False
    except _DAMAGES as error:
        msg = f"{result.path} is left as it is, as it cannot be read: {error!r}"
        warnings.warn(msg, UserWarning, stacklevel=2)
        return False


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
    return [result for result in ResultDir.all(base_dir) if _bury(result)]


def _earlier(config: ExperimentConfig, result: ResultDir) -> list[Path]:
    """Return ended experiments of which the same store still lacks something."""
    store = config.canonical()["mlflow"]
    waiting = waiting_folders(Path(config.output.base_dir))
    others = [ResultDir(path) for path in waiting if path.name != result.path.name]
    return [other.path for other in others if _is_left_over(other, store)]


def _is_left_over(result: ResultDir, store: Mapping[str, Any]) -> bool:
    """Tell whether an experiment of a store has ended, as far as can be read."""
    try:
        is_same: bool = result.plan["config"]["mlflow"] == store
        return is_same and not result.status.is_running
    except _DAMAGES:
        return False


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
