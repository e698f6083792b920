"""The fits that an experiment lacks: known ones from the cache, others made now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from typing import Any, TypeAlias

from sk_ensemble.experiments._cache import FitCache
from sk_ensemble.experiments._executor import Executor, Outcome
from sk_ensemble.experiments._experiment_run import ExperimentRun
from sk_ensemble.experiments._fit import FitInput, FitResult, FitTask
from sk_ensemble.experiments._fit_warnings import passing_on
from sk_ensemble.experiments._plan import Plan

__all__ = ["Progress", "make_fits"]

#: Wraps an iterator of outcomes, given their number, to show progress.
Progress: TypeAlias = Callable[[Iterator[Any], int], AbstractContextManager[Any]]


def _from_cache(
    tasks: Iterable[FitTask], cache: FitCache
) -> tuple[list[Outcome], list[FitTask]]:
    """Tell fits whose outcome is known from those that are still to be made."""
    known: list[Outcome] = []
    missing: list[FitTask] = []
    for task in tasks:
        result = cache.get(task.digest)
        if result is None:
            missing.append(task)
        else:
            known.append((task, result))
    return known, missing


def _longest_first(tasks: Iterable[FitTask], plan: Plan) -> list[FitTask]:
    """Order fits so that no worker is left with a long one at the end."""

    def cost(task: FitTask) -> tuple[bool, int, int]:
        window, model = plan.pipelines[task.model]
        is_network = hasattr(model, "max_epochs")
        return is_network, len(task.train) * window.window_length, -(task.fold or 0)

    return sorted(tasks, key=cost, reverse=True)


def make_fits(
    run: ExperimentRun, tasks: list[FitTask], progress: Progress
) -> Iterator[Outcome]:
    """Yield what is in the cache, then fit the rest, storing each outcome at once."""
    known, missing = _from_cache(tasks, run.cache)
    yield from known
    if not missing:
        return
    settings = run.config.run
    executor = Executor(settings.n_jobs, settings.threads_per_task, settings.cluster)
    inputs = {h: FitInput.of(part) for h, part in run.samples.items()}
    ordered = _longest_first(missing, run.plan)
    fits = executor.run(ordered, run.plan.pipelines, inputs)
    found = run.at_end.enter_context(closing(fits))
    with progress(found, len(missing)) as shown:
        for task, outcome in passing_on(shown):
            if isinstance(outcome, FitResult):
                run.cache.put(task.digest, outcome)
            yield task, outcome
