"""Boosters on windows: memory and time beside the matrix of all windows.

100,000 windows of 20 bars x 30 features of the shipped bars, once as this package
takes them and once as a float32 matrix that is handed to the library. Each run is a
process of its own, and both kinds take turns. Construction is a fit of one round less
what one round takes; training is what further rounds take, per round. Time is that of
the processor, memory the largest resident set during the fit less that before, the
matrix included.

    python benchmarks/bench_boosters.py --rounds 40 --repeats 3
    python benchmarks/bench_boosters.py --models catboost --save
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from sk_ensemble import Panel, Windower, create
from sk_ensemble.datasets import contract_specs, load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import log_loss
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.utils.memory import return_free_memory

RESULTS = Path(__file__).parent / "results" / "boosters.json"
N_TRAIN, N_TEST, N_FEATURES, LENGTH = 100_000, 20_000, 30, 20
MODELS = ("xgboost", "lightgbm", "catboost")
KINDS = ("matrix", "windows")


def make_samples():
    """Return windows of real bars before July 2020, and labels of five bars."""
    specs = contract_specs()
    bars = load_bars(["AG", "IF"], end="2020-06-30")
    features = bar_features(
        bars, timezone=specs["timezone"], session_gap=specs["session_gap"]
    )
    names = features.columns.drop(["symbol", "datetime"])[:N_FEATURES]
    panel = Panel.from_frame(features, features=list(names))
    X, y = panel.align(fixed_horizon_labels(bars, 5), min_history=LENGTH)
    windows = Windower(LENGTH).transform(X)
    return windows[: N_TRAIN + N_TEST], y[: N_TRAIN + N_TEST]


class Watch:
    """Measure processor time and the largest resident set while a block runs."""

    def __enter__(self):
        self._process, self._stop = psutil.Process(), threading.Event()
        self.peak = self._before = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        self._start = time.process_time()
        return self

    def _look(self):
        while not self._stop.wait(0.005):
            self.peak = max(self.peak, self._process.memory_info().rss)

    def __exit__(self, *_):
        self.seconds = time.process_time() - self._start
        self._stop.set()
        self._thread.join()
        self.megabytes = (self.peak - self._before) / 2**20


def fit_windows(name, windows, y, n_rounds):
    """Fit this package's classifier; return what predicts."""
    model = create(name, n_estimators=n_rounds, early_stopping=False, random_state=0)
    return model.fit(windows, y).predict_proba


def flat(windows):
    """Return the matrix of all windows."""
    return windows.gather().reshape(len(windows), -1)


def fit_xgboost(matrix, y, n_rounds, params):
    """Fit xgboost alone."""
    import xgboost

    data = xgboost.QuantileDMatrix(matrix, y, nthread=1, max_bin=params["max_bin"])
    names = ["learning_rate", "max_depth", "colsample_bytree", "max_bin"]
    settings = {name: params[name] for name in names} | {
        "objective": "multi:softprob",
        "num_class": 3,
        "nthread": 1,
        "verbosity": 0,
    }
    history = {"evals": [(data, "train")], "verbose_eval": False}
    booster = xgboost.train(settings, data, n_rounds, **history)
    return booster.inplace_predict


def fit_lightgbm(matrix, y, n_rounds, params):
    """Fit lightgbm alone."""
    import lightgbm

    names = ["learning_rate", "num_leaves", "max_depth", "min_child_samples"]
    names += ["min_child_weight", "colsample_bytree", "reg_lambda", "max_bin"]
    settings = {name: params[name] for name in names} | {
        "objective": "multiclass",
        "num_class": 3,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(matrix, y, params=settings)
    callbacks = [lightgbm.record_evaluation({})]
    booster = lightgbm.train(
        settings, data, n_rounds, valid_sets=[data], callbacks=callbacks
    )
    return booster.predict


def fit_catboost(matrix, y, n_rounds, params):
    """Fit catboost alone."""
    import catboost

    names = ["learning_rate", "depth", "l2_leaf_reg", "random_strength", "rsm"]
    settings = {name: params[name] for name in [*names, "border_count"]} | {
        "loss_function": "MultiClass",
        "iterations": n_rounds,
        "bootstrap_type": "No",
        "boosting_type": "Plain",
        "has_time": True,
        "thread_count": 1,
        "allow_writing_files": False,
        "logging_level": "Silent",
    }
    booster = catboost.CatBoost(settings).fit(catboost.Pool(matrix, y, thread_count=1))
    return lambda rows: booster.predict(rows, prediction_type="Probability")


LIBRARIES = {
    "xgboost": fit_xgboost,
    "lightgbm": fit_lightgbm,
    "catboost": fit_catboost,
}


def fit_matrix(name, windows, y, n_rounds):
    """Fit the library alone on one matrix, with this package's defaults."""
    params = create(name).get_params()
    predict = LIBRARIES[name](flat(windows), y + 1, n_rounds, params)
    return lambda rows: predict(flat(rows))


FITS = {"matrix": fit_matrix, "windows": fit_windows}


def measure(name, kind, n_rounds):
    """Return seconds and megabytes of one fit, and the log loss on later bars."""
    windows, y = make_samples()
    # A first small fit imports the library.
    FITS[kind](name, windows[:2000], y[:2000], 2)
    return_free_memory(2**30)
    with Watch() as watch:
        predict = FITS[kind](name, windows[:N_TRAIN], y[:N_TRAIN], n_rounds)
    loss = log_loss(y[N_TRAIN:], predict(windows[N_TRAIN:]))
    return {"seconds": watch.seconds, "megabytes": watch.megabytes, "loss": loss}


def in_child(name, kind, n_rounds):
    words = [sys.executable, __file__, "--measure", name, kind, str(n_rounds)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def figures(name, kind, n_rounds):
    """Return construction, seconds per round, memory and loss of one model."""
    first, all_rounds = (in_child(name, kind, number) for number in (1, n_rounds))
    per_round = (all_rounds["seconds"] - first["seconds"]) / (n_rounds - 1)
    return {
        "construction": first["seconds"] - per_round,
        "round": per_round,
        "megabytes": all_rounds["megabytes"],
        "loss": all_rounds["loss"],
    }


def compare(name, n_rounds, repeats):
    """Return medians of both kinds, and median and extremes of their ratios."""
    found = {kind: [] for kind in KINDS}
    for _ in range(repeats):
        for kind in KINDS:
            found[kind].append(figures(name, kind, n_rounds))
            print(name, kind, found[kind][-1], flush=True)
    result = {}
    for what in found["matrix"][0]:
        matrix, windows = (
            np.array([one[what] for one in found[kind]]) for kind in KINDS
        )
        ratios = windows / matrix
        result[what] = {
            "matrix": round(float(np.median(matrix)), 4),
            "windows": round(float(np.median(windows)), 4),
            "ratio": round(float(np.median(ratios)), 3),
            "least": round(float(ratios.min()), 3),
            "most": round(float(ratios.max()), 3),
        }
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, kind, n_rounds = options.measure
        print(json.dumps(measure(name, kind, int(n_rounds))))
        return
    table = {}
    for name in options.models:
        table[name] = compare(name, options.rounds, options.repeats)
        print(json.dumps({name: table[name]}, indent=2), flush=True)
    if options.save:
        known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps(known | table, indent=2) + "\n")


if __name__ == "__main__":
    main()
