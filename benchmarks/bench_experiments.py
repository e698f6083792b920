"""Experiments: how soon the first leaderboard stands, and what is added to training.

Start: a fresh process runs ``sk-ensemble run`` on about 30,000 training rows with
XGBoost and LightGBM, five folds, ensembles and MLflow, two cores; the clock stops when
the leaderboard is printed, and again when the process ends.

Overhead: the processor time of ``run_experiment`` (cross-validation, refits, scores,
ensembles, run directories, pictures, hashes, MLflow) beside that of the fits and
predictions in it; and these beside the same ones in a plain loop, in the same process,
in turns. One long run differs from the next by more than all that is added, so that
the two are told apart. A small experiment comes before, twice: what the first takes
more are the imports of all libraries and the tables of a new store of MLflow.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

from harness import AtMost, Comparison, run_part, take_turns

LIMIT = 5.0

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

#: The same libraries, hardly trained, so that all of them are imported beforehand.
SMALL = """
experiment: {name: small}
horizons: [5]
models:
- {name: xgboost, hyperparameters: {n_estimators: 2}}
- {name: lightgbm, hyperparameters: {n_estimators: 2}}
- name: lstm
  hyperparameters: {hidden_size: 1, num_layers: 1}
  training: {max_epochs: 1}
data: {symbols: [IF], start: "2021-01-01", train_end: "2021-05-31",
       val_end: "2021-07-31"}
cv: {n_splits: 2, embargo_size: 60}
"""


def first_leaderboard(text, folder):
    """Run an experiment as a command; return seconds to the leaderboard and the end."""
    path = Path(folder) / "experiment.yaml"
    path.write_text(text)
    words = [sys.executable, "-m", "sk_ensemble", "run", str(path), "--output", folder]
    started = time.perf_counter()
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    shown = None
    for line in process.stdout:
        if "scores" in line and shown is None:
            shown = time.perf_counter() - started
    process.stdout.close()
    if process.wait() != 0:
        raise SystemExit(f"sk-ensemble run ended with {process.returncode}.")
    return shown, time.perf_counter() - started


def plain_loop(config):
    """Fit and predict what the experiment does; return the processor seconds of it."""
    from sklearn.base import clone

    from sk_ensemble.experiments._plan import make_plan
    from sk_ensemble.experiments._sources import make_source

    samples = make_source(config).samples(config.horizons[0])
    plan = make_plan({config.horizons[0]: samples}, config)
    started = time.process_time()
    for task in plan.tasks:
        model = clone(plan.pipelines[task.model])
        model.fit(samples.X[task.train], samples.y[task.train])
        if task.fold is None:
            for period in samples.periods.values():
                model.predict_proba(period)
        else:
            model.predict_proba(samples.X[task.test])
    return time.process_time() - started


@contextmanager
def timed_fits():
    """Yield a list of the processor seconds of each fit with its predictions."""
    from sk_ensemble.experiments import _job

    run_fit, seconds = _job.run_fit, []

    def timed(*args):
        started = time.process_time()
        outcome = run_fit(*args)
        seconds.append(time.process_time() - started)
        return outcome

    with mock.patch.object(_job, "run_fit", timed):
        yield seconds


def whole_experiment(config):
    """Return the processor time of an experiment and of the fits in it.

    All files and tracking are in the first of them.
    """
    from sk_ensemble.experiments import run_experiment

    started = time.process_time()
    with timed_fits() as fits:
        run_experiment(config, use_cache=False)
    return time.process_time() - started, sum(fits)


def compare_start(rounds):
    """Compare the first leaderboard of a fresh process with what it may take."""
    times = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            times.append(first_leaderboard(FIRST, folder))
    shown, done = zip(*times, strict=True)
    case = "first leaderboard, 30k rows, xgboost + lightgbm"
    yield Comparison(case, f"{LIMIT:g} s", "s", shown, [LIMIT] * rounds, AtMost(1))
    yield Comparison("all files written", "the leaderboard", "s", done, shown)


def compare_overhead(rounds):
    """Compare experiments with the fits in them, and these with a plain loop."""
    from sk_ensemble.experiments import parse_experiment

    with tempfile.TemporaryDirectory() as folder:
        where = [f"output.base_dir={folder}", "run.n_jobs=1"]
        small = parse_experiment(SMALL, overrides=where)
        first, second = whole_experiment(small)[:1], whole_experiment(small)[:1]
        other = "the next in the same process"
        yield Comparison("a first small experiment", other, "s", first, second)
        config = parse_experiment(TRAINED, overrides=where)
        measures = {
            "here": partial(whole_experiment, config),
            "there": partial(plain_loop, config),
        }
        turns = take_turns(measures, rounds)
    whole, fits = zip(*turns["here"], strict=True)
    case, other = "an experiment of 18 fits", "the fits and predictions in it"
    yield Comparison(case, other, "s", whole, fits, AtMost(1.05))
    yield Comparison(other, "the same in a plain loop", "s", fits, turns["there"])


def compare(options):
    warnings.simplefilter("ignore")
    yield from compare_start(max(options.rounds, 3))
    yield from compare_overhead(options.rounds)


if __name__ == "__main__":
    run_part("experiments", compare, doc=__doc__, rounds=2)
