"""A process that makes one call after the other, and whose death is noticed at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from joblib.externals.loky.backend import get_context
from joblib.externals.loky.backend.reduction import dumps
from joblib.externals.loky.backend.utils import kill_process_tree

__all__ = ["CallError", "Worker", "WorkerDied"]

#: What the libraries that share work among threads ask when they are loaded.
_THREAD_VARIABLES = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class WorkerDied(RuntimeError):
    """A worker process ended in the middle of a call."""


class CallError(RuntimeError):
    """A call raised an error in the worker process, or could not be sent there."""


def _end_with(owner: Connection) -> None:
    """End this process as soon as its owner is gone, in the middle of a call, too."""
    with suppress(EOFError, OSError):
        owner.recv_bytes()
    os._exit(1)


def _answer(calls: Connection) -> tuple[Any, str | None]:
    """Make the next call; return its result, or what went wrong."""
    try:
        function, args = calls.recv()
        return function(*args), None
    except EOFError:
        raise
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def _serve(calls: Connection, owner: Connection) -> None:
    # Ctrl-C reaches all processes of a terminal; it is for the owner to end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(owner,), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            calls.send(_answer(calls))


class Worker:
    """Make calls in a process of its own, one at a time.

    Parameters
    ----------
    n_threads : int
        Threads that libraries use which are not told otherwise.
    reducers : dict of callable
        How arguments of some types are sent.
    """

    def __init__(
        self, n_threads: int, reducers: Mapping[type, Callable[[Any], Any]]
    ) -> None:
        # Unlike those of multiprocessing, loky's processes do not run the user's
        # script again, and take what is defined in a notebook.
        context = get_context("loky")
        self._reducers = reducers
        self._calls, calls = context.Pipe()
        owner, self._owner = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_serve,
            args=(calls, owner),
            env=dict.fromkeys(_THREAD_VARIABLES, str(n_threads)),
        )
        self._process.start()
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
        kill_process_tree(self._process)
