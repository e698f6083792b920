"""What a worker is given: a fit with its model and samples, and its threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from sk_ensemble.experiments._fit import (
    FitFailure,
    FitInput,
    FitResult,
    FitTask,
    run_fit,
)
from sk_ensemble.utils.memory import return_free_memory

__all__ = ["Jobs", "Outcome", "died", "run_job"]

#: A task and what came out of it.
Outcome: TypeAlias = tuple[FitTask, FitResult | FitFailure]

_DIED = (
    "The worker process died while fitting it, also when nothing else ran: it was "
    "killed, ran out of memory, or a library crashed. Try a smaller batch, fewer "
    "samples or fewer threads (run.threads_per_task)."
)


@dataclass(frozen=True, eq=False)
class Jobs:
    """Find what goes with a task.

    Parameters
    ----------
    pipelines : dict of Pipeline
        Unfitted models by key.
    inputs : dict of FitInput
        Samples by horizon.
    n_threads : int
        Threads of each fit.
    """

    pipelines: Mapping[str, Pipeline]
    inputs: Mapping[int, FitInput]
    n_threads: int

    def arguments(self, task: FitTask) -> tuple[Pipeline, FitTask, FitInput, int]:
        """Return what `run_job` takes."""
        data = self.inputs[task.horizon]
        return self.pipelines[task.model], task, data, self.n_threads


def run_job(
    pipeline: Any, task: FitTask, data: FitInput, n_threads: int
) -> FitResult | FitFailure:
    """Make a fit with a number of threads, wherever it happens to run.

    Sums of floats depend on how many threads share them, so the number must not
    depend on the worker.
    """
    with threadpool_limits(limits=n_threads):
        outcome = run_fit(pipeline, task, data)
    # The next fit may be that of another library, which has an allocator of its own.
    return_free_memory(data.X.history.block.nbytes)
    return outcome


def died(task: FitTask) -> FitFailure:
    """Return the failure of a task that ends every worker it is given to."""
    return FitFailure(task.name, _DIED)
