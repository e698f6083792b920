from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from probe import Probe, probe_input, probe_tasks, probe_tree, read_log

from sk_ensemble import register
from sk_ensemble.exceptions import ClusterError
from sk_ensemble.experiments import _cluster, parse_experiment, run_experiment
from sk_ensemble.experiments._executor import Executor
from sk_ensemble.experiments._fit import FitFailure, FitResult
from sk_ensemble.experiments._job import Jobs
from sk_ensemble.utils.files import read_json

SHARED = Path(__file__).parents[1] / "shared"
PYTHONPATH = os.pathsep.join([str(SHARED), os.environ.get("PYTHONPATH", "")])
LOCAL = "tcp://127.0.0.1"


@pytest.fixture(scope="module")
def samples():
    return {5: probe_input()}


def run(tasks, model, samples, **settings):
    """Return outcomes by task, having checked that there is one for each."""
    found = list(Executor(**settings).run(tasks, {"probe": model}, samples))
    assert sorted(t.name for t, _ in found) == sorted(t.name for t in tasks)
    return {task.name: outcome for task, outcome in found}


def times_run(log):
    return Counter(number for number, _, kind, _ in read_log(log) if kind == "start")


def dask(*arguments):
    """Start a command of Dask as a process of its own."""
    kind, *rest = map(str, arguments)
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{kind}", *rest, "--no-dashboard"],
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def end(process):
    """Wait for a process to end in good order, but not for ever."""
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def scheduler(folder):
    """Start a scheduler and give its address."""
    file = folder / "scheduler.json"
    process = dask(
        "scheduler", "--host", "127.0.0.1", "--port", 0, "--scheduler-file", file
    )
    try:
        while not file.exists():
            assert process.poll() is None
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        yield read_json(file)["address"], process
    finally:
        process.kill()
        process.wait()


@contextmanager
def workers(address, n_workers, *arguments):
    """Start workers, each a process of its own."""
    processes = [
        dask("worker", address, "--nthreads", 1, *arguments) for _ in range(n_workers)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            end(process)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[str]:
    """A scheduler with two workers, each of which says that it has a GPU."""
    folder = tmp_path_factory.mktemp("cluster")
    place = ("--local-directory", folder, "--resources", "GPU=1")
    with scheduler(folder) as (address, _), workers(address, 2, *place):
        yield address


# Versions.


def test_what_differs_on_a_worker_is_named():
    ours = {"sk_ensemble": "a1", "numpy": "2.0", "torch": "2.5"}
    assert _cluster._differences(ours, dict(ours)) == ""
    assert _cluster._differences(ours, ours | {"sk_ensemble": "b2"}) == (
        "other code of sk_ensemble"
    )
    theirs = {"sk_ensemble": "b2", "numpy": "1.0", "scipy": "1.1"}
    assert _cluster._differences(ours, theirs) == (
        "numpy 1.0 instead of 2.0, scipy 1.1 instead of none, torch missing instead "
        "of 2.5"
    )
    fault = ModuleNotFoundError("No module named 'sk_ensemble'")
    assert "No module named" in _cluster._differences(ours, fault)


def test_a_worker_that_joins_later_is_checked_too(samples):
    (task,) = probe_tasks([0])
    arguments = Jobs({"probe": Probe()}, samples, 1).arguments(task)
    with pytest.raises(ClusterError, match="other code"):
        _cluster._run_remotely("of another version", *arguments)
    ours = _cluster.code_digest()
    assert isinstance(_cluster._run_remotely(ours, *arguments), FitResult)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("code_digest", "0" * 64, "other code of sk_ensemble"),
        ("library_versions", {"numpy": "1.0"}, r"numpy \d[\d.]+ instead of 1\.0"),
    ],
)
def test_workers_with_other_versions_are_refused(
    name, value, message, cluster, samples, monkeypatch
):
    monkeypatch.setattr(_cluster, name, lambda: value)
    with pytest.raises(ClusterError, match=f"{LOCAL}.*{message}"):
        run(probe_tasks([0]), Probe(), samples, cluster=cluster)


# Whom nobody answers.


@pytest.mark.slow
def test_an_address_without_a_scheduler_is_an_error(samples, monkeypatch):
    monkeypatch.setattr(_cluster, "_PATIENCE", 1)
    with pytest.raises(ClusterError, match=r"No Dask scheduler answers at tcp://127"):
        run(probe_tasks([0]), Probe(), samples, cluster=f"{LOCAL}:9")


@pytest.mark.slow
def test_a_scheduler_without_workers_is_an_error(samples, monkeypatch, tmp_path):
    monkeypatch.setattr(_cluster, "_PATIENCE", 1)
    with (
        scheduler(tmp_path) as (address, _),
        pytest.raises(ClusterError, match="no workers"),
    ):
        run(probe_tasks([0]), Probe(), samples, cluster=address)


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["scheduler", "workers"])
def test_a_cluster_that_goes_away_ends_the_run(victim, samples, monkeypatch, tmp_path):
    monkeypatch.setattr(_cluster, "_PAUSE", 0.2)
    place = ("--local-directory", tmp_path, "--no-nanny")
    with (
        scheduler(tmp_path) as (address, process),
        workers(address, 1, *place) as processes,
    ):
        model = Probe(seconds=0.1)
        outcomes = Executor(cluster=address).run(
            probe_tasks(range(500)), {"probe": model}, samples
        )
        next(outcomes)
        for one in [process] if victim == "scheduler" else processes:
            one.kill()
        with pytest.raises(ClusterError, match="--resume"):
            list(outcomes)


# When a worker dies.


@pytest.mark.slow
def test_a_dying_worker_costs_only_its_task_and_a_killer_is_given_up(samples, tmp_path):
    log = tmp_path / "log"
    model = Probe(log, kills=(2,), kills_once=(5,), seconds=0.02)
    of_gpu = probe_tasks(range(12, 16), device="cuda:0")
    tasks = [*probe_tasks(range(12)), *of_gpu]
    found = run(tasks, model, samples, cluster="local:2")
    (failure,) = [o for o in found.values() if isinstance(o, FitFailure)]
    assert failure.task == "probe_h5 fold 2"
    assert "worker process died" in failure.reason
    assert times_run(log) == {i: 1 + (i in (2, 5)) for i in range(16)}
    # No worker says that it has a GPU, so there is one for all of them.
    kinds = [kind for number, _, kind, _ in read_log(log) if number >= 12]
    assert kinds == ["start", "end"] * 4


@pytest.mark.slow
def test_samples_lost_with_their_last_holder_are_sent_again(samples, tmp_path):
    log = tmp_path / "log"
    model = Probe(log, kills_once=(1,))
    found = run(probe_tasks(range(5)), model, samples, cluster="local:1")
    assert all(isinstance(outcome, FitResult) for outcome in found.values())
    assert times_run(log) == {i: 1 + (i == 1) for i in range(5)}


def begun_fits(log):
    """Return the processes of fits that are going on."""
    lines = read_log(log)
    ended = {number for number, _, kind, _ in lines if kind == "end"}
    return [pid for number, pid, _, _ in lines if number not in ended]


@contextmanager
def killing_a_worker(log, outcomes):
    """Kill the process of a fit that is going on when the third outcome is there."""
    killed = []

    def shown():
        for number, outcome in enumerate(outcomes):
            if number == 2:
                while not (victims := begun_fits(log)):
                    time.sleep(0.01)
                os.kill(victims[-1], signal.SIGKILL)
                killed.extend(victims[-1:])
            yield outcome

    yield shown()
    assert len(killed) == 1


EXPERIMENT = """
experiment: {{name: cluster}}
horizons: [5]
models:
- prior
- logistic
- {{name: probe_tree, hyperparameters: {{log: "{log}", seconds: 0.5}}}}
data: {{symbols: [IF], start: "2021-01-01", train_end: "2021-05-31",
       val_end: "2021-07-31", stride: 3}}
cv: {{splitter: walk_forward, n_splits: 6}}
ensemble: {{methods: []}}
mlflow: {{enabled: false}}
output: {{base_dir: "{folder}"}}
run: {{n_jobs: 1, cluster: {cluster}}}
"""


def results(folder):
    """Return the files of all runs that must not depend on where they were made."""
    kept = ("predictions/", "checkpoints/", "metrics/metrics.json")
    return {
        f"{run_dir.name.partition('_2')[0]}/{name}": path.read_bytes()
        for run_dir in (folder / "runs").iterdir()
        for path in sorted(run_dir.rglob("*"))
        if path.is_file()
        and (name := path.relative_to(run_dir).as_posix()).startswith(kept)
    }


@pytest.mark.slow
def test_an_experiment_on_a_cluster_that_loses_a_worker_gives_the_same_bytes(
    cluster, tmp_path
):
    register("probe_tree", family="sklearn", description="A tree that is slow")(
        probe_tree
    )
    found, log = {}, tmp_path / "log"
    for name, address in {"alone": "null", "cluster": cluster}.items():
        folder = tmp_path / name
        log.unlink(missing_ok=True)
        config = parse_experiment(
            EXPERIMENT.format(folder=folder, log=log, cluster=address)
        )
        if name == "alone":
            outcome = run_experiment(config)
        else:
            outcome = run_experiment(
                config, progress=lambda outcomes, _: killing_a_worker(log, outcomes)
            )
        assert outcome.failures == {}
        found[name] = results(folder)
        n_fits = sum(times_run(log).values())
        # Six folds, a refit, and the fit that was killed.
        assert n_fits == 7 + (name == "cluster")
    assert len(found["alone"]) >= 12
    assert found["cluster"] == found["alone"]


# GPUs.


@pytest.mark.slow
def test_each_worker_with_a_gpu_has_one_fit_for_it_at_a_time(
    cluster, samples, tmp_path
):
    log = tmp_path / "log"
    tasks = probe_tasks(range(6), device="cuda:0")
    run(tasks, Probe(log, meets=2, seconds=0.05), samples, cluster=cluster)
    lines = read_log(log)
    spans: dict[int, list[tuple[float, float]]] = {}
    for number, pid, kind, moment in lines:
        if kind == "start":
            end = next(t for n, _, k, t in lines if (n, k) == (number, "end"))
            spans.setdefault(pid, []).append((moment, end))
    assert len(spans) == 2
    for of_one in spans.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(of_one)))


# The terminal.

SCRIPT = """
import sys
from probe import Probe, probe_input, probe_tasks
from sk_ensemble.experiments._executor import Executor

if __name__ == "__main__":
    model = Probe({log!r}, kills=(2,), kills_once=(5,))
    tasks = probe_tasks(range(8))
    executor = Executor(cluster={cluster!r})
    for task, _ in executor.run(tasks, {{"probe": model}}, {{5: probe_input()}}):
        print(task.fold)
"""


@pytest.mark.slow
def test_the_log_of_dask_stays_out_of_the_terminal(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(log=str(tmp_path / "log"), cluster="local:2"))
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(map(int, done.stdout.split())) == list(range(8))
    assert done.stderr == ""
