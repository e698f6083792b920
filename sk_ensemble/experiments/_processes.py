"""Run fits in worker processes of this machine."""

from __future__ import annotations

import atexit
from collections import defaultdict
from threading import Lock

from sk_ensemble.experiments._fit import FitFailure, FitResult, FitTask
from sk_ensemble.experiments._job import Jobs, run_job
from sk_ensemble.experiments._mapped_arrays import MappedArrays
from sk_ensemble.experiments._worker import CallError, Worker, WorkerDied
from sk_ensemble.utils.fork_server import CannotFork, ForkServer, take_or_start
from sk_ensemble.utils.workers import WORKER_MODULES, thread_variables

__all__ = ["Processes"]


def _server(n_threads: int) -> ForkServer | None:
    """Return what forks workers, or None where that cannot be done."""
    try:
        return take_or_start(WORKER_MODULES, thread_variables(n_threads))
    except CannotFork:
        return None


class Processes:
    """Keep worker processes, each for one device, and start them when needed.

    Every process has one fit at a time, so it is known which one a dying process
    takes along.

    Parameters
    ----------
    jobs : Jobs
        Models and samples. Processes have the bars as a memory map.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._arrays = MappedArrays()
        self._server = _server(jobs.n_threads)
        self._all: set[Worker] = set()
        self._idle: dict[str, list[Worker]] = defaultdict(list)
        self._lock = Lock()
        self._is_closed = False
        # At the end of the interpreter nobody waits for a fit.
        atexit.register(self.close)

    def run(self, task: FitTask) -> FitResult | FitFailure | None:
        """Run a task and return its outcome, or None if its process has died."""
        worker = self._take(task.device)
        try:
            outcome: FitResult | FitFailure = worker.call(
                run_job, *self._jobs.arguments(task)
            )
        except WorkerDied:
            self._drop(worker)
            return None
        except CallError as error:
            outcome = FitFailure(task.name, str(error))
        self._idle[task.device].append(worker)
        return outcome

    def _take(self, device: str) -> Worker:
        with self._lock:
            if self._is_closed:
                msg = "the worker processes have been ended"
                raise RuntimeError(msg)
            if self._idle[device]:
                return self._idle[device].pop()
            worker = Worker(self._jobs.n_threads, self._arrays.reducers, self._server)
            self._all.add(worker)
            return worker

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.kill()

    def close(self) -> None:
        """End the processes, also those in the middle of a fit."""
        atexit.unregister(self.close)
        with self._lock:
            self._is_closed = True
            workers = list(self._all)
        for worker in workers:
            worker.kill()
        if self._server is not None:
            self._server.close()
        self._arrays.close()
