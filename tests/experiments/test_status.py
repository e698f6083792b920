from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sk_ensemble.experiments import _status
from sk_ensemble.experiments._process import ProcessIdentity
from sk_ensemble.experiments._status import Heartbeat, Status


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def test_this_process_is_alive() -> None:
    assert ProcessIdentity.current().is_alive() is True


def test_an_identity_survives_a_file() -> None:
    me = ProcessIdentity.current()
    assert ProcessIdentity.from_dict(me.to_dict()) == me


def test_a_process_that_ended_is_dead() -> None:
    code = "from sk_ensemble.experiments._process import ProcessIdentity as P; "
    code += "print(P.current().pid, P.current().started)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    pid, started = done.stdout.split()
    me = ProcessIdentity.current()
    assert replace(me, pid=int(pid), started=float(started)).is_alive() is False


@pytest.mark.parametrize(
    "change", [{"started": 12345.0}, {"boot_id": "another start of the machine"}]
)
def test_a_number_that_was_used_again_is_not_the_same_process(
    change: dict[str, object],
) -> None:
    assert replace(ProcessIdentity.current(), **change).is_alive() is False


def test_a_process_of_another_machine_is_known_by_its_heartbeat() -> None:
    elsewhere = replace(ProcessIdentity.current(), host="elsewhere")
    assert elsewhere.is_alive() is None
    fresh = Status("running", elsewhere, ago(100), ago(5))
    silent = Status("running", elsewhere, ago(1000), ago(500))
    assert (fresh.is_running, silent.is_running) == (True, False)
    assert silent.has_died
    assert "died at" in silent.describe()


def test_a_status_says_what_happened() -> None:
    status = Status.begin()
    assert "running since" in status.describe()
    assert str(os.getpid()) in status.describe()
    assert status.becoming("failed", "no memory").describe().endswith("no memory")


def test_the_heartbeat_goes_on_and_the_end_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_status, "_BEAT", 0.01)
    beats = []
    monkeypatch.setattr(_status, "_now", lambda: beats.append(ago(0)) or beats[-1])
    path = tmp_path / "status.json"
    with Heartbeat(path):
        before = Status.read(path)
        deadline = time.monotonic() + 10
        while Status.read(path).heartbeat == before.heartbeat:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert Status.read(path).state == "running"
    assert Status.read(path).state == "finished"


@pytest.mark.parametrize(
    ("error", "state"),
    [(ValueError("bad bars"), "failed"), (KeyboardInterrupt(), "interrupted")],
)
def test_an_end_by_an_error_is_told(
    tmp_path: Path, error: BaseException, state: str
) -> None:
    path = tmp_path / "status.json"

    def run() -> None:
        with Heartbeat(path):
            raise error

    with pytest.raises(type(error)):
        run()
    status = Status.read(path)
    assert status.state == state
    assert type(error).__name__ in status.message
