from __future__ import annotations

import os
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path

import psutil
import pytest

from sk_ensemble.utils import fork_server as module
from sk_ensemble.utils.fork_server import (
    CannotFork,
    ForkServer,
    discard_early,
    start_early,
    take_or_start,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")

SHARED = str(Path(__file__).parents[1] / "shared")


@pytest.fixture
def server():
    made = ForkServer(["colorsys"], {"OMP_NUM_THREADS": "3"})
    yield made
    made.close()


def start(server, name):
    """Start a worker; return its number and where it answers."""
    ours, theirs = Pipe()
    with theirs:
        return server.fork(f"forked:{name}", theirs), ours


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def answer_of(server, name="tell"):
    pid, connection = start(server, name)
    assert connection.poll(60)
    answer = connection.recv()
    assert pid == (answer[0] if name == "tell" else answer)
    return answer


def test_workers_are_forks_that_have_imported_what_the_server_has(server):
    (_, parent, known, variable, folder) = answer_of(server)
    assert parent != os.getpid()
    assert known == ["colorsys"]
    assert variable == "3"
    assert folder == str(Path.cwd())
    assert answer_of(server)[1] == parent


def test_more_can_be_imported_later(server):
    assert answer_of(server)[2] == ["colorsys"]
    server.load(["wave", "no_such_module"])
    assert answer_of(server)[2] == ["colorsys", "wave"]


def test_a_server_with_threads_refuses_to_fork(server):
    server.load(["module_with_a_thread"])
    with pytest.raises(CannotFork, match="it has the threads python"):
        start(server, "tell")


def test_a_server_that_does_not_look_for_threads_forks(server):
    # The control of the test above: it is the thread that is refused.
    server.load(["colorsys"])
    assert answer_of(server)[2] == ["colorsys"]


def test_a_server_that_is_gone_is_told(server):
    server._process.kill()
    server._process.wait()
    with pytest.raises(CannotFork, match="cannot start any"):
        start(server, "tell")


def test_a_worker_that_fails_costs_the_server_nothing(server, capfd):
    answer_of(server, "fail")
    assert answer_of(server)[2] == ["colorsys"]


def test_an_ended_worker_leaves_no_zombie_and_closes_its_connection(server):
    pid, connection = start(server, "tell")
    connection.recv()
    with pytest.raises(EOFError):
        connection.recv()
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], 30)
    assert not psutil.pid_exists(pid)


def test_the_server_ends_with_its_owner_and_workers_can_notice(tmp_path):
    code = """
import os
from multiprocessing import Pipe
from sk_ensemble.utils.fork_server import ForkServer
server = ForkServer([], {})
ours, theirs = Pipe()
server.fork("forked:wait_for_ever", theirs)
print(server._process.pid, ours.recv(), flush=True)
os.kill(os.getpid(), 9)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([SHARED, *sys.path])}
    # The worker holds what it was given as its output, so a pipe would not end.
    with (tmp_path / "numbers").open("w") as file:
        subprocess.run([sys.executable, "-c", code], env=env, stdout=file, check=False)
    server, worker = map(int, (tmp_path / "numbers").read_text().split())
    try:
        psutil.wait_procs([psutil.Process(server)] if is_alive(server) else [], 30)
        assert not is_alive(server)
    finally:
        if is_alive(worker):
            os.kill(worker, 9)


def test_the_server_started_early_is_taken_once_and_for_its_purpose_only(monkeypatch):
    discard_early()
    start_early(["colorsys"], {"A": "1"})
    start_early(["wave"], {})
    [early] = module._early
    taken = take_or_start(["colorsys"], {"A": "1"})
    assert taken is early
    assert module._early == []
    start_early(["colorsys"], {"A": "1"})
    [early] = module._early
    other = take_or_start(["colorsys"], {"A": "2"})
    assert other is not early
    assert early._process.poll() is not None
    for server in (taken, other):
        server.close()


def test_elsewhere_nothing_is_forked(monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "darwin")
    start_early([], {})
    assert module._early == []
    with pytest.raises(CannotFork, match="not forked on darwin"):
        take_or_start([], {})
