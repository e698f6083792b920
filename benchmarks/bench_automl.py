"""AutoML: the first leaderboard and a forward test, beside AutoGluon and mljar.

About 30,000 training rows of an index future, 31 features of one bar, labels five bars
ahead, made once and written to parquet files that all read. Every contender gets the
training file, two cores, XGBoost and LightGBM and its own defaults otherwise, in a
fresh process: the clock goes from its start, imports included, until it has its
leaderboard. Then its best model or ensemble, chosen by its own validation, predicts the
test file, whose dates are all later.

AutoGluon chooses by log loss, as the test does, and is run twice: as it is, and told
the column of the times by ``validation_structure={"time_on": ...}``. mljar draws no
explanations (``explain_level=0``): here the leaderboard stands before pictures are
drawn, too. Here the best is that of the lowest ``cv_log_loss`` in the leaderboard.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

from bench_experiments import first_leaderboard
from harness import (
    AtMost,
    Comparison,
    Worker,
    install_peers,
    peer_versions,
    run_part,
    take_turns,
)

HORIZON, CORES = 5, 2
LABEL, LABEL_END = f"label_h{HORIZON}", f"label_end_h{HORIZON}"
CLASSES = [-1, 0, 1]

#: First day of each file, and the first day after it. Labels end within their file.
PERIODS = {
    "train": ("2018-02-01", "2021-01-01"),
    "val": ("2021-01-01", "2021-04-01"),
    "test": ("2021-05-01", "2022-01-01"),
}

EXPERIMENT = """
experiment: {{name: first}}
horizons: [{horizon}]
models:
- {{name: xgboost, dataset: {{lag: 0}}}}
- {{name: lightgbm, dataset: {{lag: 0}}}}
data: {{train_path: {folder}/train.parquet, val_path: {folder}/val.parquet,
       test_path: {folder}/test.parquet}}
"""

PEERS = {
    "autogluon": ["autogluon.tabular", "lightgbm", "xgboost-cpu"],
    "mljar": ["mljar-supervised"],
}
CONTENDERS = {
    "AutoGluon": ("autogluon", {}),
    "AutoGluon, time_on": ("autogluon", {"by_time": True}),
    "mljar": ("mljar", {}),
}


# --- the files -----------------------------------------------------------------------


def write_files(folder):
    """Write features and labels of the shipped bars, a file per period."""
    import pandas as pd

    from sk_ensemble.datasets import contract_specs, load_bars
    from sk_ensemble.labeling import fixed_horizon_labels
    from sk_ensemble.preprocessing import bar_features

    specs = contract_specs()
    bars = load_bars(["IF"], start=PERIODS["train"][0])
    features = bar_features(
        bars, timezone=specs["timezone"], session_gap=specs["session_gap"]
    )
    labels = fixed_horizon_labels(bars, HORIZON).reset_index()
    names = {"label": LABEL, "label_end": LABEL_END}
    rows = features.merge(labels.rename(columns=names), on=["symbol", "datetime"])
    for period, (start, stop) in PERIODS.items():
        start, stop = (pd.Timestamp(day, tz="UTC") for day in (start, stop))
        is_within = (rows["datetime"] >= start) & (rows[LABEL_END] < stop)
        rows[is_within].to_parquet(f"{folder}/{period}.parquet", index=False)


def read_rows(folder, period):
    """Return one file with its times and without what is neither feature nor label."""
    import pandas as pd

    rows = pd.read_parquet(f"{folder}/{period}.parquet")
    return rows.drop(columns=["symbol", LABEL_END])


def test_loss(proba, labels):
    """Return the log loss of the test file."""
    from sklearn.metrics import log_loss

    return float(log_loss(labels, proba, labels=CLASSES))


# --- the contenders: each keeps what it has fitted for the next request --------------

_FITTED = {}


def fit_autogluon(folder, *, by_time=False):
    """Fit AutoGluon and make its leaderboard."""
    from autogluon.tabular import TabularPredictor

    rows = read_rows(folder, "train")
    structure = {"time_on": "datetime"} if by_time else None
    predictor = TabularPredictor(
        label=LABEL,
        eval_metric="log_loss",
        path=tempfile.mkdtemp(dir=folder),
        verbosity=0,
        # It validates by the times, but no more than others does it learn them.
        learner_kwargs={"ignored_columns": ["datetime"]},
    )
    predictor.fit(
        rows,
        hyperparameters={"GBM": {}, "XGB": {}},
        num_cpus=CORES,
        validation_structure=structure,
    )
    _FITTED["table"] = predictor.leaderboard()
    _FITTED["proba"] = lambda test: predictor.predict_proba(test)[CLASSES]


def fit_mljar(folder):
    """Fit mljar and make its leaderboard."""
    from supervised.automl import AutoML

    rows = read_rows(folder, "train").drop(columns="datetime")
    automl = AutoML(
        mode="Explain",
        algorithms=["LightGBM", "Xgboost"],
        explain_level=0,
        n_jobs=CORES,
        verbose=0,
        results_path=tempfile.mkdtemp(dir=folder) + "/results",
    )
    X = rows.drop(columns=LABEL)
    automl.fit(X, rows[LABEL])
    _FITTED["table"] = automl.get_leaderboard()
    _FITTED["proba"] = lambda test: automl.predict_proba(test[X.columns])


FITS = {"autogluon": fit_autogluon, "mljar": fit_mljar}


def answer(*, folder, peer=None, settings=None):
    """Fit one of the peers, or test what has been fitted."""
    if peer is not None:
        FITS[peer](folder, **settings)
        return len(_FITTED["table"])
    test = read_rows(folder, "test")
    return test_loss(_FITTED["proba"](test.drop(columns=LABEL)), test[LABEL])


def run_peer(python, peer, settings, folder):
    """Return seconds until a peer's leaderboard, and its loss in the forward test."""
    started = time.perf_counter()
    # Threads that wait for each other spinning take minutes where a core is busy.
    with Worker(__file__, python, OMP_WAIT_POLICY="passive") as worker:
        worker.ask(folder=folder, peer=peer, settings=settings)
        return time.perf_counter() - started, worker.ask(folder=folder)


def run_here(folder):
    """Return the same of ``sk-ensemble run``."""
    import pandas as pd

    with tempfile.TemporaryDirectory() as output:
        text = EXPERIMENT.format(horizon=HORIZON, folder=folder)
        shown, _ = first_leaderboard(text, output)
        (path,) = Path(output).glob("results/*/leaderboard.csv")
        best = pd.read_csv(path).sort_values("cv_log_loss").iloc[0]
        (run,) = Path(output).glob(f"runs/{best['model']}_h{HORIZON}_*")
        found = pd.read_parquet(run / "predictions" / "test_predictions.parquet")
    test = read_rows(folder, "test")
    proba = found.set_index("datetime").loc[test["datetime"]]
    proba = proba[[f"p_{label}" for label in CLASSES]]
    return shown, test_loss(proba, test[LABEL])


def compare(options):
    warnings.simplefilter("ignore")
    pythons = {peer: install_peers(peer) for peer in FITS}
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder)
        measures = {"here": partial(run_here, folder)}
        for name, (peer, settings) in CONTENDERS.items():
            measures[name] = partial(run_peer, pythons[peer], peer, settings, folder)
        turns = take_turns(measures, options.rounds)
    seconds, losses = (
        {name: [pair[which] for pair in pairs] for name, pairs in turns.items()}
        for which in (0, 1)
    )
    for what, unit, figures, aim in [
        ("first leaderboard, 30k rows", "s", seconds, AtMost(1)),
        ("log loss in the forward test", "nats", losses, AtMost(1)),
    ]:
        for name in CONTENDERS:
            yield Comparison(what, name, unit, figures["here"], figures[name], aim)


def versions():
    found = {}
    for peer, names in PEERS.items():
        found |= peer_versions(install_peers(peer), names)
    return found


if __name__ == "__main__":
    run_part("automl", compare, doc=__doc__, answer=answer, versions=versions, rounds=2)
