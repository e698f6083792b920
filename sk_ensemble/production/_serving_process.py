"""Run MLflow's scoring server, and end it with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sk_ensemble

__all__ = ["serving"]

#: Seconds that the server has for an orderly end.
_PATIENCE = 10.0


def _before(folder: str, name: str) -> str:
    """Return the directories of an environment variable after one more."""
    found = os.environ.get(name)
    return os.pathsep.join([folder, found] if found else [folder])


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask all processes of a server to end, and end those that do not."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        # The first one may have ended, and others of its group not.
        with suppress(ProcessLookupError):
            os.killpg(server.pid, request)
        with suppress(subprocess.TimeoutExpired):
            server.wait(_PATIENCE)


@contextmanager
def serving(
    path: Path, *, host: str, port: int, n_workers: int = 1
) -> Iterator[subprocess.Popen[bytes]]:
    """Serve a model over HTTP for the time of a block.

    Parameters
    ----------
    path : Path
        What `save_mlflow_model` has saved.
    host : str
        Address to listen at.
    port : int
        Port to listen at.
    n_workers : int, default=1
        Processes that answer.

    Yields
    ------
    server : Popen
        The server, which may still be on its way up.
    """
    command = [sys.executable, "-m", "mlflow", "models", "serve"]
    command += ["--model-uri", str(path), "--env-manager", "local"]
    command += ["--host", host, "--port", str(port), "--workers", str(n_workers)]
    # MLflow starts its server by name, so that of this environment must be found first,
    # as must be this package, which may be used without being installed.
    environment = {
        **os.environ,
        "PATH": _before(str(Path(sys.executable).parent), "PATH"),
        "PYTHONPATH": _before(str(Path(sk_ensemble.__file__).parents[1]), "PYTHONPATH"),
    }
    # A group of its own, so that it can be ended as a whole.
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield server
    finally:
        _end(server)
