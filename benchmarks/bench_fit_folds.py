"""All folds of a combinatorial split trained at once, beside one by one

The 15 folds of `CombinatorialPurgedSplit(6, 2)` by `fit_folds`, beside 15 fits and
beside the fit of one fold; small networks, which is what it is meant for, the same
epochs for all. One thread and the time of the processor. That all at once and one by
one learn the same, but for dropout, is what the tests of `fit_folds` show.

    python benchmarks/bench_fit_folds.py lstm gru --samples 3000
"""

from __future__ import annotations

import time
import warnings

import numpy as np
import torch
from harness import AtMost, Comparison, run_part, take_turns
from sklearn.base import clone

from sk_ensemble import CombinatorialPurgedSplit, Windower, create
from sk_ensemble.neural_network import fit_folds

WINDOW_LENGTH, N_FEATURES = 20, 10
MODELS = {
    "lstm": {"hidden_size": 32, "num_layers": 1},
    "gru": {"hidden_size": 32, "num_layers": 1},
    "tcn": {"channels": [16, 16, 16]},
    "mlp": {"hidden_sizes": [64]},
    "transformer": {"d_model": 32, "n_heads": 4, "num_layers": 1, "d_ff": 64},
    "inception_time": {
        "n_members": 2, "n_filters": 4, "depth": 3, "kernel_sizes": [8, 4, 2],
        "bottleneck_size": 4,
    },
    "tft": {"hidden_size": 8, "n_heads": 2},
}  # fmt: skip


def make_samples(n_samples):
    """Return windows of noise, and classes that have nothing to do with it."""
    rng = np.random.default_rng(0)
    bars = rng.standard_normal((n_samples, N_FEATURES), dtype=np.float32)
    windows = Windower(WINDOW_LENGTH).fit_transform(bars)
    return windows, rng.integers(3, size=n_samples)


def seconds(work):
    """Return a function that measures the processor time of a piece of work."""

    def measure():
        start = time.process_time()
        work()
        return time.process_time() - start

    return measure


def trainings(name, options):
    """Return what is compared: all folds at once, the first, and each in turn."""
    X, y = make_samples(options.samples)
    cv = CombinatorialPurgedSplit(6, 2, purged_size=WINDOW_LENGTH)
    folds = [train for train, _ in cv.split(X, y)]
    model = create(
        name,
        max_epochs=options.epochs,
        batch_size=256,
        random_state=0,
        device="cpu",
        **MODELS[name],
    )

    def fit_each(some):
        for fold in some:
            clone(model).fit(X[fold], y[fold])

    return {
        "at once": lambda: fit_folds(model, X, y, folds),
        "first": lambda: fit_each(folds[:1]),
        "each": lambda: fit_each(folds),
    }


def compare(options):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for name in options.names:
        work = trainings(name, options)
        work["first"]()
        work["at once"]()
        times = take_turns(
            {what: seconds(w) for what, w in work.items()}, options.rounds
        )
        case, together = f"{name}, 15 folds at once", times["at once"]
        yield Comparison(case, "15 fits", "s", together, times["each"], AtMost(1.1))
        yield Comparison(case, "one fit", "s", together, times["first"])


def arguments(parser):
    parser.add_argument("names", nargs="*", default=list(MODELS), metavar="NAME")
    parser.add_argument("--samples", type=int, default=1500, help="windows")
    parser.add_argument("--epochs", type=int, default=2, help="of each training")


if __name__ == "__main__":
    run_part("fit_folds", compare, doc=__doc__, arguments=arguments)
