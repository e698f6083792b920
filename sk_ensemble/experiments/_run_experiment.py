"""Run an experiment: every model at every horizon, from samples to a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import TypeAlias

import pandas as pd
from threadpoolctl import threadpool_limits

from sk_ensemble.experiments._assemble import model_cell
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._ensembles import (
    EnsembleDraft,
    Members,
    draft_ensemble,
    members_of,
)
from sk_ensemble.experiments._executor import Outcome
from sk_ensemble.experiments._experiment_result import ExperimentResult
from sk_ensemble.experiments._experiment_run import ExperimentRun, prepare
from sk_ensemble.experiments._facts import experiment_facts
from sk_ensemble.experiments._fit import FitFailure, FitResult, FitTask, failure_of
from sk_ensemble.experiments._leaderboard import draw, leaderboard
from sk_ensemble.experiments._make_fits import Progress, make_fits
from sk_ensemble.experiments._progress import no_progress
from sk_ensemble.experiments._publisher import Publisher, note_failure, track
from sk_ensemble.experiments._run_dir import read_cell
from sk_ensemble.experiments._signals import ending_on_sigterm
from sk_ensemble.experiments._status import Heartbeat
from sk_ensemble.experiments._tracking import tracking
from sk_ensemble.experiments.config import ExperimentConfig
from sk_ensemble.utils.files import write_bytes
from sk_ensemble.utils.memory import return_free_memory

__all__ = ["run_experiment"]

#: Takes the result when there is a leaderboard, but not all files yet.
OnLeaderboard: TypeAlias = Callable[[ExperimentResult], None]


def _fold_order(task: FitTask) -> tuple[bool, int]:
    """Return a key that puts folds in order and the refit last."""
    return task.fold is None, task.fold or 0


def _whole_cells(
    run: ExperimentRun, outcomes: Iterator[Outcome]
) -> Iterator[list[tuple[FitTask, FitResult]]]:
    """Collect outcomes until all of a cell are there; failed cells are noted."""
    waiting: dict[tuple[str, int], list[Outcome]] = {}
    for task, outcome in outcomes:
        place = (task.model, task.horizon)
        waiting.setdefault(place, []).append((task, outcome))
        if len(waiting[place]) < len(run.plan.tasks_of(*place)):
            continue
        cell = sorted(waiting.pop(place), key=lambda pair: _fold_order(pair[0]))
        failures = [found for _, found in cell if isinstance(found, FitFailure)]
        if failures:
            ensembles = run.ensembles_of(task.horizon)
            name = f"{task.model}_h{task.horizon}"
            note_failure(run, name, failures, without=ensembles)
        else:
            yield [(t, found) for t, found in cell if isinstance(found, FitResult)]


def _finished(run: ExperimentRun) -> dict[str, Cell]:
    """Return the cells that an earlier process has finished."""
    known = {}
    for name, entry in run.result.cells.items():
        run_dir = run.base_dir / "runs" / entry.get("run_dir", "")
        if "run_dir" in entry and run_dir.is_dir():
            known[name] = read_cell(run_dir)
            # The process may have ended before it was.
            track(run, known[name], run_dir)
    return known


def _model_cells(
    run: ExperimentRun, finished: Mapping[str, Cell], progress: Progress
) -> Generator[Cell, None, None]:
    """Fit what is missing and yield each cell as soon as it is whole."""
    tasks = [t for t in run.plan.tasks if f"{t.model}_h{t.horizon}" not in finished]
    for outcomes in _whole_cells(run, make_fits(run, tasks, progress)):
        task = outcomes[0][0]
        yield model_cell(
            outcomes,
            run.samples[task.horizon],
            run.source,
            run.plan.pipelines[task.model],
        )


def _horizon_cells(
    run: ExperimentRun, cells: Mapping[str, Cell], horizon: int
) -> list[Cell]:
    """Return the models of one horizon in the order they were asked for."""
    names = [f"{model.key}_h{horizon}" for model in run.config.models]
    return [cells[name] for name in names if name in cells]


def _make_cells(
    run: ExperimentRun, publisher: Publisher, progress: Progress
) -> list[Cell]:
    """Make the cells of all models and ensembles, except those that are finished."""
    cells = _finished(run)
    with closing(_model_cells(run, dict(cells), progress)) as made:
        for cell in made:
            publisher.add(cell)
            cells[cell.name] = cell
            return_free_memory(run.n_bytes)
    # An ensemble stands for as long as its members do.
    standing = publisher.standing()
    cells = {name: cell for name, cell in cells.items() if name in standing}
    for horizon in run.samples:
        for draft in list(_drafts(run, cells, horizon)):
            publisher.add(draft.cell, draft.finished)
            cells[draft.cell.name] = draft.cell
    return list(cells.values())


def _drafts(
    run: ExperimentRun, cells: Mapping[str, Cell], horizon: int
) -> Iterator[EnsembleDraft]:
    """Yield the ensembles of a horizon that are not there yet."""
    models = _horizon_cells(run, cells, horizon)
    members = members_of(models, run.samples[horizon], run.config)
    if members is None:
        return
    methods = run.config.ensemble.methods
    missing = [method for method in methods if f"{method}_h{horizon}" not in cells]
    drafts = (_draft(run, method, members) for method in missing)
    yield from (draft for draft in drafts if draft is not None)


def _draft(run: ExperimentRun, method: str, members: Members) -> EnsembleDraft | None:
    """Choose one ensemble, or note why that failed."""
    try:
        # As in fits: sums of floats depend on how many threads share them.
        with threadpool_limits(limits=run.config.run.threads_per_task):
            return draft_ensemble(method, members, run.source, run.config)
    except Exception as error:
        name = f"{method}_h{members.samples.horizon}"
        note_failure(run, name, [failure_of(name, error)])
        return None


def _write_leaderboard(run: ExperimentRun, table: pd.DataFrame) -> None:
    title = "Test period, with 95 % intervals from a bootstrap of days"
    csv = table.to_csv(index=False).encode()
    write_bytes(run.result.path / "leaderboard.csv", csv)
    if len(table):
        write_bytes(run.result.path / "leaderboard.png", draw(table, title))


def _result(
    run: ExperimentRun, cells: list[Cell], facts: list[str]
) -> ExperimentResult:
    reasons = {name: failure.reason for name, failure in run.failures.items()}
    return ExperimentResult(cells, leaderboard(cells), facts, reasons, run.result.path)


def ignore(result: ExperimentResult) -> None:
    """Do nothing with a result."""


def run_experiment(
    config: ExperimentConfig,
    *,
    resume: bool = False,
    use_cache: bool = True,
    progress: Progress = no_progress,
    on_leaderboard: OnLeaderboard = ignore,
) -> ExperimentResult:
    """Compare models out of sample, without leakage.

    Every model is cross-validated on the training samples of every horizon, refitted
    on all of them, and scored on the validation and the test period. Ensembles are
    built from the out-of-fold predictions. Each outcome is stored as soon as it is
    there, under a hash of everything it depends on, so nothing is computed twice:
    changing one model computes one column of the matrix.

    Parameters
    ----------
    config : ExperimentConfig
        What to compare, as `load_experiment` returns it.
    resume : bool, default=False
        Go on with the latest run of the experiment of this name, if it was
        interrupted. Metrics and predictions are those of an uninterrupted run, byte
        for byte.
    use_cache : bool, default=True
        Whether to use outcomes of earlier runs. They are stored in any case.
    progress : callable, default=no_progress
        Context manager that wraps the iterator of outcomes and their number.
    on_leaderboard : callable, default=ignore
        Called with the result as soon as there is a leaderboard, while the last run
        directories, pictures and MLflow runs are still to be written.

    Returns
    -------
    result : ExperimentResult
        Cells, leaderboard, failures, and where everything was written.

    Raises
    ------
    ConfigError, DataError, EmptyFoldError
        If the experiment cannot be run as it is described; before the first fit.
    ResumeError
        If it is being run by another process, or is not the one that was begun.

    Notes
    -----
    A prediction for a bar uses that bar and earlier ones only. An error in one fit
    fails its cell; the others go on.

    Examples
    --------
    >>> import tempfile
    >>> from sk_ensemble.experiments import parse_experiment, run_experiment
    >>> folder = tempfile.TemporaryDirectory()
    >>> config = parse_experiment(f'''
    ... experiment: {{name: first-look}}
    ... horizons: [5]
    ... models: [prior, volatility]
    ... data: {{symbols: [IF], start: "2021-01-01", train_end: "2021-05-31",
    ...        val_end: "2021-07-31"}}
    ... cv: {{n_splits: 3, embargo_size: 60}}
    ... mlflow: {{enabled: false}}
    ... output: {{base_dir: "{folder.name}"}}
    ... run: {{n_jobs: 1}}
    ... ''')
    >>> result = run_experiment(config)
    >>> sorted(result.leaderboard["model"])
    ['prior', 'volatility']
    >>> folder.cleanup()
    """
    run = prepare(config, resume, use_cache)
    facts = experiment_facts(config, run.source, run.samples)
    with (
        run.result.locked(),
        ending_on_sigterm(),
        Heartbeat(run.result.status_path) as heartbeat,
        tracking(config, run.result) as tracker,
        run.at_end,
    ):
        run = replace(run, tracker=tracker)
        run.result.keep(config, run.record)
        publisher = Publisher(run)
        cells = _make_cells(run, publisher, progress)
        on_leaderboard(_result(run, cells, facts))
        publisher.flush()
        result = _result(run, publisher.final(cells), facts)
        _write_leaderboard(run, result.leaderboard)
        if result.failures:
            names = ", ".join(result.failures)
            heartbeat.fail(f"{len(result.failures)} cell(s) failed: {names}")
    return result
