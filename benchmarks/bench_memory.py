"""Peak memory of cross-validating a booster and an LSTM, beside the bars.

A panel of a million bars of 50 features is cross-validated with scikit-learn's
``cross_val_score`` and ``PurgedSplit``: LightGBM on single bars, an LSTM on windows of
60, which as one array would be 60 times the bars. Each runs in a process of its own.
What counts is the largest resident set from the moment at which the panel is there,
the panel included, less that of the process with everything imported and no data.

    python benchmarks/bench_memory.py --bars 100000
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import psutil
from harness import AtMost, Comparison, Watch, Worker, run_part, take_turns

N_FEATURES, N_SYMBOLS, HORIZON = 50, 4, 5
MIB = 2**20

#: Window length and parameters.
MODELS = {
    "lightgbm": (1, {"n_estimators": 20, "n_jobs": 1}),
    "lstm": (
        60,
        {"hidden_size": 8, "num_layers": 1, "max_epochs": 1, "batch_size": 256},
    ),
}


def make_panel(n_bars):
    """Return random bars, and labels that follow the first feature of each bar."""
    from sk_ensemble import Panel

    rng = np.random.default_rng(0)
    per_symbol = n_bars // N_SYMBOLS
    values = rng.normal(size=(per_symbol * N_SYMBOLS, N_FEATURES)).astype("float32")
    times = pd.date_range("2000-01-01", periods=per_symbol, freq="5min")
    index = pd.MultiIndex.from_product(
        [[f"S{i}" for i in range(N_SYMBOLS)], times], names=["symbol", "datetime"]
    )
    labels = np.sign(values[:, 0] + rng.normal(size=len(values))).astype(np.int64)
    frame = pd.DataFrame(values, index=index, columns=map(str, range(N_FEATURES)))
    # Samples are in the order of time, and all symbols have the same times.
    return Panel.from_frame(frame), labels.reshape(N_SYMBOLS, -1).T.ravel()


def answer(name, n_bars):
    """Return the peak in MiB, without what the imports take."""
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline

    from sk_ensemble import PurgedSplit, Windower, create
    from sk_ensemble.utils.memory import return_free_memory

    warnings.simplefilter("ignore")
    window_length, params = MODELS[name]
    model = make_pipeline(
        Windower(window_length), create(name, random_state=0, **params)
    )
    # A first small fit imports all libraries, and starts their threads.
    model.fit(*make_panel(4000))
    before = psutil.Process().memory_info().rss
    X, y = make_panel(n_bars)
    return_free_memory(X.history.block.nbytes)
    with Watch() as watch:
        cv = PurgedSplit(n_splits=2, purged_size=HORIZON)
        cross_val_score(model, X, y, cv=cv, scoring="neg_log_loss")
    return (watch.peak - before) / MIB


def in_process(name, n_bars):
    """Return the peak of a process of its own."""
    with Worker(__file__, OMP_NUM_THREADS="1") as worker:
        return worker.ask(name=name, n_bars=n_bars)


def compare(options):
    """Yield the peaks beside the bars."""
    size = options.bars * N_FEATURES * 4 / MIB
    cases = {
        "lightgbm": "LightGBM on single bars",
        "lstm": "LSTM on windows of 60 bars",
    }
    measures = {
        name: lambda name=name: in_process(name, options.bars) for name in cases
    }
    for name, peaks in take_turns(measures, options.rounds).items():
        bars = [size] * len(peaks)
        yield Comparison(cases[name], "the bars", "MiB", peaks, bars, AtMost(2.5))


def add_arguments(parser):
    parser.add_argument("--bars", type=int, default=1_000_000)


if __name__ == "__main__":
    run_part(
        "memory",
        compare,
        doc=__doc__,
        answer=answer,
        arguments=add_arguments,
        rounds=3,
    )
