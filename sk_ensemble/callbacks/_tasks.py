"""Read scikit-learn's tree of tasks: which of them are runs, and of what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = [
    "EVALUATION",
    "HALVING",
    "REFIT",
    "SEARCH",
    "TRIAL",
    "fit_of",
    "is_fit",
    "is_recorded",
    "is_run",
    "path_of",
    "task_of",
]

#: Names that searches give to their tasks.
SEARCH = "search"
HALVING = "halving-iteration"
TRIAL = "trial"
EVALUATION = "candidate-split-evaluation"
REFIT = "refit-with-best-params"

#: Beginnings of the names that a Pipeline gives to its steps, which are no runs.
_STEPS = ("fit-transform-", "fit-final-estimator", "fit-predict-final-estimator")


def _ancestors(context: Any) -> Iterator[Any]:
    """Yield a task and those that it is a part of, the innermost first."""
    while context is not None:
        yield context
        context = context.parent


def path_of(context: Any) -> list[int]:
    """Return the numbers of the tasks from the outermost one to this one."""
    return [task.task_id for task in _ancestors(context)][::-1]


def task_of(context: Any) -> str:
    """Return what a task is called by the estimator that it is a part of."""
    return str(context.source_task_name or context.task_name)


def is_fit(context: Any) -> bool:
    """Tell whether a task is the whole fit of an estimator."""
    return context.parent is None or context.source_task_name is not None


def is_run(context: Any) -> bool:
    """Tell whether a task is recorded as a run of its own.

    These are the outermost fit and the fits that a search or an ensemble makes; the
    steps of a Pipeline belong to the Pipeline, and rounds to the fit.
    """
    if context.parent is None or task_of(context) in (EVALUATION, REFIT):
        return True
    return context.source_task_name is not None and not task_of(context).startswith(
        _STEPS
    )


def is_recorded(context: Any) -> bool:
    """Tell whether beginning and end of a task matter; those of rounds do not."""
    return (
        is_fit(context)
        or is_run(context)
        or context.task_name in (SEARCH, HALVING, TRIAL)
    )


def fit_of(context: Any) -> Any:
    """Return the fit of the same estimator that a task is a part of."""
    return next(task for task in _ancestors(context) if is_fit(task))
