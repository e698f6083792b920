from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
from probe import Probe, probe_input, probe_tasks, read_log
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sk_ensemble import Windower, create
from sk_ensemble.experiments._executor import Executor, n_workers
from sk_ensemble.experiments._fit import FitFailure, FitResult, FitTask
from sk_ensemble.utils.fork_server import CannotFork, ForkServer

SHARED = Path(__file__).parents[1] / "shared"
PYTHONPATH = os.pathsep.join([str(SHARED), os.environ.get("PYTHONPATH", "")])


@pytest.fixture(scope="module")
def samples():
    return {5: probe_input()}


def run(tasks, model, samples, **settings):
    """Return outcomes by task, having checked that there is one for each."""
    models = model if isinstance(model, dict) else {"probe": model}
    found = list(Executor(**settings).run(tasks, models, samples))
    names = [task.name for task, _ in found]
    assert sorted(names) == sorted(task.name for task in tasks)
    return {task.name: outcome for task, outcome in found}


def seen(outcomes):
    """Return what the probes saw, as one number for each task."""
    return [outcome.proba["oof"][0, 0] for outcome in outcomes.values()]


def times_run(log):
    return Counter(number for number, _, kind, _ in read_log(log) if kind == "start")


def processes_in_a_fit(log):
    entries = read_log(log)
    done = {number for number, _, kind, _ in entries if kind == "end"}
    return [process for number, process, _, _ in entries if number not in done]


def children():
    """Return the workers of this process, without helpers that outlive them."""
    found = psutil.Process().children(recursive=True)
    return [p for p in found if "resource_tracker" not in " ".join(p.cmdline())]


def comparable(outcome):
    """Return what must be equal wherever a fit has run."""
    proba = {name: values.tobytes() for name, values in outcome.proba.items()}
    return proba, outcome.importances, dict(outcome.model_files), outcome.not_saved


# What a fit gives does not depend on where it runs.


@pytest.mark.parametrize(
    ("n_jobs", "threads", "cores", "expected"),
    [(3, 1, 8, 3), (3, 4, 8, 3), (-1, 1, 8, 8), (-1, 2, 8, 4), (-1, 16, 8, 1)],
)
def test_as_many_workers_as_keep_all_cores_busy(
    n_jobs, threads, cores, expected, monkeypatch
):
    monkeypatch.setattr("sk_ensemble.experiments._executor.cpu_count", lambda: cores)
    assert n_workers(n_jobs, threads) == expected


def test_with_one_job_everything_runs_here_in_order(samples):
    found = run(probe_tasks(range(4)), Probe(see="process"), samples, n_jobs=1)
    assert seen(found) == [os.getpid()] * 4
    assert list(found) == [f"probe_h5 fold {i}" for i in range(4)]


REAL_MODELS = {
    "logistic": lambda: create("logistic"),
    "tree": lambda: DecisionTreeClassifier(max_depth=4, random_state=0),
    "xgboost": lambda: create("xgboost", n_estimators=5, random_state=0),
    "lstm": lambda: create("lstm", max_epochs=2, random_state=0, device="cpu"),
}


def real_run(samples, **settings):
    models = {
        name: make_pipeline(Windower(4, flatten=name == "tree"), make())
        for name, make in REAL_MODELS.items()
    }
    n_rows = len(samples[5].X)
    rows = np.arange(n_rows)
    tasks = [
        FitTask(name, 5, fold, train, test, "")
        for name in models
        for fold, train, test in [
            (0, rows[: n_rows // 2], rows[n_rows // 2 :]),
            (1, rows[n_rows // 2 :], rows[: n_rows // 2]),
            (None, rows, rows[:0]),
        ]
    ]
    return run(tasks, models, samples, **settings)


@pytest.mark.slow
def test_results_are_the_same_bits_for_any_number_of_workers(samples):
    alone = real_run(samples, n_jobs=1)
    assert [o for o in alone.values() if isinstance(o, FitFailure)] == []
    assert any(alone[f"{name}_h5 refit"].model_files for name in REAL_MODELS)
    for settings in ({"n_jobs": 2}, {"cluster": "local:2"}):
        other = real_run(samples, **settings)
        for name, outcome in alone.items():
            assert comparable(other[name]) == comparable(outcome), (name, settings)


# Threads and memory.


@pytest.mark.parametrize("threads", [1, 2])
def test_libraries_have_the_threads_of_a_task_in_this_process(threads, samples):
    found = run(
        probe_tasks(range(2)),
        Probe(see="threads"),
        samples,
        n_jobs=1,
        threads_per_task=threads,
    )
    assert seen(found) == [threads] * 2


@pytest.mark.slow
def test_workers_have_the_threads_of_a_task_and_no_others(samples):
    names = ("threads", "variable", "native_threads")
    models = {name: Probe(see=name) for name in names}
    tasks = [probe_tasks([0], model=name)[0] for name in names]
    found = {}
    for threads in (1, 2):
        outcomes = run(tasks, models, samples, n_jobs=2, threads_per_task=threads)
        found[threads] = {
            name: seen({name: outcomes[f"{name}_h5 fold 0"]})[0] for name in names
        }
        assert found[threads]["threads"] == found[threads]["variable"] == threads
    assert found[1]["native_threads"] < found[2]["native_threads"]


@pytest.mark.slow
def test_bars_reach_workers_as_a_memory_map():
    samples = {5: probe_input(n_features=300)}
    assert samples[5].X.history.block.nbytes > 2**20
    tasks, model = probe_tasks(range(4)), Probe(see="is_mapped")
    assert seen(run(tasks, model, samples, n_jobs=2)) == [1.0] * 4
    assert seen(run(tasks, model, samples, n_jobs=1)) == [0.0] * 4


# When a worker dies.


@pytest.mark.slow
def test_a_killed_worker_costs_only_its_task(samples, tmp_path):
    log = tmp_path / "log"
    model = Probe(log, kills_once=(3,), seconds=0.05)
    found = run(probe_tasks(range(12)), model, samples, n_jobs=2)
    assert all(isinstance(outcome, FitResult) for outcome in found.values())
    assert times_run(log) == {i: 1 + (i == 3) for i in range(12)}


@pytest.mark.slow
def test_a_task_that_kills_its_workers_is_given_up_by_name(samples, tmp_path):
    log = tmp_path / "log"
    model = Probe(log, kills=(2,))
    found = {}
    tasks = probe_tasks(range(12))
    for task, outcome in Executor(2).run(tasks, {"probe": model}, samples):
        found[task.name] = outcome
        # Finished outcomes pile up meanwhile, and must not be lost.
        time.sleep(0.1)
    failed = {n: o for n, o in found.items() if isinstance(o, FitFailure)}
    assert list(failed) == ["probe_h5 fold 2"]
    assert failed["probe_h5 fold 2"].task == "probe_h5 fold 2"
    assert "worker process died" in failed["probe_h5 fold 2"].reason
    assert len(found) == 12
    assert times_run(log) == {i: 1 + (i == 2) for i in range(12)}


@pytest.mark.slow
def test_a_worker_killed_from_outside_costs_nothing_that_is_finished(samples, tmp_path):
    log = tmp_path / "log"
    outcomes = Executor(2).run(
        probe_tasks(range(10)), {"probe": Probe(log, meets=2, seconds=0.3)}, samples
    )
    found = [next(outcomes)]
    # Both workers may be between two fits just now.
    while not (running := processes_in_a_fit(log)):
        time.sleep(0.01)
    os.kill(running[0], signal.SIGKILL)
    found += outcomes
    assert len(found) == 10
    assert all(isinstance(outcome, FitResult) for _, outcome in found)
    assert sum(times_run(log).values()) <= 11


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["no server", "server died"])
def test_without_a_server_workers_start_by_themselves(samples, monkeypatch, fault):
    def dead_server(modules, variables):
        if fault == "no server":
            raise CannotFork
        server = ForkServer([], variables)
        server._process.kill()
        return server

    monkeypatch.setattr("sk_ensemble.experiments._processes.take_or_start", dead_server)
    found = run(probe_tasks(range(4)), Probe(see="process"), samples, n_jobs=2)
    assert os.getpid() not in seen(found)
    assert len(found) == 4


# What goes wrong is an outcome, or surfaces.


class Unsendable(Probe):
    """Cannot be pickled."""

    def __reduce__(self):
        raise TypeError("has an open file")


class Unreadable(Probe):
    """Can be pickled, but not unpickled anywhere else."""

    def __reduce__(self):
        return _only_in, (os.getpid(),)


def _only_in(pid):
    if os.getpid() != pid:
        raise ImportError("No module named 'notebook_of_mine'")
    return Probe()


@pytest.mark.slow
def test_a_model_that_cannot_be_sent_fails_by_name_and_the_others_finish(samples):
    models = {"good": Probe(), "bad": Unsendable(), "worse": Unreadable()}
    tasks = [
        probe_tasks([i], model=name)[0]
        for i, name in enumerate(["good", "bad", "worse", "good"])
    ]
    found = run(tasks, models, samples, n_jobs=2)
    assert isinstance(found["good_h5 fold 0"], FitResult)
    assert isinstance(found["good_h5 fold 3"], FitResult)
    assert "has an open file" in found["bad_h5 fold 1"].reason
    assert "notebook_of_mine" in found["worse_h5 fold 2"].reason


def test_an_error_of_a_fit_is_the_outcome_of_its_task(samples):
    found = run(probe_tasks(range(2)), Probe(see="nothing"), samples, n_jobs=1)
    assert [outcome.reason for outcome in found.values()] == ["KeyError: 'nothing'"] * 2


# GPUs: one fit at a time on each, beside the processors.


def intervals(log):
    """Return from when to when each task ran."""
    starts, ends = {}, {}
    for number, _, kind, moment in read_log(log):
        (starts if kind == "start" else ends)[number] = moment
    return {number: (start, ends[number]) for number, start in starts.items()}


def overlap(one, other):
    return one[0] < other[1] and other[0] < one[1]


@pytest.mark.slow
def test_each_gpu_has_a_serial_lane_beside_that_of_the_processors(samples, tmp_path):
    log = tmp_path / "log"
    lanes = {
        "cpu": range(0, 8),
        "cuda:0": range(10, 14),
        "cuda:1": range(20, 24),
    }
    tasks = [
        task
        for device, numbers in lanes.items()
        for task in probe_tasks(numbers, device=device)
    ]
    # Two processes for the processors and one for each GPU meet in their first fit.
    run(tasks, Probe(log, meets=4, seconds=0.02), samples, n_jobs=2)
    found = intervals(log)
    for device in ("cuda:0", "cuda:1"):
        spans = sorted(found[number] for number in lanes[device])
        assert not any(overlap(a, b) for a, b in pairwise(spans))
    for device, other in (("cpu", "cpu"), ("cpu", "cuda:0"), ("cuda:0", "cuda:1")):
        assert any(
            overlap(found[a], found[b])
            for a in lanes[device]
            for b in lanes[other]
            if a != b
        ), (device, other)


# Nobody is left behind.


@pytest.mark.slow
def test_closing_the_iterator_ends_the_workers(samples, tmp_path):
    log = tmp_path / "log"
    model = Probe(log, meets=2, seconds=0.1)
    # Other tests may have left processes that go on for the whole session.
    before = set(children())
    outcomes = Executor(2).run(probe_tasks(range(100)), {"probe": model}, samples)
    next(outcomes)
    workers = {process for _, process, _, _ in read_log(log)}
    assert workers <= {process.pid for process in set(children()) - before}
    outcomes.close()
    assert set(children()) <= before


SCRIPT = """
import sys
from probe import Probe, probe_input, probe_tasks
from sk_ensemble.experiments._executor import Executor

class OfScript(Probe):
    "Is defined in a script without a guard, as in a notebook."

model = OfScript({log!r}, meets=2, seconds=0.3)
for task, _ in Executor(2).run(probe_tasks(range({n_tasks})), {{"probe": model}},
                               {{5: probe_input()}}):
    print(task.name, flush=True)
"""


def start_script(log, n_tasks):
    """Start a process that fits with two workers, in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(log=str(log), n_tasks=n_tasks)],
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
def test_a_script_needs_no_guard_and_its_own_classes_reach_the_workers(tmp_path):
    script = start_script(tmp_path / "log", 4)
    out, err = script.communicate(timeout=120)
    assert script.returncode == 0, err
    assert err == ""
    assert len(out.splitlines()) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "to_all"),
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGKILL, False)],
    ids=["Ctrl-C in a terminal", "interrupt", "kill"],
)
def test_no_worker_outlives_its_owner(number, to_all, tmp_path):
    log = tmp_path / "log"
    script = start_script(log, 1000)
    assert script.stdout.readline().startswith("probe_h5 fold")
    workers = {psutil.Process(pid) for _, pid, _, _ in read_log(log)}
    assert len(workers) == 2
    assert all(worker.is_running() for worker in workers)
    if to_all:
        os.killpg(script.pid, number)
    else:
        os.kill(script.pid, number)
    _, err = script.communicate(timeout=30)
    psutil.wait_procs(workers, timeout=10)
    assert not any(worker.is_running() for worker in workers)
    if number == signal.SIGINT:
        # One traceback, that of the script; the workers say nothing.
        assert err.count("Traceback") == 1
        assert err.rstrip().endswith("KeyboardInterrupt")
