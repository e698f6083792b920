"""Experiments that are asked to end, and what others see of those that died."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from experiment_results import latest, results_of

from sk_ensemble.exceptions import ResumeError
from sk_ensemble.experiments._tracking import bury_the_dead

pytestmark = pytest.mark.slow

CACHE = "sk_ensemble.experiments._cache:FitCache"
SECOND = [f"{CACHE}.put", 2, "after"]


def session_of(pid: int) -> list[psutil.Process]:
    """Return what lives of a process and those it started, which share a session."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == pid:
                found.append(process)
        except (ProcessLookupError, PermissionError):
            continue
    return [p for p in found if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def all_gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while session_of(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not session_of(pid)


def parents_in(base_dir: Path) -> dict[str, str]:
    """Return the status of each experiment in the MLflow store."""
    query = (
        "select name, status from runs where run_uuid not in (select run_uuid from "
        "tags where key = 'mlflow.parentRunId')"
    )
    with closing(sqlite3.connect(base_dir / "mlflow.db")) as connection:
        return dict(connection.execute(query).fetchall())


@pytest.fixture
def write(make_tiny, tmp_path, store):
    """Write a configuration file and return the command that runs it."""

    def write_config(*arguments: str, **changes) -> list[str]:
        shutil.copy(store, tmp_path / "mlflow.db")
        path = tmp_path / "small.yaml"
        path.write_text(make_tiny(tmp_path, **changes).to_yaml())
        return ["run", str(path), "--quiet", *arguments]

    return write_config


@pytest.mark.parametrize(
    ("name", "code", "error"),
    [("SIGTERM", 143, "Terminated"), ("SIGINT", 130, "KeyboardInterrupt")],
)
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_request_to_end_is_met_in_good_order(
    name, code, error, n_jobs, server, write, tmp_path
):
    arguments = write(run={"n_jobs": n_jobs}, mlflow={"enabled": True})
    pid = server.start("command", arguments=arguments, act=[[*SECOND, name]])
    end = server.wait(pid)
    assert (end.signal, end.code) == (0, code), end
    assert all_gone(pid)
    result = latest(tmp_path)
    status = result.status
    assert status.state == "interrupted"
    assert status.describe().startswith("interrupted at")
    assert error in status.message
    assert parents_in(tmp_path) == {result.path.name: "KILLED"}
    again = server.run("command", arguments=[*arguments, "--resume"])
    assert again.code == 0, again
    assert latest(tmp_path).path == result.path
    assert latest(tmp_path).status.state == "finished"
    assert parents_in(tmp_path) == {result.path.name: "FINISHED"}
    assert len(results_of(tmp_path)) > 40


def test_without_the_handler_sigterm_would_just_end_it(server, make_tiny, tmp_path):
    act = [
        ["sk_ensemble.experiments._signals:_raise", 1, "before", "SIGKILL"],
        [*SECOND, "SIGTERM"],
    ]
    end = server.run("experiment", config=make_tiny(tmp_path).to_yaml(), act=act)
    assert end.was_killed
    assert latest(tmp_path).status.state == "running"


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_experiment_that_was_killed_is_found_dead(
    n_jobs, server, write, make_tiny, tmp_path
):
    arguments = write(run={"n_jobs": n_jobs}, mlflow={"enabled": True})
    # Wait until the parent run has been recorded.
    act = [[*SECOND, "pause"]]
    pid = server.start("command", arguments=arguments, act=act)
    wait_for(lambda: parents_in(tmp_path))
    dead = latest(tmp_path)
    assert dead.status.is_running
    os.kill(pid, signal.SIGKILL)
    assert server.wait(pid).was_killed
    assert all_gone(pid)
    assert dead.status.state == "running"
    assert not dead.status.is_running
    assert dead.status.describe().startswith("died at")
    assert f"process {pid} on" in dead.status.describe()
    assert parents_in(tmp_path) == {dead.path.name: "RUNNING"}
    # The next command, of another experiment even, tells MLflow.
    other = make_tiny(tmp_path, experiment={"name": "other"}, mlflow={"enabled": True})
    end = server.run("experiment", config=other.to_yaml())
    assert end.code == 0, end.error
    assert dead.status.state == "died"
    parents = parents_in(tmp_path)
    assert parents.pop(dead.path.name) == "KILLED"
    assert list(parents.values()) == ["FINISHED"]
    # It can be finished all the same, and MLflow is told that, too.
    again = server.run("command", arguments=[*arguments, "--resume"])
    assert again.code == 0, again
    assert dead.status.state == "finished"
    assert parents_in(tmp_path)[dead.path.name] == "FINISHED"


def wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_processes_do_not_run_one_experiment(server, make_tiny, tmp_path):
    config = make_tiny(tmp_path).to_yaml()
    act = [[*SECOND, "pause"]]
    pid = server.start("experiment", config=config, act=act)
    wait_for(lambda: len(list((tmp_path / "cache" / "fits").glob("*/*"))) >= 2)
    first = latest(tmp_path)
    second = server.run("experiment", config=config, resume=True)
    assert second.error.startswith("ResumeError")
    told = f"running since {first.status.started} (process {pid} on "
    assert told + first.status.process.host in second.error
    # Nobody buries the living, even where their heartbeat is lost.
    first.status_path.write_text(
        first.status.to_json().replace(f'"pid": {pid}', '"pid": 1')
    )
    assert first.status.has_died
    assert bury_the_dead(tmp_path) == []
    with pytest.raises(ResumeError), first.locked():
        pass
    os.kill(pid, signal.SIGKILL)
    assert server.wait(pid).was_killed
    # The kernel frees the lock.
    with first.locked():
        pass
    assert server.run("experiment", config=config, resume=True).code == 0
    assert latest(tmp_path).path == first.path
