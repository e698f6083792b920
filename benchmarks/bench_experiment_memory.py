"""Peak memory of a cross-validated booster and LSTM, beside the bars.

A million bars of 50 features in parquet files are cross-validated (LightGBM on single
bars, an LSTM on windows of 60) by ``run_experiment``. What counts is the largest
proportional set size of the process and its workers, each shared page once, less that
of the same processes with everything imported and nothing read.

    python benchmarks/bench_experiment_memory.py --bars 100000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from sk_ensemble.experiments import parse_experiment, run_experiment

N_FEATURES = 50
N_SYMBOLS = 4
RESULTS = Path(__file__).parent / "results" / "experiment_memory.json"


def split_frame(n_bars, start, rng):
    """Return the bars of one split, symbol by symbol."""
    per_symbol = n_bars // N_SYMBOLS
    times = pd.date_range(start, periods=per_symbol, freq="5min", tz="UTC")
    values = rng.normal(size=(per_symbol * N_SYMBOLS, N_FEATURES)).astype("float32")
    frame = pd.DataFrame(values, columns=[f"feature_{i}" for i in range(N_FEATURES)])
    frame["symbol"] = np.repeat([f"S{i}" for i in range(N_SYMBOLS)], per_symbol)
    frame["datetime"] = np.tile(times, N_SYMBOLS)
    noisy = values[:, 0] + rng.normal(size=len(values))
    label = np.sign(noisy) * (np.abs(noisy) > 0.7)
    is_last = np.tile(np.arange(per_symbol) >= per_symbol - 5, N_SYMBOLS)
    frame["label_h5"] = np.where(is_last, np.nan, label)
    frame["label_end_h5"] = frame.groupby("symbol")["datetime"].shift(-5)
    return frame


def write_splits(folder, n_bars):
    """Write a training file of most of the bars, and two smaller ones."""
    rng = np.random.default_rng(0)
    late = min(n_bars // 20, 10_000)
    sizes = {"train": n_bars - 2 * late, "val": late, "test": late}
    starts = {"train": "2000-01-01", "val": "2020-01-01", "test": "2021-01-01"}
    for split, size in sizes.items():
        frame = split_frame(size, starts[split], rng)
        frame.to_parquet(folder / f"{split}.parquet", index=False)


def make_config(folder, n_jobs):
    return parse_experiment(f"""
experiment: {{name: memory}}
horizons: [5]
models:
- {{name: lightgbm, hyperparameters: {{n_estimators: 20}}}}
- name: lstm
  hyperparameters: {{hidden_size: 16, num_layers: 1}}
  training: {{max_epochs: 2, batch_size: 4096}}
data:
  train_path: {folder}/train.parquet
  val_path: {folder}/val.parquet
  test_path: {folder}/test.parquet
cv: {{n_splits: 2, embargo_size: 60}}
ensemble: {{methods: []}}
mlflow: {{enabled: false}}
output: {{base_dir: {folder}/experiments}}
run: {{n_jobs: {n_jobs}}}
""")


def pss_of_tree(pid):
    """Return the memory of a process and its descendants, shared pages once."""
    total = 0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


class Watch:
    """Take the largest memory of this process and its workers while a block runs."""

    def __enter__(self):
        self.peak, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self):
        pid = os.getpid()
        while not self._stop.is_set():
            self.peak = max(self.peak, pss_of_tree(pid))
            time.sleep(0.05)

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def measure(folder, n_jobs):
    """Return the peak of an experiment in bytes."""
    warnings.simplefilter("ignore")
    with Watch() as watch:
        result = run_experiment(make_config(Path(folder), n_jobs), use_cache=False)
    if result.failures:
        raise RuntimeError(result.failures)
    return watch.peak


def in_child(folder, n_jobs):
    """Return the peak of an experiment in a fresh process that may have workers."""
    words = [sys.executable, __file__, "--measure", folder, str(n_jobs)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        folder, n_jobs = options.measure
        print(measure(folder, int(n_jobs)))
        return
    size = options.bars * N_FEATURES * 4
    small = N_SYMBOLS * 10_000
    print(f"{options.bars} bars x {N_FEATURES} features: {size / 2**20:.0f} MiB")
    found = []
    for n_jobs in options.jobs:
        peaks = []
        for n_bars in (small, options.bars):
            with tempfile.TemporaryDirectory() as folder:
                write_splits(Path(folder), n_bars)
                peaks.append(in_child(folder, n_jobs))
        ratio = (peaks[1] - peaks[0]) / size
        found.append({"n_jobs": n_jobs, "ratio": round(ratio, 3)})
        print(
            f"{n_jobs} worker(s): {peaks[1] / 2**20:.0f} MiB at the peak, "
            f"{peaks[0] / 2**20:.0f} with {small} bars: {ratio:.2f} x the bars"
        )
    if options.save:
        facts = {"bars": options.bars, "features": N_FEATURES, "peaks": found}
        RESULTS.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
