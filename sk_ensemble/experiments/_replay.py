"""Make one run again, from its own configuration, and see whether it is the same."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.exceptions import ConfigError, DataError
from sk_ensemble.experiments._assemble import Source, model_cell
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._differences import (
    Difference,
    json_differences,
    table_differences,
)
from sk_ensemble.experiments._ensembles import draft_ensemble, members_of
from sk_ensemble.experiments._environment import environment
from sk_ensemble.experiments._executor import Executor, Outcome
from sk_ensemble.experiments._fit import FitFailure, FitInput, FitResult, FitTask
from sk_ensemble.experiments._fit_warnings import passing_on
from sk_ensemble.experiments._plan import Plan, make_plan
from sk_ensemble.experiments._predictions import to_file_columns
from sk_ensemble.experiments._progress import no_progress
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.experiments._stamped import plain_name, stamped_folders
from sk_ensemble.experiments._tables import read_table, table_bytes
from sk_ensemble.experiments.config import ExperimentConfig, load_experiment
from sk_ensemble.utils.files import read_json, strict_json

__all__ = ["Replay", "resolve_run"]

_Progress = Callable[[Iterator[Any], int], AbstractContextManager[Any]]

_METRICS = "metrics/metrics.json"

#: What of an environment can change a number.
_DECISIVE = (
    *("sk_ensemble", "libraries", "system", "processor", "gpu"),
    *("random_seed", "threads_per_task", "digests"),
)

_MOST_NAMES = 10

#: Characters of a SHA-256, and how many of them are shown.
_HASH_LENGTH, _HASH_SHOWN = 64, 12


def resolve_run(base_dir: Path, wanted: str) -> Path:
    """Return the run directory that a user means.

    Parameters
    ----------
    base_dir : Path
        Directory of all experiments.
    wanted : str
        A run directory, its name, or the name of a cell such as ``xgboost_h5``, of
        which the latest run is taken.

    Raises
    ------
    ConfigError
        If there is none; lists the latest there are.
    """
    if (Path(wanted) / "cell.json").is_file():
        return Path(wanted)
    runs = stamped_folders(base_dir / "runs", "cell.json")
    named = [run for run in runs if wanted in (run.name, plain_name(run.name))]
    if named:
        return named[-1]
    latest = ", ".join(run.name for run in runs[-_MOST_NAMES:])
    there = f"The latest are {latest}" if latest else "There are none yet"
    msg = f"There is no run {wanted!r} in {base_dir / 'runs'}. {there}."
    raise ConfigError(msg)


def _short(value: Any) -> str:
    """Return a value as text, of a hash only the beginning."""
    text = str(value)
    return f"{text[:_HASH_SHOWN]}..." if len(text) == _HASH_LENGTH else text


def _changes(old: Any, new: Any, place: str) -> Iterator[str]:
    """Yield what two environments do not have in common, in words."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _changes(old.get(key), new.get(key), f"{place}.{key}")
    elif old != new:
        yield f"{place.removeprefix('digests.')}: was {_short(old)}, is {_short(new)}"


def _only_of(horizon: int, digests: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the data of other horizons."""
    names = ("code", f"data_h{horizon}")
    return {name: digests[name] for name in names if name in digests}


def _environment_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], horizon: int
) -> list[str]:
    old = {**old, "digests": _only_of(horizon, old.get("digests", {}))}
    new = {**new, "digests": _only_of(horizon, new["digests"])}
    return [
        change
        for part in _DECISIVE
        for change in _changes(old.get(part), new.get(part), part)
    ]


def _read_again(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it is after it was a file."""
    return pd.read_parquet(io.BytesIO(table_bytes(table)))


def _whole(outcomes: Sequence[Outcome]) -> list[tuple[FitTask, FitResult]]:
    """Return outcomes that are all results, or raise the first failure."""
    whole = []
    for task, outcome in outcomes:
        if isinstance(outcome, FitFailure):
            msg = f"{outcome.task} failed: {outcome.reason}"
            raise DataError(msg)
        whole.append((task, outcome))
    return whole


@dataclass(frozen=True, eq=False)
class _Parts:
    """Everything that is known before the first fit."""

    config: ExperimentConfig
    source: Source
    samples: HorizonSamples
    plan: Plan

    @classmethod
    def of(cls, config: ExperimentConfig) -> _Parts:
        source = make_source(config)
        (horizon,) = config.horizons
        samples = source.samples(horizon)
        return cls(config, source, samples, make_plan({horizon: samples}, config))

    def fit(self, progress: _Progress) -> list[Cell]:
        """Return the cells of all models, fitted anew."""
        settings, tasks = self.config.run, list(self.plan.tasks)
        executor = Executor(settings.n_jobs, settings.threads_per_task)
        inputs = {self.samples.horizon: FitInput.of(self.samples)}
        fits = executor.run(tasks, self.plan.pipelines, inputs)
        with closing(fits) as found, progress(found, len(tasks)) as shown:
            outcomes = _whole(list(passing_on(shown)))
        return [self._cell(model.key, outcomes) for model in self.config.models]

    def _cell(self, key: str, outcomes: Sequence[tuple[FitTask, FitResult]]) -> Cell:
        own = [pair for pair in outcomes if pair[0].model == key]
        return model_cell(own, self.samples, self.source, self.plan.pipelines[key])

    def ensembles(self, cells: Sequence[Cell]) -> Iterator[Cell]:
        members = members_of(cells, self.samples, self.config)
        if members is None:
            return
        for method in self.config.ensemble.methods:
            draft = draft_ensemble(method, members, self.source, self.config)
            yield draft.finished()


class Replay:
    """Make one run again and compare it with what is stored.

    Parameters
    ----------
    run_dir : Path
        Directory of the run.
    n_jobs : int or None, default=None
        Worker processes; None means as many as the run was made with.

    Attributes
    ----------
    environment_changes : list of str
        What is not as it was when the run was made: versions, data, code, hardware.

    Raises
    ------
    ConfigError, DataError
        If its configuration or its data cannot be used any more.
    """

    def __init__(self, run_dir: Path, n_jobs: int | None = None) -> None:
        self._run_dir = run_dir
        self._record = read_json(run_dir / "cell.json")
        changes = ["run.cluster=null"]
        changes += [] if n_jobs is None else [f"run.n_jobs={n_jobs}"]
        config = load_experiment(run_dir / "config.yaml", changes)
        self._parts = _Parts.of(config)
        self.environment_changes = _environment_changes(
            read_json(run_dir / "environment.json"),
            environment(config, self._parts.plan.digests),
            self._record["horizon"],
        )

    def run(self, progress: _Progress = no_progress) -> list[Difference]:
        """Fit everything anew and return what differs.

        Parameters
        ----------
        progress : callable, default=no_progress
            Context manager that wraps the iterator of outcomes and their number.

        Returns
        -------
        differences : list of Difference
            Empty if predictions and metrics are the same, bit for bit.
        """
        cell = self._find(self._parts.fit(progress))
        differences = self._table_differences(cell)
        return [*differences, *self._metric_differences(cell)]

    def _find(self, cells: Sequence[Cell]) -> Cell:
        """Return the cell that the run is about, a model or an ensemble."""
        wanted = self._record["model"]
        for cell in cells:
            if cell.model == wanted:
                return cell
        for cell in self._parts.ensembles(cells):
            if cell.model == wanted:
                return cell
        msg = f"{self._run_dir / 'config.yaml'} makes no cell of the name {wanted!r}."
        raise ConfigError(msg)

    def _table_differences(self, cell: Cell) -> Iterator[Difference]:
        for part, frame in cell.predictions.items():
            name = f"predictions/{part}_predictions.parquet"
            old = read_table(self._run_dir / name)
            new = _read_again(to_file_columns(frame, cell.horizon))
            yield from table_differences(name, old, new)

    def _metric_differences(self, cell: Cell) -> Iterator[Difference]:
        old = read_json(self._run_dir / _METRICS)
        new = json.loads(strict_json(cell.metrics))
        yield from json_differences(_METRICS, old, new)
