"""MiniRocket on windows: memory and time beside the matrix of all its columns.

Windows of 60 bars x 10 features of random walks. The peer is sktime's transformer,
which makes all columns at once, with scikit-learn's logistic regression by stochastic
gradient descent on them; both pass over the samples once, in one thread. Then the same
fit on many more windows, beside the bars these are cut of.

    python benchmarks/bench_minirocket.py
    python benchmarks/bench_minirocket.py --windows 1000000 --kernels 10000  # an hour
"""

from __future__ import annotations

from functools import partial

import numpy as np
from harness import AtMost, Comparison, Watch, Worker, run_part, take_turns

LENGTH, N_FEATURES, N_FEW, KERNELS = 60, 10, 20_000, 9_996
MIB = 2**20


def make_windows(n_windows):
    """Return windows of one symbol's bars, and labels with a little signal."""
    from sk_ensemble import Windower

    rng = np.random.default_rng(0)
    bars = rng.normal(size=(n_windows, N_FEATURES)).astype(np.float32)
    y = np.sign(bars[:, 0] + rng.normal(size=n_windows)).astype(int)
    return Windower(LENGTH).transform(bars), y


def fit_here(windows, y, n_kernels):
    """Fit this package's classifier, one epoch."""
    from sk_ensemble import MiniRocketClassifier

    model = MiniRocketClassifier(
        num_kernels=n_kernels,
        head="logistic",
        max_epochs=1,
        early_stopping=False,
        random_state=0,
    )
    model.fit(windows, y)


def fit_sktime(windows, y, n_kernels):
    """Make all columns, then fit a linear model to them, one epoch."""
    from sklearn.linear_model import SGDClassifier
    from sktime.transformations.panel.rocket import MiniRocketMultivariate

    array = windows.gather().transpose(0, 2, 1).astype(np.float32)
    transformer = MiniRocketMultivariate(num_kernels=n_kernels, random_state=0)
    columns = np.asarray(transformer.fit_transform(array), dtype=np.float32)
    SGDClassifier("log_loss", max_iter=1, tol=None, random_state=0).fit(columns, y)


FITS = {"here": fit_here, "sktime": fit_sktime}


def answer(kind, n_windows, n_kernels):
    """Return seconds and MiB of one fit in a process that has fitted before."""
    FITS[kind](*make_windows(2000), 84)
    windows, y = make_windows(n_windows)
    with Watch() as watch:
        FITS[kind](windows, y, n_kernels)
    return {"seconds": watch.seconds, "MiB": watch.megabytes}


def in_process(kind, n_windows, n_kernels):
    """Return the figures of a fit in a process of its own."""
    with Worker(__file__, OMP_NUM_THREADS="1", NUMBA_NUM_THREADS="1") as worker:
        return worker.ask(kind=kind, n_windows=n_windows, n_kernels=n_kernels)


def compare(options):
    """Yield time and memory beside sktime, then the memory of many windows."""
    told = take_turns(
        {kind: partial(in_process, kind, N_FEW, KERNELS) for kind in FITS},
        options.rounds,
    )
    for unit, aim in {"MiB": AtMost(0.4), "seconds": AtMost(1.05)}.items():
        here, there = ([one[unit] for one in told[kind]] for kind in FITS)
        case = f"fit of {N_FEW:,} windows, {KERNELS:,} columns"
        yield Comparison(case, "sktime", unit, here, there, aim)
    many = in_process("here", options.windows, options.kernels)
    case = f"fit of {options.windows:,} windows, {options.kernels:,} columns"
    bars = options.windows * N_FEATURES * 4 / MIB
    matrix = options.windows * options.kernels * 4 / MIB
    yield Comparison(case, "the bars", "MiB", [many["MiB"]], [bars])
    yield Comparison(case, "all columns", "MiB", [many["MiB"]], [matrix], AtMost(0.4))


def add_arguments(parser):
    parser.add_argument("--windows", type=int, default=1_000_000, help="the many")
    parser.add_argument("--kernels", type=int, default=84, help="columns of the many")


if __name__ == "__main__":
    run_part(
        "minirocket",
        compare,
        doc=__doc__,
        answer=answer,
        arguments=add_arguments,
        rounds=3,
    )
