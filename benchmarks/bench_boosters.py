"""Boosters on windows: memory and time beside the matrix of all windows.

100,000 windows of 20 bars x 30 features of the shipped bars, once as this package
takes them and once as a float32 matrix that is handed to the library alone, with the
same parameters. Construction is a fit of one round less what one round takes; a round
is what further rounds take, each. Time is that of the processor, memory the largest
resident set during the fit less that before, the matrix included. Each fit is done by
a process of its own.

    python benchmarks/bench_boosters.py --models catboost --trees 30
"""

from __future__ import annotations

from functools import partial

from harness import AtMost, Comparison, Watch, Worker, run_part, take_turns

from sk_ensemble import Panel, Windower, create
from sk_ensemble.datasets import contract_specs, load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import log_loss
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.utils.memory import return_free_memory

N_TRAIN, N_TEST, N_FEATURES, LENGTH = 100_000, 20_000, 30, 20
MODELS = ("xgboost", "lightgbm", "catboost")


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


CASES = {
    "construction": "construction",
    "megabytes": "peak memory of a fit",
    "whole": "the whole fit",
    "round": "a round",
    "loss": "loss on later bars",
}


def answer(name, kind, n_rounds):
    """Return what one fit takes, and the log loss on later bars."""
    windows, y = make_samples()
    # A first small fit imports the library.
    FITS[kind](name, windows[:2000], y[:2000], 2)
    train, rest = slice(None, N_TRAIN), slice(N_TRAIN, None)
    return_free_memory(2**30)
    # The long one comes first, in memory that nothing else has touched.
    with Watch() as whole:
        predict = FITS[kind](name, windows[train], y[train], n_rounds)
    with Watch() as first:
        FITS[kind](name, windows[train], y[train], 1)
    per_round = (whole.seconds - first.seconds) / (n_rounds - 1)
    return {
        "whole": whole.seconds,
        "construction": first.seconds - per_round,
        "round": per_round,
        "megabytes": whole.megabytes,
        "loss": log_loss(y[rest], predict(windows[rest])),
    }


AIMS = {
    "construction": ("seconds", AtMost(0.4)),
    "megabytes": ("MiB", AtMost(0.4)),
    "whole": ("seconds", AtMost(1.05)),
    "round": ("seconds", AtMost(1.05)),
    "loss": ("log loss", AtMost(1.005)),
}


def fit_in_process(name, kind, n_rounds):
    """Return the figures of a fit in a process of its own."""
    with Worker(__file__, OMP_NUM_THREADS="1") as worker:
        return worker.ask(name=name, kind=kind, n_rounds=n_rounds)


def compare(options):
    """Yield what windows take beside the matrix, library by library."""
    for name in options.models:
        told = take_turns(
            {kind: partial(fit_in_process, name, kind, options.trees) for kind in FITS},
            options.rounds,
        )
        for what, (unit, aim) in AIMS.items():
            here, there = (
                [figures[what] for figures in told[kind]]
                for kind in ("windows", "matrix")
            )
            yield Comparison(f"{name}: {CASES[what]}", "matrix", unit, here, there, aim)


def add_arguments(parser):
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--trees", type=int, default=60, help="rounds of boosting")


if __name__ == "__main__":
    run_part(
        "boosters",
        compare,
        doc=__doc__,
        answer=answer,
        arguments=add_arguments,
        rounds=3,
    )
