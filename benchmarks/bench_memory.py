"""Peak memory of cross-validating a booster and an LSTM, beside the bars.

A panel of a million bars of 50 features is cross-validated with scikit-learn's
``cross_val_score`` and ``PurgedSplit``: LightGBM on single bars, an LSTM on windows of
60, which as one array would be 60 times the bars. Each runs in a process of its own.
What counts is the largest resident set from the moment at which the panel is there,
the panel included, less that of the process with everything imported and no data.

    python benchmarks/bench_memory.py --bars 100000
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline

from sk_ensemble import Panel, PurgedSplit, Windower, create
from sk_ensemble.utils.memory import return_free_memory

N_FEATURES, N_SYMBOLS, HORIZON = 50, 4, 5
RESULTS = Path(__file__).parent / "results" / "memory.json"

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


class Watch:
    """Take the largest resident set of this process while a block runs."""

    def __enter__(self):
        self.peak, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self):
        process = psutil.Process()
        while not self._stop.wait(0.01):
            self.peak = max(self.peak, process.memory_info().rss)

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def measure(name, n_bars):
    """Return the peak without what the imports take, bytes, and the mean score."""
    warnings.simplefilter("ignore")
    window_length, params = MODELS[name]
    classifier = create(name, random_state=0, **params)
    # A first small fit imports all libraries, and starts their threads.
    pipeline = Pipeline([("window", Windower(window_length)), ("clf", classifier)])
    X, y = make_panel(4000)
    pipeline.fit(X, y)
    before = psutil.Process().memory_info().rss
    X, y = make_panel(n_bars)
    return_free_memory(X.history.block.nbytes)
    with Watch() as watch:
        scores = cross_val_score(
            pipeline,
            X,
            y,
            cv=PurgedSplit(n_splits=2, purged_size=HORIZON),
            scoring="neg_log_loss",
        )
    return watch.peak - before, -scores.mean()


def in_child(name, n_bars):
    words = [sys.executable, __file__, "--measure", name, "--bars", str(n_bars)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--measure", choices=MODELS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.bars)))
        return
    size = options.bars * N_FEATURES * 4
    print(f"{options.bars} bars x {N_FEATURES} features: {size / 2**20:.0f} MiB")
    ratios = {}
    for name in options.models:
        peak, loss = in_child(name, options.bars)
        ratios[name] = round(peak / size, 2)
        print(f"{name}: {ratios[name]:.2f} x the bars, log loss {loss:.4f}")
    if options.save:
        facts = {"bars": options.bars, "features": N_FEATURES, "ratios": ratios}
        RESULTS.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
