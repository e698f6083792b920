"""Models that show where and how they are fitted, and tiny tasks to fit them."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_info

from sk_ensemble import Panel
from sk_ensemble.datasets import make_bars
from sk_ensemble.experiments._fit import FitInput, FitTask

#: Which task a model is fitted for is told by the number of its training rows.
FIRST = 10


class Probe(ClassifierMixin, BaseEstimator):
    """Write down when a fit starts and ends, and do as it is told meanwhile.

    The file `log` has a line for each start and end: the task's number, the process,
    the time. A fit goes on when `meets` processes have started one, and takes some
    seconds. Tasks with a number in `kills` end their process; those in `kills_once` do
    so the first time. What `see` names is shown in the probabilities.
    """

    def __init__(
        self, log=None, *, seconds=0.0, meets=1, kills=(), kills_once=(), see=None
    ):
        self.log = log
        self.seconds = seconds
        self.meets = meets
        self.kills = kills
        self.kills_once = kills_once
        self.see = see

    def fit(self, X, y):
        self.classes_ = np.array([-1, 0, 1])
        number = len(y) - FIRST
        is_first = number not in [task for task, _, kind, _ in self._lines()]
        self._write(number, "start")
        self._meet()
        time.sleep(self.seconds)
        if number in self.kills or (number in self.kills_once and is_first):
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen_ = SIGHTS[self.see](X, y) if self.see else float(number)
        self._write(number, "end")
        return self

    def predict_proba(self, X):
        return np.full((len(X), 3), self.seen_)

    def _lines(self):
        return read_log(self.log) if self.log and Path(self.log).exists() else []

    def _meet(self):
        give_up_at = time.monotonic() + 60
        while (
            self.meets > 1 and len({pid for _, pid, _, _ in self._lines()}) < self.meets
        ):
            if time.monotonic() > give_up_at:
                raise TimeoutError("the other processes have not come")
            time.sleep(0.01)

    def _write(self, number, kind):
        if self.log:
            line = f"{number} {os.getpid()} {kind} {time.time()}\n"
            # One write below the size of a pipe's buffer is not torn.
            with Path(self.log).open("a") as stream:
                stream.write(line)


def _backing_file(X, y):
    root = X.history.block
    while isinstance(root.base, np.ndarray):
        root = root.base
    return float(isinstance(root, np.memmap))


def _n_threads_of_libraries(X, y):
    return float(max(pool["num_threads"] for pool in threadpool_info()))


def _n_threads_of_process(X, y):
    """Return how many threads a process has that Python did not start."""
    A = np.ones((500, 500))
    A @ A
    return float(psutil.Process().num_threads() - threading.active_count())


SIGHTS = {
    "is_mapped": _backing_file,
    "threads": _n_threads_of_libraries,
    "native_threads": _n_threads_of_process,
    "process": lambda X, y: float(os.getpid()),
    "variable": lambda X, y: float(os.environ.get("OMP_NUM_THREADS", "nan")),
}


def read_log(path):
    """Return number, process, kind and time of every line."""
    rows = (line.split() for line in Path(path).read_text().splitlines())
    return [(int(n), int(pid), kind, float(t)) for n, pid, kind, t in rows]


def probe_input(n_features=0):
    """Return samples that take no time; with features, a block that is large."""
    data = make_bars(1200, 2, random_state=0)
    more = np.ones((len(data.bars), n_features))
    names = [f"x{i}" for i in range(n_features)]
    bars = data.bars.join(pd.DataFrame(more, data.bars.index, names))
    bars = bars.drop(columns="new_contract")
    X, y = Panel.from_frame(bars).align(data.labels)
    return FitInput(X, y, {"val": X[:7], "test": X[7:9]})


def probe_tasks(numbers, *, model="probe", device="cpu"):
    """Return tasks, each of which has a number of training rows of its own."""
    return [
        FitTask(model, 5, i, np.arange(FIRST + i), np.arange(3), f"{i}", device)
        for i in numbers
    ]


class ProbeTree(DecisionTreeClassifier):
    """A tree that takes a while and writes down where it is trained."""

    def __init__(self, log=None, *, seconds=0.0, max_depth=3, random_state=None):
        super().__init__(max_depth=max_depth, random_state=random_state)
        self.log = log
        self.seconds = seconds

    def fit(self, X, y, sample_weight=None):
        probe = Probe(self.log)
        probe._write(len(y) - FIRST, "start")
        time.sleep(self.seconds)
        super().fit(X, y, sample_weight)
        probe._write(len(y) - FIRST, "end")
        return self


def flatten(windows):
    return np.asarray(windows).reshape(len(windows), -1)


def probe_tree(*, log=None, seconds=0.0, random_state=None):
    """Make what stands after a window."""
    return make_pipeline(
        FunctionTransformer(flatten, validate=False),
        ProbeTree(log, seconds=seconds, random_state=random_state),
    )
