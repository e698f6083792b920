"""Turn the events of a fit into the runs that are recorded of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from sk_ensemble.callbacks._metric_point import MetricPoint
from sk_ensemble.callbacks._run_record import RunRecord
from sk_ensemble.callbacks._search_table import SearchTable
from sk_ensemble.callbacks._tasks import EVALUATION, HALVING, REFIT

__all__ = ["run_records"]

Path = tuple[int, ...]


@dataclass
class _Task:
    """What the events say of one task."""

    path: Path
    name: str
    is_run: bool
    estimator: str
    begin: int
    end: int | None = None
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    best: dict[str, str] = field(default_factory=dict)
    curves: list[MetricPoint] = field(default_factory=list)
    n_splits: int | None = None
    results: dict[str, Any] | None = None


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}


def _begun(event: dict[str, Any]) -> _Task:
    return _Task(
        path=tuple(event["path"]),
        name=event["task"],
        is_run=event["is_run"],
        estimator=event["estimator"],
        begin=event["time"],
        params=event.get("params", {}),
        n_splits=event.get("n_splits"),
    )


def _curve(event: dict[str, Any]) -> Iterator[MetricPoint]:
    for name, values in event["values"].items():
        for step, value in enumerate(values, start=event["start"]):
            yield MetricPoint(name, float(value), step, event["time"])


def _finish(task: _Task, event: dict[str, Any]) -> None:
    task.end = event["time"]
    task.metrics = _numbers(event.get("metrics", {}))
    task.best = event.get("best", {})
    task.results = event.get("results")


def _tasks(events: list[dict[str, Any]]) -> dict[Path, _Task]:
    """Return the tasks by path, in the order in which they began."""
    tasks = {tuple(e["path"]): _begun(e) for e in events if e["event"] == "begin"}
    for event in events:
        task = tasks.get(tuple(event["path"]))
        if task is None:
            continue
        if event["event"] == "curve":
            task.curves.extend(_curve(event))
        elif event["event"] == "end":
            _finish(task, event)
    return tasks


def _prefixes(path: Path) -> Iterator[Path]:
    """Yield a path and those that it begins with, the longest first."""
    for length in range(len(path), 0, -1):
        yield path[:length]


class _Tree:
    """The tasks of one fit, and the runs that they are."""

    def __init__(self, tasks: dict[Path, _Task], spool_id: str, name: str) -> None:
        self.tasks, self.spool_id, self.name = tasks, spool_id, name
        self.searches = {
            path: self._search_table(path)
            for path, task in tasks.items()
            if task.n_splits is not None
        }
        self.of_run: dict[Path, list[Path]] = defaultdict(list)
        self.of_search: dict[Path, list[Path]] = defaultdict(list)
        for path in tasks:
            self.of_run[self._run_of(path)].append(path)
            self.of_search[self._search_of(path) or ()].append(path)

    def _search_table(self, path: Path) -> SearchTable:
        """Return the table of the search that a task is the searching of."""
        owner, n_splits = self.tasks[path[:-1]], self.tasks[path].n_splits or 1
        counts: dict[int, int] = {}
        for below in self.tasks:
            is_halving = len(below) == len(path) + 2 and below[:-2] == path
            if is_halving and self.tasks[below[:-1]].name == HALVING:
                n_rows = below[-1] // n_splits + 1
                counts[below[-2]] = max(n_rows, counts.get(below[-2], 0))
        first_rows = [0, *accumulate(counts[k] for k in sorted(counts))]
        return SearchTable.of(owner.results, n_splits, first_rows if counts else [])

    def _event_id(self, *path: Any) -> str:
        return "/".join([self.spool_id, *map(str, path)])

    def _run_of(self, path: Path) -> Path:
        """Return the innermost run that a task is a part of."""
        tasks = self.tasks
        return next(p for p in _prefixes(path) if p in tasks and tasks[p].is_run)

    def _search_of(self, path: Path) -> Path | None:
        """Return the search that a task evaluates a candidate of, if it does."""
        if self.tasks[path].name != EVALUATION:
            return None
        return next((p for p in _prefixes(path[:-1]) if p in self.searches), None)

    def _place(self, path: Path, search: Path) -> tuple[int, int]:
        """Return candidate and fold of an evaluation."""
        return self.searches[search].place(path[len(search) :])

    def _curves(self, run: Path) -> tuple[MetricPoint, ...]:
        """Return the curves of a run; of several fits, each under its step's name."""
        fits = [path for path in self.of_run[run] if self.tasks[path].curves]
        return tuple(
            point._replace(name=f"{self._prefix(path, run, len(fits))}{point.name}")
            for path in fits
            for point in self.tasks[path].curves
        )

    def _prefix(self, path: Path, run: Path, n_fits: int) -> str:
        if n_fits == 1:
            return ""
        below = [p for p in _prefixes(path) if len(p) > len(run) and p in self.tasks]
        return "".join(f"{self.tasks[p].name}/" for p in reversed(below))

    def _counts(self, run: Path) -> tuple[MetricPoint, ...]:
        """Return the single numbers of the fits of a run, its own first."""
        found = {
            name: value
            for path in sorted(self.of_run[run], reverse=True)
            for name, value in self.tasks[path].metrics.items()
        }
        return tuple(MetricPoint(name, value) for name, value in found.items())

    def records(self) -> Iterator[RunRecord]:
        """Yield the runs, parents before children."""
        for path, task in sorted(self.tasks.items()):
            if task.is_run:
                yield self._record(path)
            if path in self.searches:
                yield from self._candidates(path)

    def _record(self, path: Path) -> RunRecord:
        search = self._search_of(path)
        own = self._own(path) if search is None else self._of_fold(path, search)
        task = self.tasks[path]
        return replace(
            own,
            metrics=(*own.metrics, *self._counts(path), *self._curves(path)),
            tags={"sk_ensemble.estimator": task.estimator},
            start=task.begin,
            end=task.end,
            status="FAILED" if task.end is None else "FINISHED",
        )

    def _own(self, path: Path) -> RunRecord:
        """Return identity and parameters of a run that evaluates no candidate."""
        task, is_root = self.tasks[path], len(path) == 1
        name = "refit" if task.name == REFIT else task.name
        return RunRecord(
            event_id=self._event_id(*path),
            name=self.name if is_root else name,
            parent=None if is_root else self._event_id(*self._run_of(path[:-1])),
            params=task.params | task.best,
        )

    def _of_fold(self, path: Path, search: Path) -> RunRecord:
        """Return identity, parameters and scores of a candidate in one fold."""
        row, fold = self._place(path, search)
        table = self.searches[search]
        params = table.params(row) or self.tasks[path].params
        return RunRecord(
            event_id=self._event_id(*path),
            name=f"fold-{fold}",
            parent=self._event_id(*search, "candidate", row),
            params=params | {"fold": str(fold)},
            metrics=tuple(table.fold_metrics(row, fold)),
        )

    def _candidates(self, search: Path) -> Iterator[RunRecord]:
        """Yield the candidates of a search, whether all of their folds ran or not."""
        evaluated: dict[int, list[_Task]] = {
            row: [] for row in self.searches[search].rows()
        }
        for path in self.of_search[search]:
            row, _ = self._place(path, search)
            evaluated.setdefault(row, []).append(self.tasks[path])
        for row, folds in sorted(evaluated.items()):
            yield self._candidate(search, row, folds)

    def _candidate(self, search: Path, row: int, folds: list[_Task]) -> RunRecord:
        table, begin = self.searches[search], self.tasks[search].begin
        ends = [fold.end for fold in folds if fold.end is not None]
        return RunRecord(
            event_id=self._event_id(*search, "candidate", row),
            name=f"candidate-{row}",
            parent=self._event_id(*self._run_of(search)),
            params=table.params(row),
            metrics=tuple(table.candidate_metrics(row)),
            start=min((fold.begin for fold in folds), default=begin),
            end=max(ends, default=begin),
            status="FINISHED" if len(ends) == len(folds) else "FAILED",
        )


def run_records(
    events: list[dict[str, Any]],
    spool_id: str,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> list[RunRecord]:
    """Return the runs that are to be recorded of the events of one fit.

    Parameters
    ----------
    events : list of dict
        Events of all processes, in order of time.
    spool_id : str
        What tells this fit from all others.
    name : str or None, default=None
        Name of the outermost run; None means the estimator's class.
    tags : mapping of str to str or None, default=None
        Further tags of the outermost run.

    Returns
    -------
    records : list of RunRecord
        Parents before children.
    """
    tasks = _tasks(events)
    if not tasks:
        return []
    root = min(tasks.values(), key=lambda task: len(task.path))
    first, *others = _Tree(tasks, spool_id, name or root.estimator).records()
    return [replace(first, tags={**first.tags, **(tags or {})}), *others]
