"""Start the process of a worker, and end it with all that it has started."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, Protocol

from joblib.externals.loky.backend import get_context
from joblib.externals.loky.backend.utils import kill_process_tree

from sk_ensemble.utils.fork_server import CannotFork, ForkServer
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.workers import thread_variables

__all__ = ["WorkerProcess", "end_process", "start_process"]


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


def serve(calls: Connection, owner: Connection) -> None:
    """Make one call after the other until the owner is gone."""
    # Ctrl-C reaches all processes of a terminal; it is for the owner to end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(owner,), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            calls.send(_answer(calls))


class WorkerProcess(Protocol):
    """What is known of a process that was started here."""

    @property
    def pid(self) -> int | None: ...

    def join(self) -> None: ...


@dataclass(frozen=True)
class _Fork:
    """A process that another one has forked.

    Parameters
    ----------
    handle : psutil.Process
        Knows it from a later process that has got the same number.
    """

    handle: Any

    @property
    def pid(self) -> int | None:
        return self.handle.pid if self.handle.is_running() else None

    def join(self) -> None:
        self.handle.wait()


def _forked(
    server: ForkServer | None, *connections: Connection
) -> WorkerProcess | None:
    """Fork a process, or return None where that cannot be done."""
    if server is None:
        return None
    psutil = import_optional("psutil", extra="experiments")
    try:
        return _Fork(psutil.Process(server.fork(f"{__name__}:serve", *connections)))
    except (CannotFork, psutil.NoSuchProcess):
        return None


def _spawned(n_threads: int, *connections: Connection) -> WorkerProcess:
    """Start a new process, which imports what it needs itself."""
    # Unlike those of multiprocessing, loky's processes do not run the user's
    # script again, and take what is defined in a notebook.
    process = get_context("loky").Process(
        target=serve, args=connections, env=thread_variables(n_threads)
    )
    process.start()
    started: WorkerProcess = process
    return started


def start_process(
    n_threads: int, server: ForkServer | None, *connections: Connection
) -> WorkerProcess:
    """Start a process that makes calls, as fast as that can be done here.

    Parameters
    ----------
    n_threads : int
        Threads that libraries use which are not told otherwise.
    server : ForkServer or None
        Forks the process; without one, or if it cannot, a new one is started.
    *connections : Connection
        For calls, and the one that ends when the owner does.
    """
    return _forked(server, *connections) or _spawned(n_threads, *connections)


def end_process(process: WorkerProcess) -> None:
    """Kill a process and those it has started."""
    if process.pid is not None:
        kill_process_tree(process)
