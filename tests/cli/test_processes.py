"""What needs a process of its own: signals, kills, terminals, the cost of help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sk_ensemble.experiments._cell_progress import cell_progress
from sk_ensemble.experiments._result_dir import ResultDir

SLOW = """\
experiment: {name: slow}
horizons: [5]
models:
  - prior
  - {name: xgboost, hyperparameters: {n_estimators: 1500, early_stopping: false}}
data: {symbols: [IF], start: "2020-03-01", train_end: "2021-03-31",
       val_end: "2021-05-31"}
cv: {n_splits: 3, embargo_size: 60}
mlflow: {enabled: false}
run: {n_jobs: 2}
"""
COMMAND = [sys.executable, "-m", "sk_ensemble"]

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "slow.yaml").write_text(SLOW)
    return tmp_path


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, timeout=300
    )


def state(folder: Path) -> dict[str, Any]:
    """Ask another process how the experiment stands."""
    document: dict[str, Any] = json.loads(command(folder, "status", "--json").stdout)
    return document


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a run and wait until a fit is done."""
    process = subprocess.Popen(
        [*COMMAND, "run", "slow.yaml"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
        result = ResultDir.latest(folder / "experiments")
        if result is not None and any(cell.n_done for cell in cell_progress(result)):
            return process
    process.kill()
    raise AssertionError(process.communicate())


@pytest.mark.parametrize(
    ("number", "code", "how"),
    [
        (signal.SIGINT, 130, "KeyboardInterrupt"),
        (signal.SIGTERM, 143, "Terminated"),
    ],
)
def test_a_signal_ends_a_run_in_good_order(folder, number, code, how):
    process = start(folder)
    assert state(folder)["is_running"]
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err
    assert "sk-ensemble run slow.yaml --resume" in err
    after = state(folder)
    assert after["state"] == "interrupted"
    assert how in after["description"]


def test_a_killed_run_is_seen_to_be_dead_and_can_be_finished(folder):
    process = start(folder)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    result = command(folder, "status")
    assert "died at" in result.stdout
    assert "--resume" in result.stderr
    mentioned = command(folder, "run", "slow.yaml", "--horizon", "5", "--resume")
    assert mentioned.returncode == 0, mentioned.stderr
    assert "died at" in mentioned.stderr
    assert state(folder)["state"] == "finished"


def test_only_one_process_runs_an_experiment(folder):
    process = start(folder)
    try:
        result = command(folder, "run", "slow.yaml", "--resume")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert result.returncode == 2
    assert f"process {process.pid}" in result.stderr


def fastest(arguments: list[str]) -> float:
    """Return the least time of several, seconds, as other processes disturb."""
    times = []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        times.append(time.perf_counter() - started)
    return min(times)


def test_help_takes_half_a_second_more_than_python_itself():
    own = fastest(["-c", "pass"])
    assert fastest(["-m", "sk_ensemble", "--help"]) - own < 0.5


def test_completion_of_the_shell_works(tmp_path):
    environment = {
        **os.environ,
        "_SK_ENSEMBLE_COMPLETE": "complete_bash",
        "COMP_WORDS": "sk-ensemble le",
        "COMP_CWORD": "1",
    }
    result = subprocess.run(COMMAND, env=environment, capture_output=True, text=True)
    assert result.stdout.split() == ["leaderboard"]
