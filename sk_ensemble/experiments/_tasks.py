"""Fits as independent tasks: a model, rows to train on, rows to predict."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.experiments._config import ComparisonConfig
from sk_ensemble.experiments._data import HorizonData
from sk_ensemble.experiments._models import (
    SKLEARN_STACK,
    build_model,
    is_baseline,
    make_splitter,
)
from sk_ensemble.metrics import align_proba

__all__ = ["LABELS", "FitResult", "FitTask", "plan_tasks", "run_tasks"]

#: Classes of every comparison, in the order of the probability columns.
LABELS = (-1, 0, 1)


@dataclass(frozen=True, eq=False)
class FitTask:
    """One fit. `fold` is None for the refit on all development samples."""

    model: str
    horizon: int
    fold: int | None
    train: IntArray
    test: IntArray


@dataclass(frozen=True, eq=False)
class FitResult:
    """What came out of a task: probabilities in the order of `LABELS`."""

    task: FitTask
    proba: FloatArray
    fit_seconds: float
    predict_seconds: float


def plan_tasks(data: HorizonData, config: ComparisonConfig) -> list[FitTask]:
    """List the fits of one horizon: every fold of every model, and the refits."""
    folds = list(make_splitter(config).split(data.X, data.y))
    everything, all_test = np.arange(len(data.X)), np.arange(len(data.X_test))
    tasks = []
    for name in config.models:
        tasks += [
            FitTask(name, data.horizon, number, train, test)
            for number, (train, test) in enumerate(folds)
        ]
        tasks.append(FitTask(name, data.horizon, None, everything, all_test))
    if sum(not is_baseline(name) for name in config.models) > 1:
        tasks.append(FitTask(SKLEARN_STACK, data.horizon, None, everything, all_test))
    return tasks


def _run(task: FitTask, model: Any, data: HorizonData) -> FitResult:
    """Fit a copy of the model and predict."""
    X_new = data.X_test if task.fold is None else data.X[task.test]
    started = time.perf_counter()
    fitted = clone(model).fit(data.X[task.train], data.y[task.train])
    fitted_at = time.perf_counter()
    proba = align_proba(fitted.predict_proba(X_new), fitted.classes_, LABELS)
    done = time.perf_counter()
    return FitResult(task, proba, fitted_at - started, done - fitted_at)


def _longest_first(tasks: Sequence[FitTask]) -> list[FitTask]:
    """Order tasks so that no worker is left with a long one at the end."""
    slow = {"lstm": 2, SKLEARN_STACK: 1}
    return sorted(tasks, key=lambda t: (slow.get(t.model, 0), len(t.train)))[::-1]


def run_tasks(
    tasks: Sequence[FitTask],
    data: dict[int, HorizonData],
    config: ComparisonConfig,
    progress: Callable[[Iterator[FitResult], int], AbstractContextManager[Any]],
) -> list[FitResult]:
    """Run tasks in worker processes and return results in the order of the tasks.

    Parameters
    ----------
    tasks : sequence of FitTask
        What to run.
    data : dict of HorizonData
        Samples by horizon; their bars reach the workers as a memory map.
    config : ComparisonConfig
        Models and the number of workers.
    progress : callable
        Wraps the iterator of results, given their number, to show progress.
    """
    models = {task.model: build_model(task.model, config) for task in tasks}
    results = Parallel(n_jobs=config.n_jobs, return_as="generator_unordered")(
        delayed(_run)(task, models[task.model], data[task.horizon])
        for task in _longest_first(tasks)
    )
    with progress(results, len(tasks)) as shown:
        done = {_key(result.task): result for result in shown}
    return [done[_key(task)] for task in tasks]


def _key(task: FitTask) -> tuple[str, int, int | None]:
    """Identify a task."""
    return task.model, task.horizon, task.fold
