"""Peak memory of a cross-validated booster and LSTM, beside the bars.

A million bars of 50 features in parquet files are cross-validated (LightGBM on single
bars, an LSTM on windows of 60) by ``run_experiment``. What counts is the largest
proportional set size of the process and its workers, each shared page once, less that
of the same processes with everything imported and nothing read.

    python benchmarks/bench_experiment_memory.py --bars 100000
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from harness import AtMost, Comparison, Worker, run_part, take_turns

N_FEATURES = 50
N_SYMBOLS = 4
SMALL = N_SYMBOLS * 10_000
MIB = 2**20

#: In multiples of the bars: those in the file, those that a network is refitted on, and
#: what samples are besides; then what the fit of a further worker adds.
ONE_WORKER, FURTHER_WORKER = 3.5, 2.0


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
    from sk_ensemble.experiments import parse_experiment

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


def answer(folder, n_jobs):
    """Return the peak of an experiment in MiB."""
    from sk_ensemble.experiments import run_experiment

    warnings.simplefilter("ignore")
    with Watch() as watch:
        result = run_experiment(make_config(Path(folder), n_jobs), use_cache=False)
    if result.failures:
        raise RuntimeError(result.failures)
    return watch.peak / MIB


def peak_of(n_bars, n_jobs):
    """Return the peak of an experiment in a fresh process that may have workers."""
    with tempfile.TemporaryDirectory() as folder, Worker(__file__) as worker:
        write_splits(Path(folder), n_bars)
        return worker.ask(folder=folder, n_jobs=n_jobs)


def compare(options):
    """Yield what many bars add to few, beside their size."""
    bars = options.bars * N_FEATURES * 4 / MIB
    for n_jobs in options.jobs:
        sizes = {"few": SMALL, "many": options.bars}
        measures = {name: partial(peak_of, n, n_jobs) for name, n in sizes.items()}
        told = take_turns(measures, options.rounds)
        added = [
            many - few for few, many in zip(told["few"], told["many"], strict=True)
        ]
        case = f"experiment, {n_jobs} worker{'s' if n_jobs > 1 else ''}"
        there = [bars] * len(added)
        aim = AtMost(ONE_WORKER + FURTHER_WORKER * (n_jobs - 1))
        yield Comparison(case, "the bars", "MiB", added, there, aim)


def add_arguments(parser):
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])


if __name__ == "__main__":
    run_part(
        "experiment_memory",
        compare,
        doc=__doc__,
        answer=answer,
        arguments=add_arguments,
        rounds=1,
    )
