"""Run an experiment: every model at every horizon, from samples to a leaderboard."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from sk_ensemble.experiments._assemble import model_cell
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._cell_record import cell_record
from sk_ensemble.experiments._ensembles import ensemble_cells
from sk_ensemble.experiments._executor import Outcome
from sk_ensemble.experiments._experiment_result import ExperimentResult
from sk_ensemble.experiments._experiment_run import ExperimentRun, prepare
from sk_ensemble.experiments._facts import experiment_facts
from sk_ensemble.experiments._fit import FitFailure, FitResult, FitTask, failure_of
from sk_ensemble.experiments._leaderboard import draw, leaderboard
from sk_ensemble.experiments._make_fits import Progress, make_fits
from sk_ensemble.experiments._progress import no_progress
from sk_ensemble.experiments._run_dir import read_cell, write_cell
from sk_ensemble.experiments._signals import ending_on_sigterm
from sk_ensemble.experiments._status import Heartbeat
from sk_ensemble.experiments._tracking import tracking
from sk_ensemble.experiments.config import ExperimentConfig
from sk_ensemble.utils.files import write_bytes

__all__ = ["run_experiment"]


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
            _note_failure(run, name, failures, without=ensembles)
        else:
            yield [(t, found) for t, found in cell if isinstance(found, FitResult)]


def _note_failure(
    run: ExperimentRun,
    cell: str,
    failures: Sequence[FitFailure],
    without: Sequence[str] = (),
) -> None:
    run.failures[cell] = failures[0]
    reasons = {failure.task: failure.reason for failure in failures}
    traces = {failure.task: failure.trace for failure in failures}
    entry = {"failed": reasons, "traces": traces}
    run.result.add_cell(cell, entry, without=without)


def _publish(run: ExperimentRun, cell: Cell) -> None:
    """Write the run directory of a cell and record it."""
    yaml = run.config_of(cell.model, cell.horizon)
    run_dir = write_cell(cell, run.base_dir, yaml, run.environment)
    ensembles = run.ensembles_of(cell.horizon)
    without = () if cell.name in ensembles else ensembles
    run.result.add_cell(cell.name, {"run_dir": run_dir.name}, without=without)
    _track(run, cell, run_dir)


def _track(run: ExperimentRun, cell: Cell, run_dir: Path) -> None:
    """Hand a cell to MLflow, which takes each once, however often it is handed."""
    if run.tracker is not None:
        n_features = run.samples[cell.horizon].X.shape[1]
        parent = run.result.path.name
        run.tracker.add(cell_record(cell, run_dir, parent, n_features))


def _finished(run: ExperimentRun) -> dict[str, Cell]:
    """Return the cells that an earlier process has finished."""
    known = {}
    for name, entry in run.result.cells.items():
        run_dir = run.base_dir / "runs" / entry.get("run_dir", "")
        if "run_dir" in entry and run_dir.is_dir():
            known[name] = read_cell(run_dir)
            # The process may have ended before it was.
            _track(run, known[name], run_dir)
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


def _make_cells(run: ExperimentRun, progress: Progress) -> list[Cell]:
    """Make the cells of all models and ensembles, except those that are finished."""
    cells = _finished(run)
    with closing(_model_cells(run, dict(cells), progress)) as made:
        for cell in made:
            _publish(run, cell)
            cells[cell.name] = cell
    # An ensemble stands for as long as its members do.
    standing = run.result.cells
    cells = {name: cell for name, cell in cells.items() if name in standing}
    for horizon in run.samples:
        members = _horizon_cells(run, cells, horizon)
        for method in run.config.ensemble.methods:
            if f"{method}_h{horizon}" not in cells:
                for cell in _ensembles(run, members, horizon, method):
                    _publish(run, cell)
                    cells[cell.name] = cell
    return list(cells.values())


def _ensembles(
    run: ExperimentRun, members: Sequence[Cell], horizon: int, method: str
) -> list[Cell]:
    """Return the ensemble of a horizon, if there can be one; a failure is noted."""
    name, samples = f"{method}_h{horizon}", run.samples[horizon]
    try:
        # As in fits: sums of floats depend on how many threads share them.
        with threadpool_limits(limits=run.config.run.threads_per_task):
            return list(
                ensemble_cells(members, samples, run.source, run.config, [method])
            )
    except Exception as error:
        _note_failure(run, name, [failure_of(name, error)])
        return []


def _write_leaderboard(run: ExperimentRun, table: pd.DataFrame) -> None:
    title = "Test period, with 95 % intervals from a bootstrap of days"
    csv = table.to_csv(index=False).encode()
    write_bytes(run.result.path / "leaderboard.csv", csv)
    if len(table):
        write_bytes(run.result.path / "leaderboard.png", draw(table, title))


def run_experiment(
    config: ExperimentConfig,
    *,
    resume: bool = False,
    use_cache: bool = True,
    progress: Progress = no_progress,
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
        cells = _make_cells(run, progress)
        table = leaderboard(cells)
        _write_leaderboard(run, table)
        reasons = {name: failure.reason for name, failure in run.failures.items()}
        if reasons:
            heartbeat.fail(f"{len(reasons)} cell(s) failed: {', '.join(reasons)}")
    return ExperimentResult(cells, table, facts, reasons, run.result.path)
