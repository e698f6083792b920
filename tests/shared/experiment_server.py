"""Run experiments in processes that are forked from one with everything imported.

A process that imports everything takes seconds; a forked one takes none, so that many
can be killed in a short time. This file is both sides: `ExperimentServer` in the test,
and, run as a script, the process that forks.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

#: What a request may ask a process to do when a function is called.
ACTIONS: dict[str, Callable[[], None]] = {
    "SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "SIGTERM": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "SIGINT": lambda: os.kill(os.getpid(), signal.SIGINT),
    "pause": lambda: time.sleep(600),
}


class End(NamedTuple):
    """How a process ended."""

    signal: int
    code: int
    seconds: float
    error: str

    @property
    def was_killed(self) -> bool:
        return self.signal == signal.SIGKILL


class ExperimentServer:
    """Fork processes that run experiments, from the side of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.folder,
            text=True,
        )
        return self

    def _ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, task: str, /, **request: Any) -> int:
        """Start a function of this file, or of a module, and return the process."""
        return int(self._ask(do="start", task=task, request=request))

    def wait(self, pid: int, kill_after: float | None = None) -> End:
        """Wait for a process to end, or kill it some seconds after its start."""
        return End(*self._ask(do="wait", pid=pid, kill_after=kill_after))

    def run(
        self, task: str, /, *, kill_after: float | None = None, **request: Any
    ) -> End:
        """Start a function and wait for it."""
        return self.wait(self.start(task, **request), kill_after)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _act_on_call(place: str, count: int, when: str, action: str) -> None:
    """Do something at one call of a function, before or after it."""
    module, _, name = place.partition(":")
    owner: Any = importlib.import_module(module)
    *path, attribute = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    function, calls = getattr(owner, attribute), [0]

    def counting(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        is_now = calls[0] == count
        if is_now and when == "before":
            ACTIONS[action]()
        result = function(*args, **kwargs)
        if is_now and when == "after":
            ACTIONS[action]()
        return result

    setattr(owner, attribute, counting)


def _write_in_place() -> None:
    """Take away that directories appear whole."""
    from sk_ensemble.utils import files

    @contextlib.contextmanager
    def building(target: Path, n_bytes: int | None = None) -> Any:
        target.mkdir(parents=True)
        yield target

    files.building = building


def _leave_pictures_out() -> None:
    """Draw nothing, and force nothing to the disk: a killed process needs neither."""
    from sk_ensemble.experiments import _run_dir, _run_experiment

    _run_dir.cell_plots = lambda cell: {"calibration": b"picture"}
    _run_experiment.draw = lambda table, title: b"picture"
    os.fsync = lambda handle: None


def _prepare(request: dict[str, Any]) -> None:
    if request.pop("quick", True):
        _leave_pictures_out()
    if request.pop("in_place", False):
        _write_in_place()
    for act in request.pop("act", ()):
        _act_on_call(*act)
    os.environ.update(request.pop("environment", {}))
    tempfile.tempdir = None
    limit = request.pop("largest_file", None)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def experiment(config: str, **how: Any) -> int:
    """Run an experiment from its YAML."""
    from sk_ensemble.experiments import parse_experiment, run_experiment

    return int(bool(run_experiment(parse_experiment(config), **how).failures))


def command(arguments: list[str]) -> int:
    """Run a command of the command line."""
    from sk_ensemble.cli import main

    return main(arguments)


def log_runs(database: str, group: str, n_runs: int) -> int:
    """Record some runs of a group in a store that others use, too."""
    from sk_ensemble.callbacks import MetricPoint, RunRecord, TrackingStore

    store = TrackingStore(database)
    store.prepare()
    for number in range(n_runs):
        event = f"{group}/{number}"
        points = (MetricPoint("loss", number), MetricPoint("loss", number + 1, 1))
        store.log([RunRecord(event_id=event, name=event, metrics=points)], group)
    return 0


def make_directories(parent: str, n_directories: int) -> int:
    """Make directories with the time in their name."""
    from sk_ensemble.experiments._stamped import write_stamped_folder

    for _ in range(n_directories):
        write_stamped_folder(Path(parent), "model_h5", {"file": b""})
    return 0


TASKS: dict[str, Callable[..., int]] = {
    "experiment": experiment,
    "command": command,
    "log_runs": log_runs,
    "make_directories": make_directories,
}


def _function(task: str) -> Callable[..., int]:
    """Return a task of this file, or one of a module: ``"module:function"``."""
    module, _, name = task.partition(":")
    return getattr(importlib.import_module(module), name) if name else TASKS[task]


def _be_child(task: str, request: dict[str, Any], report: Path) -> None:
    """Do a task in a session of its own, which all of its workers belong to."""
    os.setsid()
    # The pipes are for the answers of the one that forks.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    code = 70
    try:
        _prepare(request)
        code = _function(task)(**request)
    except BaseException as error:
        report.write_text(f"{type(error).__name__}: {error}")
        if not isinstance(error, Exception | KeyboardInterrupt):
            traceback.print_exc()
    finally:
        os._exit(code)


class _Forker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: dict[int, float] = {}

    def start(self, task: str, request: dict[str, Any]) -> int:
        pid = os.fork()
        if pid == 0:
            _be_child(task, request, self._folder / str(os.getpid()))
        self._started[pid] = time.monotonic()
        return pid

    def wait(self, pid: int, kill_after: float | None) -> End:
        started = self._started.pop(pid)
        status = 0
        while kill_after is not None and time.monotonic() - started < kill_after:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                break
            time.sleep(0.001)
        else:
            if kill_after is not None:
                os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        seconds = time.monotonic() - started
        report = self._folder / str(pid)
        error = report.read_text() if report.exists() else ""
        report.unlink(missing_ok=True)
        is_signal = os.WIFSIGNALED(status)
        number = os.WTERMSIG(status) if is_signal else 0
        return End(number, 0 if is_signal else os.WEXITSTATUS(status), seconds, error)


def _import_all() -> None:
    for name in (
        "matplotlib.backends.backend_agg",
        "mlflow.store.tracking.sqlalchemy_store",
        "mlflow.tracking.client",
        "sk_ensemble.baseline",
        "sk_ensemble.cli._app",
        "sk_ensemble.cli._run",
        "sk_ensemble.experiments",
        "sk_ensemble.production",
        "sk_ensemble.tabular",
    ):
        importlib.import_module(name)
    # The code is hashed once here, and not again in each process.
    importlib.import_module("sk_ensemble.experiments._code").code_digest()


def _serve() -> None:
    # What the libraries print must not reach the pipe of the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _import_all()
    with tempfile.TemporaryDirectory() as folder:
        forker = _Forker(Path(folder))
        for line in sys.stdin:
            request = json.loads(line)
            answer = getattr(forker, request.pop("do"))(**request)
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
