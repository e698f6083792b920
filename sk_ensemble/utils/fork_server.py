"""Start processes in milliseconds, as copies of one that has imported everything.

A new Python process spends a second or more on imports. Here one process, the server,
imports what workers need while its owner still prepares their work; every worker is
then forked from it and shares its memory. Forking is safe where a process has one
thread only, which the server sees to before each fork, and where it is cheap: on Linux.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

from sk_ensemble.utils.garbage import no_collection

__all__ = [
    "CannotFork",
    "ForkServer",
    "discard_early",
    "serve",
    "start_early",
    "take_or_start",
]

#: Starts the server in a new interpreter, which runs no script of the user again.
_START = (
    "import json, sys; fd, sys.path, modules = json.loads(sys.argv[1]); "
    f"from {__name__} import serve; serve(fd, modules)"
)

#: Bytes of the longest message, and of the answer.
_LONGEST, _ANSWER = 2**20, 64

#: A thread of a memory allocator that is made anew in a fork.
_HARMLESS_THREADS = ("jemalloc_bg_thd",)


class CannotFork(RuntimeError):
    """There is no server, or it has threads, which a fork would not copy."""


#: Modules to import and environment variables.
_Purpose: TypeAlias = tuple[tuple[str, ...], dict[str, str]]


def _purpose(modules: Sequence[str], variables: Mapping[str, str]) -> _Purpose:
    return tuple(modules), dict(variables)


def _other_threads() -> list[str]:
    """Return the names of the threads of this process beside the main one."""
    tasks = Path("/proc/self/task")
    others = (task for task in tasks.iterdir() if task.name != str(os.getpid()))
    names = [(task / "comm").read_text().strip() for task in others]
    return [name for name in names if name not in _HARMLESS_THREADS]


def _load(modules: Sequence[str]) -> None:
    """Import modules; one that cannot be imported is missed where it is needed."""
    # It freezes what is there: else the collector of each fork would write to shared
    # memory, which copies it.
    with no_collection():
        for module in modules:
            with suppress(Exception):
                importlib.import_module(module)


def _become_worker(order: Mapping[str, Any], fds: Sequence[int]) -> None:
    """Do in a fork what a new process is for, and end."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.path[:] = order["path"]
        os.chdir(order["folder"])
        module, _, name = order["target"].partition(":")
        target = getattr(importlib.import_module(module), name)
        target(*(Connection(fd) for fd in fds))
        code = 0
    finally:
        # What is registered to happen at the end of the server is not for its forks.
        os._exit(code)


def _fork(channel: socket.socket, order: Mapping[str, Any], fds: Sequence[int]) -> str:
    """Fork a worker and return its number, or say why that is not safe."""
    others = _other_threads()
    if others:
        return f"it has the threads {', '.join(others)}"
    pid = os.fork()
    if pid == 0:
        channel.close()
        _become_worker(order, fds)
    return str(pid)


def serve(fd: int, modules: Sequence[str]) -> None:
    """Import modules, then fork a worker for every order until the owner is gone.

    Parameters
    ----------
    fd : int
        Socket on which orders come, with the connections of the worker.
    modules : sequence of str
        What to import; modules that are not installed are skipped.
    """
    # Ctrl-C reaches all processes of a terminal; it is for the owner to end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Forks that have ended leave nothing to be waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=fd) as channel:
        _load(modules)
        while True:
            message, fds, _, _ = socket.recv_fds(channel, _LONGEST, 8)
            if not message:
                return
            order = json.loads(message)
            if "modules" in order:
                _load(order["modules"])
                continue
            answer = _fork(channel, order, fds)
            for number in fds:
                os.close(number)
            channel.send(answer.encode())


class ForkServer:
    """Fork workers from a process that has imported what they need.

    Parameters
    ----------
    modules : sequence of str
        What to import.
    variables : dict of str
        Environment variables of the server and its workers.

    Raises
    ------
    CannotFork
        If this system is not Linux.
    """

    def __init__(self, modules: Sequence[str], variables: Mapping[str, str]) -> None:
        if sys.platform != "linux":
            msg = f"workers are not forked on {sys.platform}"
            raise CannotFork(msg)
        self.purpose = _purpose(modules, variables)
        self._lock = Lock()
        # Keeps the borders of messages, and tells when the other side is gone.
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argument = json.dumps([theirs.fileno(), sys.path, list(modules)])
            flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
            self._process = subprocess.Popen(
                [sys.executable, *flags, "-c", _START, argument],
                env={**os.environ, **variables},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        atexit.register(self.close)

    def load(self, modules: Sequence[str]) -> None:
        """Let the server import more, so that workers to come need not."""
        with self._lock, suppress(OSError):
            self._channel.send(json.dumps({"modules": list(modules)}).encode())

    def fork(self, target: str, *connections: Connection) -> int:
        """Start a worker and return its process number.

        Parameters
        ----------
        target : str
            Function that it calls, as ``"module:name"``.
        *connections : Connection
            Arguments of the function; to be closed here afterwards.

        Raises
        ------
        CannotFork
            If the server has died, or has threads.
        """
        order = {"target": target, "path": sys.path, "folder": str(Path.cwd())}
        fds = [connection.fileno() for connection in connections]
        with self._lock:
            try:
                socket.send_fds(self._channel, [json.dumps(order).encode()], fds)
                answer = self._channel.recv(_ANSWER).decode()
            except OSError as error:
                answer = str(error)
        if not answer.isdigit():
            reason = answer or "it has died"
            msg = f"the process that starts workers cannot start any: {reason}"
            raise CannotFork(msg)
        return int(answer)

    def close(self) -> None:
        """End the server; its workers go on."""
        atexit.unregister(self.close)
        self._channel.close()
        self._process.kill()
        self._process.wait()


#: The server that nobody has taken yet, if there is one.
_early: list[ForkServer] = []


def start_early(modules: Sequence[str], variables: Mapping[str, str]) -> None:
    """Start a server that imports while this process does, for whoever needs it first.

    Where there can be none nothing happens, nor where there is one already.
    """
    if not _early:
        with suppress(CannotFork, OSError):
            _early.append(ForkServer(modules, variables))


def discard_early() -> None:
    """End the server that was started early, if nobody has taken it."""
    while _early:
        _early.pop().close()


def take_or_start(modules: Sequence[str], variables: Mapping[str, str]) -> ForkServer:
    """Return a server of one's own: the one started early, if it is such a server.

    Raises
    ------
    CannotFork
        If this system is not Linux.
    """
    if [server.purpose for server in _early] == [_purpose(modules, variables)]:
        return _early.pop()
    discard_early()
    return ForkServer(modules, variables)
