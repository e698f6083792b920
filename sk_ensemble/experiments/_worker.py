"""A process that makes one call after the other, and whose death is noticed at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from multiprocessing import Pipe
from typing import Any

from joblib.externals.loky.backend.reduction import dumps

from sk_ensemble.experiments._worker_process import end_process, start_process
from sk_ensemble.utils.fork_server import ForkServer

__all__ = ["CallError", "Worker", "WorkerDied"]


class WorkerDied(RuntimeError):
    """A worker process ended in the middle of a call."""


class CallError(RuntimeError):
    """A call raised an error in the worker process, or could not be sent there."""


class Worker:
    """Make calls in a process of its own, one at a time.

    Parameters
    ----------
    n_threads : int
        Threads that libraries use which are not told otherwise.
    reducers : dict of callable
        How arguments of some types are sent.
    server : ForkServer or None, default=None
        Forks the process; without one, or if it cannot, a new one is started.
    """

    def __init__(
        self,
        n_threads: int,
        reducers: Mapping[type, Callable[[Any], Any]],
        server: ForkServer | None = None,
    ) -> None:
        self._reducers = reducers
        self._calls, calls = Pipe()
        owner, self._owner = Pipe(duplex=False)
        self._process = start_process(n_threads, server, calls, owner)
        calls.close()
        owner.close()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function in the process and wait for what it returns.

        Raises
        ------
        WorkerDied
            If the process ends meanwhile, for whatever reason.
        CallError
            If the call cannot be sent or raises an error.
        """
        try:
            message = dumps((function, args), reducers=self._reducers)
        except Exception as error:
            msg = f"it cannot be sent to a worker process: {error}"
            raise CallError(msg) from error
        try:
            self._calls.send_bytes(message)
            result, fault = self._calls.recv()
        except (EOFError, OSError) as error:
            msg = f"worker process {self._process.pid} has died"
            raise WorkerDied(msg) from error
        if fault is not None:
            raise CallError(fault)
        return result

    def kill(self) -> None:
        """End the process and those it has started, in the middle of a call, too."""
        end_process(self._process)
