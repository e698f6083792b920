"""Write what was found to run directories, when that keeps nobody waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._cell_record import cell_record
from sk_ensemble.experiments._experiment_run import ExperimentRun
from sk_ensemble.experiments._fit import FitFailure, failure_of
from sk_ensemble.experiments._run_dir import write_cell

__all__ = ["Publisher", "note_failure", "track"]

#: Seconds for which an experiment that may be over soon puts its leaderboard first.
_PATIENCE = 10.0


def track(run: ExperimentRun, cell: Cell, run_dir: Path) -> None:
    """Hand a cell to MLflow, which takes each once, however often it is handed."""
    if run.tracker is not None:
        n_features = run.samples[cell.horizon].X.shape[1]
        parent = run.result.path.name
        run.tracker.add(cell_record(cell, run_dir, parent, n_features))


def _superseded(run: ExperimentRun, cell: Cell) -> list[str]:
    """Return the ensembles that do not stand any more if a cell is new."""
    ensembles = run.ensembles_of(cell.horizon)
    return [] if cell.name in ensembles else ensembles


def _publish(run: ExperimentRun, cell: Cell) -> None:
    """Write the run directory of a cell and record it."""
    yaml = run.config_of(cell.model, cell.horizon)
    run_dir = write_cell(cell, run.base_dir, yaml, run.environment)
    entry = {"run_dir": run_dir.name}
    run.result.add_cell(cell.name, entry, without=_superseded(run, cell))
    track(run, cell, run_dir)


def note_failure(
    run: ExperimentRun,
    cell: str,
    failures: Sequence[FitFailure],
    without: Sequence[str] = (),
) -> None:
    """Record that a cell failed, and which cells do not stand without it."""
    run.failures[cell] = failures[0]
    reasons = {failure.task: failure.reason for failure in failures}
    traces = {failure.task: failure.trace for failure in failures}
    entry = {"failed": reasons, "traces": traces}
    run.result.add_cell(cell, entry, without=without)


class Publisher:
    """Write run directories of finished cells, in the order in which they come.

    Pictures and files take longer than a small experiment trains. For its first
    seconds an experiment therefore keeps its cells, and writes them when it has shown
    its leaderboard; their fits are in the cache already, so that a process which ends
    meanwhile loses nothing that takes time.

    Parameters
    ----------
    run : ExperimentRun
        The experiment.
    """

    def __init__(self, run: ExperimentRun) -> None:
        self._run = run
        self._until = time.monotonic() + _PATIENCE
        self._waiting: list[tuple[Cell, Callable[[], Cell] | None]] = []
        self._published: dict[str, Cell] = {}

    def add(self, cell: Cell, finish: Callable[[], Cell] | None = None) -> None:
        """Take a cell.

        Parameters
        ----------
        cell : Cell
            What was found.
        finish : callable or None, default=None
            Returns the cell with what it still lacks.
        """
        self._waiting.append((cell, finish))
        if time.monotonic() >= self._until:
            self.flush()

    def standing(self) -> set[str]:
        """Return the names of the cells that are recorded, or will be."""
        names = set(self._run.result.cells)
        for cell, _ in self._waiting:
            names = names.difference(_superseded(self._run, cell)) | {cell.name}
        return names

    def flush(self) -> None:
        """Write all that waits."""
        if self._waiting and self._run.tracker is not None:
            self._run.tracker.begin()
        while self._waiting:
            self._publish_next()

    def _publish_next(self) -> None:
        cell, finish = self._waiting[0]
        try:
            whole = cell if finish is None else finish()
        except Exception as error:
            note_failure(self._run, cell.name, [failure_of(cell.name, error)])
        else:
            _publish(self._run, whole)
            self._published[whole.name] = whole
        del self._waiting[0]

    def final(self, cells: Iterable[Cell]) -> list[Cell]:
        """Return cells as they were written, without those that failed."""
        standing = (cell for cell in cells if cell.name not in self._run.failures)
        return [self._published.get(cell.name, cell) for cell in standing]
