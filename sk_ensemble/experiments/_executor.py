"""Run fits in this process, in worker processes, or on a Dask cluster.

Fits are independent, so the order in which they finish decides nothing, and neither
does where they run.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from joblib import cpu_count
from sklearn.pipeline import Pipeline

from sk_ensemble.experiments._cluster import Cluster
from sk_ensemble.experiments._fit import FitInput, FitTask
from sk_ensemble.experiments._job import Jobs, Outcome, run_job
from sk_ensemble.experiments._lanes import Lane, run_lanes
from sk_ensemble.experiments._processes import Processes

__all__ = ["Executor", "Outcome", "n_workers"]

_CPU = "cpu"


def n_workers(n_jobs: int, threads_per_task: int) -> int:
    """Return the number of worker processes that a number of jobs stands for.

    Parameters
    ----------
    n_jobs : int
        Processes; -1 means as many as keep all cores busy that may be used.
    threads_per_task : int
        Threads of each fit.
    """
    if n_jobs > 0:
        return n_jobs
    n_cores: int = cpu_count()
    return max(1, n_cores // threads_per_task)


def _by_device(tasks: Sequence[FitTask]) -> dict[str, list[FitTask]]:
    """Group tasks by the device they train on."""
    groups: dict[str, list[FitTask]] = {}
    for task in tasks:
        groups.setdefault(task.device, []).append(task)
    return groups


def _lanes(tasks: Sequence[FitTask], n_cpu: int, n_gpu: int = 1) -> list[Lane]:
    """Return a lane for the processors and one for each other device."""
    return [
        Lane(group, min(len(group), n_cpu if device == _CPU else n_gpu))
        for device, group in _by_device(tasks).items()
    ]


@dataclass(frozen=True)
class Executor:
    """Run fits, on as many processes as there are, and one at a time per GPU.

    Parameters
    ----------
    n_jobs : int, default=-1
        Worker processes; -1 means as many as keep all cores busy. With 1 everything
        runs in this process, unless there are fits for a GPU beside others.
    threads_per_task : int, default=1
        Threads of each fit.
    cluster : str or None, default=None
        Address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``, or
        ``"local:2"`` for a cluster of two workers on this machine.
    """

    n_jobs: int = -1
    threads_per_task: int = 1
    cluster: str | None = None

    def run(
        self,
        tasks: Sequence[FitTask],
        pipelines: Mapping[str, Pipeline],
        inputs: Mapping[int, FitInput],
    ) -> Generator[Outcome]:
        """Yield tasks with their outcomes as they come.

        Closing the iterator ends the workers. When one dies, only the fit it was
        making starts again; a fit that ends every worker it gets is a failure.

        Parameters
        ----------
        tasks : sequence of FitTask
            What to fit.
        pipelines : dict of Pipeline
            Unfitted models by key.
        inputs : dict of FitInput
            Samples by horizon.

        Raises
        ------
        ClusterError
            If there is no cluster at the address, or one that cannot be used.
        """
        jobs = Jobs(pipelines, inputs, self.threads_per_task)
        if self.cluster is not None:
            yield from self._on_cluster(self.cluster, tasks, jobs)
            return
        lanes = _lanes(tasks, n_workers(self.n_jobs, self.threads_per_task))
        if self.n_jobs == 1 and len(lanes) == 1:
            for task in tasks:
                yield task, run_job(*jobs.arguments(task))
        else:
            yield from run_lanes(lanes, Processes(jobs))

    def _on_cluster(
        self, address: str, tasks: Sequence[FitTask], jobs: Jobs
    ) -> Generator[Outcome]:
        cluster = Cluster(address, jobs)
        yield from run_lanes(_lanes(tasks, cluster.n_workers, cluster.n_gpus), cluster)
