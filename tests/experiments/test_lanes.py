from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from probe import probe_tasks

from sk_ensemble.experiments._fit import FitFailure, FitResult
from sk_ensemble.experiments._lanes import Lane, run_lanes

RESULT = FitResult({}, {})


class FakePool:
    """Runs nothing, and records which tasks were there at the same time."""

    def __init__(self, act=lambda task: RESULT, seconds=0.01):
        self.act = act
        self.seconds = seconds
        self.running: list[tuple[str, str]] = []
        self.together: set[frozenset[str]] = set()
        self.runs: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.closed = threading.Event()
        self.lock = threading.Lock()

    def run(self, task):
        with self.lock:
            self.runs[task.name] += 1
            self.running.append((task.name, task.device))
            devices = Counter(device for _, device in self.running)
            self.most |= devices
            self.together.add(frozenset(devices))
        if self.closed.wait(self.seconds):
            raise RuntimeError("closed")
        with self.lock:
            self.running.remove((task.name, task.device))
        return self.act(task)

    def close(self):
        self.closed.set()


def names(tasks):
    return sorted(task.name for task in tasks)


def test_every_task_is_run_once_and_comes_out_once():
    tasks, pool = probe_tasks(range(30)), FakePool(seconds=0.001)
    found = list(run_lanes([Lane(tasks, 4)], pool))
    assert names(task for task, _ in found) == names(tasks)
    assert set(pool.runs.values()) == {1}
    assert pool.closed.is_set()


def test_a_lane_is_as_wide_as_it_says():
    lanes = [
        Lane(probe_tasks(range(12)), 3),
        Lane(probe_tasks(range(12, 18), device="cuda:0"), 1),
        Lane(probe_tasks(range(18, 24), device="cuda:1"), 1),
    ]
    pool = FakePool(seconds=0.02)
    list(run_lanes(lanes, pool))
    assert pool.most == {"cpu": 3, "cuda:0": 1, "cuda:1": 1}


def test_lanes_run_beside_each_other():
    lanes = [
        Lane(probe_tasks(range(5), device=device), 1) for device in ("cpu", "cuda:0")
    ]
    pool = FakePool(seconds=0.02)
    list(run_lanes(lanes, pool))
    assert frozenset({"cpu", "cuda:0"}) in pool.together


def test_lanes_go_on_while_the_consumer_is_busy():
    pool = FakePool(seconds=0.001)
    outcomes = run_lanes([Lane(probe_tasks(range(20)), 2)], pool)
    next(outcomes)
    time.sleep(0.3)
    assert len(pool.runs) == 20
    assert len(list(outcomes)) == 19


def test_a_task_lost_once_is_run_again_when_nothing_else_runs():
    lost = {"probe_h5 fold 1", "probe_h5 fold 4"}
    alone = []

    def act(task):
        if task.name not in lost:
            return RESULT
        if pool.runs[task.name] == 1:
            return None
        alone.append(not pool.running)
        return RESULT

    pool = FakePool(act)
    found = list(run_lanes([Lane(probe_tasks(range(8)), 3)], pool))
    assert all(outcome is RESULT for _, outcome in found)
    assert {name for name, n in pool.runs.items() if n == 2} == lost
    assert alone == [True, True]


def test_a_task_lost_twice_is_given_up_by_name_and_the_others_finish():
    pool = FakePool(lambda task: None if task.fold == 2 else RESULT)
    found = dict(run_lanes([Lane(probe_tasks(range(8)), 3)], pool))
    failed = [outcome for outcome in found.values() if outcome is not RESULT]
    assert len(found) == 8
    (failure,) = failed
    assert isinstance(failure, FitFailure)
    assert failure.task == "probe_h5 fold 2"
    assert "died" in failure.reason
    assert pool.runs["probe_h5 fold 2"] == 2


def test_an_error_in_a_lane_surfaces_and_ends_the_others():
    def act(task):
        if task.fold == 2:
            raise MemoryError("no room")
        return RESULT

    pool = FakePool(act)
    with pytest.raises(MemoryError, match="no room"):
        list(run_lanes([Lane(probe_tasks(range(500)), 2)], pool))
    assert pool.closed.is_set()
    assert sum(pool.runs.values()) < 20


def test_closing_the_iterator_ends_the_threads():
    before = threading.active_count()
    pool = FakePool(seconds=0.05)
    outcomes = run_lanes([Lane(probe_tasks(range(500)), 4)], pool)
    next(outcomes)
    assert threading.active_count() == before + 4
    outcomes.close()
    assert threading.active_count() == before
    assert pool.closed.is_set()
    assert sum(pool.runs.values()) < 20
