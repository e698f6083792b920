"""Slopes of time and memory against rows, symbols, features, folds and workers.

Everything is done with more and more of one thing, the rest fixed, by one thread. A
slope is that of a straight line through the logarithms, fitted by least squares to the
points within a hundredth of the largest: 1 is in proportion, 0 does not depend on it,
and what is smaller than 0.01 is told as 0.01. Time is that of the processor, the least
of some runs. Memory is the peak beyond what the process held before: of models that of
the process, else what numpy and Python allocate. For workers it is time by the clock,
and the memory of all processes, pages that they share counted once.

All points go to ``results/scaling_points.csv``, a picture per thing to
``results/scaling_rows.png`` and so on.

    python benchmarks/bench_scaling.py --axes rows folds
    python benchmarks/bench_scaling.py --full
"""

from __future__ import annotations

import csv
import sys
import time
import tracemalloc
import warnings
from functools import cache, lru_cache, partial

import numpy as np
import pandas as pd
from harness import AtMost, Comparison, Watch, Worker, run_part
from harness.results import RESULTS

LENGTH, BATCH, HORIZON = 60, 256, 5
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

#: Memory that is let go of goes back to the system, so that peaks can be compared.
GIVEN_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


# --- the data ------------------------------------------------------------------------


class Data:
    """Bars of some symbols, made step by step when first asked for."""

    def __init__(self, rows=100_000, symbols=20, features=10):
        rng = np.random.default_rng(0)
        n_own = rows // symbols
        values = rng.normal(size=(n_own * symbols, features)).astype("float32")
        names = [f"feature_{number}" for number in range(features - 1)]
        self.frame = pd.DataFrame(values, columns=["close", *names], copy=False)
        self.frame["close"] = np.exp(1e-3 * np.cumsum(values[:, 0]))
        times = pd.date_range("2000", periods=n_own, freq="5min")
        self.frame["datetime"] = np.tile(times, symbols)
        text = [f"S{number:04}" for number in range(symbols)]
        self.frame["symbol"] = np.repeat(text, n_own)
        self.made = {}

    def get(self, name, make):
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    @property
    def panel(self):
        return self.get("panel", lambda: OPERATIONS["Panel.from_frame"](self))

    @property
    def windows(self):
        return self.get("windows", lambda: OPERATIONS["Windower"](self))

    @property
    def labels(self):
        return self.get("labels", lambda: OPERATIONS["fixed_horizon_labels"](self))

    @property
    def samples(self):
        return self.get("samples", lambda: OPERATIONS["Panel.align"](self))


# --- what is done with them ----------------------------------------------------------


def from_frame(data):
    from sk_ensemble import Panel

    return Panel.from_frame(data.frame)


def windower(data):
    from sk_ensemble import Windower

    return Windower(LENGTH).fit_transform(data.panel)


def labels(data):
    from sk_ensemble.labeling import fixed_horizon_labels

    return fixed_horizon_labels(data.frame, HORIZON, across_sessions=True)


def align(data):
    return data.panel.align(data.labels)


def batches(data):
    """Gather 20 random batches."""
    windows, rng = data.windows, np.random.default_rng(0)
    for _ in range(20):
        windows.gather(rng.integers(len(windows), size=BATCH))


def splits(data, n_blocks=10):
    """Make all folds; return how many."""
    from sk_ensemble import CombinatorialPurgedSplit

    X, _ = data.samples
    cv = CombinatorialPurgedSplit(n_blocks, 2, embargo_size=LENGTH)
    return sum(1 for _ in cv.split(X))


def fitted(data, name, length, **params):
    from sk_ensemble import Windower, create

    X, y = data.samples
    windows = Windower(length).fit_transform(X)
    model = create(name, early_stopping=False, random_state=0, **params)
    return model.fit(windows, y)


def cross_validated(data, n_splits=4, n_jobs=None):
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline

    from sk_ensemble import PurgedSplit, Windower, create

    X, y = data.samples
    booster = create("lightgbm", n_estimators=20, early_stopping=False, random_state=0)
    model, cv = make_pipeline(Windower(5), booster), PurgedSplit(n_splits)
    return cross_val_score(model, X, y, cv=cv, n_jobs=n_jobs, scoring="neg_log_loss")


OPERATIONS = {
    "Panel.from_frame": from_frame,
    "Windower": windower,
    "20 batches": batches,
    "fixed_horizon_labels": labels,
    "Panel.align": align,
    "45 folds": splits,
    "LightGBM, 20 rounds": partial(
        fitted, name="lightgbm", length=1, n_estimators=20, num_leaves=31
    ),
    "LSTM, one epoch": partial(
        fitted, name="lstm", length=20, hidden_size=16, num_layers=1, max_epochs=1
    ),
    "folds of two blocks": splits,
    "cross_val_score": cross_validated,
}


# --- along what: sizes, what is fixed, and what is done up to which size -------------


def steps(least, most, per_decade=2):
    """Return sizes from `least` to `most`, evenly apart as logarithms."""
    n_steps = round(per_decade * np.log10(most / least))
    return [round(size) for size in np.geomspace(least, most, n_steps + 1)]


#: Of each axis: sizes, fixed sizes, and of each operation the largest size, the bounds
#: of the slopes of time and memory (None: no aim), and the largest size of ``--full``.
AXES = {
    "rows": (
        steps(10_000, 10_000_000),
        {"symbols": 20, "features": 10},
        {
            "Panel.from_frame": (1e7, 1.2, 1, 1e7),
            "Windower": (1e7, 1.2, 1, 1e7),
            "20 batches": (1e7, 0.2, 0.2, 1e7),
            "fixed_horizon_labels": (1e6, 1.2, 1, 1e7),
            "Panel.align": (1e6, 1.2, 1, 1e7),
            "45 folds": (1e6, 1.2, 1, 1e7),
            "LightGBM, 20 rounds": (1e6, 1.2, 1, 1e7),
            "LSTM, one epoch": (1e5, 1.2, 1, 1e6),
        },
    ),
    "symbols": (
        steps(1, 1000),
        {"rows": 300_000, "features": 10},
        {
            "Panel.from_frame": (1e3, 0.1, 0.1, 1e3),
            "Windower": (1e3, 0.1, 0.1, 1e3),
            "20 batches": (1e3, 0.2, 0.2, 1e3),
            "fixed_horizon_labels": (1e3, 0.1, 0.1, 1e3),
            "Panel.align": (1e3, 0.1, 0.1, 1e3),
            "45 folds": (1e3, 0.1, 0.1, 1e3),
        },
    ),
    "features": (
        steps(3, 300),
        {"rows": 30_000, "symbols": 20},
        {
            "Panel.from_frame": (300, 1.1, 1, 300),
            "Windower": (300, 0.1, 0.1, 300),
            "20 batches": (300, 1.1, 1, 300),
            "45 folds": (300, 0.1, 0.1, 300),
            "LightGBM, 20 rounds": (300, 1.1, 1, 300),
            "LSTM, one epoch": (300, 1.1, 1, 300),
        },
    ),
    "folds": (
        [4, 6, 10, 16, 24],
        {"rows": 100_000, "symbols": 20, "features": 10},
        {
            "folds of two blocks": (24, 1.1, 0.1, 24),
            # Of n folds, n - 1 parts of the rows are trained on n times.
            "cross_val_score": (10, 1.3, 0.2, 24),
        },
    ),
    "workers": (
        [1, 2, 4],
        {"rows": 100_000, "symbols": 20, "features": 10},
        {"cross_val_score": (4, None, None, 4)},
    ),
}
#: What an operation starts from, made before it is measured.
NEEDS = {
    "Windower": ["panel"],
    "20 batches": ["windows"],
    "Panel.align": ["panel", "labels"],
    "45 folds": ["samples"],
    "LightGBM, 20 rounds": ["samples"],
    "LSTM, one epoch": ["samples"],
    "folds of two blocks": ["samples"],
    "cross_val_score": ["samples"],
}

#: Models, with the runs of which the shortest counts; others are done three times.
RUNS = {"LightGBM, 20 rounds": 1, "LSTM, one epoch": 1, "cross_val_score": 1}

#: What is smaller counts as this: a call, and a few names of columns.
LEAST = {"seconds": 1e-5, "MiB": 0.02}


# --- what a process is asked ---------------------------------------------------------


class WatchAll(Watch):
    """Measure the memory of this process and of its workers, shared pages once."""

    def _held(self):
        import psutil

        total = 0
        for process in (self._process, *self._process.children(recursive=True)):
            try:
                total += process.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue
        return total


@cache
def warm_up(operation):
    """Do an operation on a few bars: imports, and the threads of libraries."""
    OPERATIONS[operation](Data(rows=2_000, symbols=2, features=3))


@lru_cache(maxsize=1)
def data_of(**sizes):
    return Data(**sizes)


def options_of(axis, size, operation):
    """Return the options of an operation, and the number that is drawn."""
    if axis == "workers":
        return {"n_jobs": size, "n_splits": 8}, size
    if operation == "folds of two blocks":
        return {"n_blocks": size}, size * (size - 1) // 2
    return ({"n_splits": size} if axis == "folds" else {}), size


def seconds(action, clock=time.process_time):
    start = clock()
    action()
    return clock() - start


def peak(action, axis, operation):
    """Return the peak of an action in MiB."""
    if operation in RUNS:
        with (WatchAll if axis == "workers" else Watch)() as watch:
            action()
        return watch.megabytes
    tracemalloc.start()
    action()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


def answer(axis, size, operation, what):
    """Return the number to draw, and the seconds or the peak in MiB."""
    warnings.simplefilter("ignore")
    warm_up(operation)
    is_size = axis in ("rows", "symbols", "features")
    data = data_of(**AXES[axis][1], **({axis: size} if is_size else {}))
    for name in NEEDS.get(operation, []):
        getattr(data, name)
    options, drawn = options_of(axis, size, operation)
    action = partial(OPERATIONS[operation], data, **options)
    if axis == "workers":
        # The first time starts the workers.
        action()
    if what == "memory":
        return [drawn, peak(action, axis, operation)]
    clock = time.perf_counter if axis == "workers" else time.process_time
    n_runs = 3 if axis == "workers" else RUNS.get(operation, 3)
    return [drawn, min(seconds(action, clock) for _ in range(n_runs))]


# --- points, slopes and pictures -----------------------------------------------------


def points_of(axis, full):
    """Yield the points of an axis: operation, number, seconds and MiB."""
    sizes, _, operations = AXES[axis]
    with (
        Worker(__file__, **ONE_THREAD) as clock,
        Worker(__file__, **ONE_THREAD, **GIVEN_BACK) as scales,
    ):
        for size in sizes:
            for operation, (most, _, _, with_full) in operations.items():
                if size > (with_full if full else most):
                    continue
                asked = {"axis": axis, "size": size, "operation": operation}
                drawn, taken = clock.ask(**asked, what="time")
                _, held = scales.ask(**asked, what="memory")
                print(f"  {axis} {drawn} {operation}\033[K", end="\r", file=sys.stderr)
                yield {
                    "axis": axis,
                    "operation": operation,
                    "number": drawn,
                    "seconds": round(taken, 6),
                    "MiB": round(held, 3),
                }
    print(end="\033[K", file=sys.stderr)


def slope(points, what):
    """Return the slope of the logarithms, of points within a hundredth of the most."""
    most = max(point["number"] for point in points)
    kept = [point for point in points if point["number"] >= most / 100]
    values = [max(point[what], LEAST[what]) for point in kept]
    numbers = [point["number"] for point in kept]
    return float(np.polyfit(np.log(numbers), np.log(values), 1)[0])


def by_operation(points):
    found = {}
    for point in points:
        found.setdefault(point["operation"], []).append(point)
    return found


def compare_slopes(axis, points):
    """Yield the slopes of time and memory of each operation of an axis."""
    for operation, some in by_operation(points).items():
        _, time_bound, memory_bound, _ = AXES[axis][2][operation]
        bounds = {"seconds": time_bound, "MiB": memory_bound}
        for what, bound in bounds.items():
            if bound is not None:
                named = {"seconds": "time", "MiB": "memory"}[what]
                case = f"{axis}: {operation}, {named}"
                found = [max(round(slope(some, what), 2), 0.01)]
                yield Comparison(
                    case, "in proportion", "slope", found, [1], AtMost(bound)
                )


def draw(axis, points):
    """Draw time and memory of one axis, with the slopes in the legend."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter, NullLocator

    figure, both = plt.subplots(1, 2, figsize=(11, 5.6), layout="tight")
    told = "seconds by the clock" if axis == "workers" else "seconds of the processor"
    labels = {"seconds": told, "MiB": "peak memory, MiB"}
    for axes, what in zip(both, labels, strict=True):
        for operation, some in by_operation(points).items():
            numbers = [point["number"] for point in some]
            values = [max(point[what], LEAST[what]) for point in some]
            label = f"{operation}: {slope(some, what):.2f}"
            axes.loglog(numbers, values, "o-", ms=3.5, lw=1.2, label=label)
        ticks = sorted({point["number"] for point in points})
        if max(ticks) < 1000:
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
            axes.xaxis.set_minor_locator(NullLocator())
        low, high = axes.get_ylim()
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}" if high < 20 * low else NullFormatter())
        axes.set_xlabel(axis)
        axes.set_ylabel(labels[what])
        axes.grid(color="0.92")
        axes.legend(
            fontsize=7,
            title="slope",
            title_fontsize=7,
            frameon=False,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.14),
            ncols=2,
        )
    fixed = ", ".join(f"{n:,} {name}" for name, n in AXES[axis][1].items())
    figure.suptitle(f"Against {axis} ({fixed})", fontsize=10)
    figure.savefig(RESULTS / f"scaling_{axis}.png", dpi=110)
    plt.close(figure)


def write_points(points):
    with (RESULTS / "scaling_points.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(points[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(points)


def compare(options):
    everything = []
    for axis in options.axes:
        points = list(points_of(axis, options.full))
        everything += points
        yield from compare_slopes(axis, points)
        if not options.no_save:
            draw(axis, points)
    if not options.no_save:
        write_points(everything)


def arguments(parser):
    parser.add_argument("--axes", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--full", action="store_true", help="all up to the largest")


if __name__ == "__main__":
    run_part("scaling", compare, doc=__doc__, answer=answer, arguments=arguments)
