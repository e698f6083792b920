"""How soon an experiment shows its first leaderboard, and what it adds to training.

Start: a fresh process runs ``sk-ensemble run`` on about 30,000 training rows with
XGBoost and LightGBM, five folds, ensembles and MLflow; the clock stops when the
leaderboard is printed, and again when the process ends.

Overhead: the processor time of ``run_experiment`` (cross-validation, refits, scores,
ensembles, run directories, pictures, hashes, MLflow) beside that of a plain loop that
reads the same data and makes the same fits and predictions, in the same process, in
turns. The first round of a process imports MLflow and matplotlib, too, and makes the
tables of a new store, as the first experiment in a directory does.

    python benchmarks/bench_experiments.py --rounds 1
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from sklearn.base import clone

from sk_ensemble.experiments import parse_experiment, run_experiment
from sk_ensemble.experiments._plan import make_plan
from sk_ensemble.experiments._sources import make_source

RESULTS = Path(__file__).parent / "results" / "experiments.json"

FIRST = """
experiment: {name: first}
horizons: [5]
models: [xgboost, lightgbm]
data: {symbols: [IF], start: "2018-02-01", train_end: "2020-12-31",
       val_end: "2021-03-31", stride: 1}
"""

#: The families of the shipped baseline that train for longer than a moment.
TRAINED = """
experiment: {name: trained}
horizons: [5]
models:
- xgboost
- lightgbm
- name: lstm
  hyperparameters: {hidden_size: 32, num_layers: 1}
  training: {max_epochs: 6, learning_rate: 0.002, batch_size: 512}
"""


def first_leaderboard(folder):
    """Return seconds until the leaderboard stands there, and until the end."""
    path = Path(folder) / "first.yaml"
    path.write_text(FIRST)
    words = [sys.executable, "-m", "sk_ensemble", "run", str(path), "--output", folder]
    started = time.perf_counter()
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    shown = None
    for line in process.stdout:
        if "scores" in line and shown is None:
            shown = time.perf_counter() - started
    if process.wait() != 0:
        raise RuntimeError(process.returncode)
    return shown, time.perf_counter() - started


def plain_loop(config):
    """Read, fit and predict what the experiment does, and nothing else."""
    started = time.process_time()
    samples = make_source(config).samples(config.horizons[0])
    plan = make_plan({config.horizons[0]: samples}, config)
    for task in plan.tasks:
        model = clone(plan.pipelines[task.model])
        model.fit(samples.X[task.train], samples.y[task.train])
        if task.fold is None:
            for period in samples.periods.values():
                model.predict_proba(period)
        else:
            model.predict_proba(samples.X[task.test])
    return time.process_time() - started


def whole_experiment(config):
    """Return the processor time of the experiment, all files and tracking included."""
    started = time.process_time()
    run_experiment(config, use_cache=False)
    return time.process_time() - started


def overhead(rounds):
    """Return the ratios of an experiment to the plain loop, taken in turns."""
    warnings.simplefilter("ignore")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        config = parse_experiment(
            TRAINED,
            overrides=[f"output.base_dir={folder}", "run.n_jobs=1"],
        )
        for _ in range(rounds):
            bare = plain_loop(config)
            ratios.append(whole_experiment(config) / bare)
            print(f"  plain loop {bare:.1f} s, experiment {ratios[-1]:.3f} times that")
    return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args()
    print("first leaderboard, cold process:")
    times = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            times.append(first_leaderboard(folder))
            print(
                f"  shown after {times[-1][0]:.2f} s, done after {times[-1][1]:.2f} s"
            )
    print("overhead:")
    ratios = overhead(options.rounds)
    found = {
        "leaderboard_seconds": round(statistics.median(t[0] for t in times), 2),
        "process_seconds": round(statistics.median(t[1] for t in times), 2),
        "overhead": round(statistics.median(ratios) - 1, 4),
    }
    print(found)
    if options.save:
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
