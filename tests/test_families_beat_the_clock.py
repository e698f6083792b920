"""On real bars every family knows more than the table of symbol and clock.

Every twelfth bar of two futures before July 2020, labels of five bars, two purged
folds, windows of twenty bars and small sizes: all families in some 70 seconds. What
they gain is known up to the day-block interval that comes with it, direction apart.

A new family takes part by its entry in the registry, and a line in `SIZES` if its
default is large.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from families import NAMES
from sk_ensemble import Panel, PurgedSplit, Windower, create
from sk_ensemble.datasets import contract_specs, load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import Interval, day_block_bootstrap, log_loss
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.registry import model_parameters

pytestmark = pytest.mark.slow

#: How far networks are trained; the step is the family's own.
TRAINING = {"max_epochs": 15, "n_iter_no_change": 4, "random_state": 0}

SIZES: dict[str, dict[str, Any]] = {
    "random_forest": {"n_estimators": 100, "random_state": 0},
    "hist_gradient_boosting": {"max_iter": 60, "random_state": 0},
    "alstm": {"hidden_size": 16, "num_layers": 1},
    "gru": {"hidden_size": 16, "num_layers": 1},
    "inception_time": {
        "n_members": 2,
        "n_filters": 4,
        "depth": 3,
        "kernel_sizes": [10, 5, 3],
        "bottleneck_size": 4,
    },
    "lstm": {"hidden_size": 16, "num_layers": 1},
    "lstm_fcn": {"channels": [8, 16, 8]},
    "mlp": {"hidden_sizes": [128, 128]},
    "nhits": {"mlp_units": [[32, 32], [32, 32], [32, 32]]},
    "patch_tst": {
        "patch_len": 10,
        "stride": 10,
        "d_model": 16,
        "n_heads": 2,
        "num_layers": 1,
        "d_ff": 32,
    },
    "tcn": {"channels": [16, 16, 16]},
    "tft": {"hidden_size": 8, "n_heads": 2},
    "transformer": {"d_model": 32, "n_heads": 4, "num_layers": 1, "d_ff": 64},
    "minirocket": {"num_kernels": 1000, "random_state": 0},
}

#: Families that do not beat the clock, and what was measured.
BEHIND: dict[str, str] = {
    "prior": "0.0056 behind: the clock refines it",
}

FAMILIES = [name for name in NAMES if name != "clock"]


class Samples(NamedTuple):
    """Labelled bars, and the folds."""

    X: Panel
    y: np.ndarray
    folds: list[tuple[np.ndarray, np.ndarray]]


@cache
def samples() -> Samples:
    specs = contract_specs()
    bars = load_bars(["IF", "AG"], start="2018-07-01", end="2020-06-30")
    features = bar_features(
        bars, timezone=specs["timezone"], session_gap=specs["session_gap"]
    )
    X, y = Panel.from_frame(features).align(
        fixed_horizon_labels(bars, 5), min_history=20
    )
    _, ranks = np.unique(X.times_ns, return_inverse=True)
    kept = ranks % 12 == 0
    X, y = X[kept], y[kept]
    cv = PurgedSplit(2, purged_size=20, embargo_size=480)
    return Samples(X, y, list(cv.split(X, y)))


def made(name: str) -> Any:
    if name == "clock":
        return create(name, timezone=contract_specs()["timezone"])
    is_network = "optimizer" in model_parameters(name)
    params = SIZES.get(name, {}) | (TRAINING if is_network else {})
    return make_pipeline(Windower(20), create(name, **params))


@cache
def out_of_fold(name: str) -> np.ndarray:
    """Return what a family predicts of samples that it has not seen."""
    X, y, folds = samples()
    proba = np.empty((len(y), 3))
    with threadpool_limits(1):
        for train, test in folds:
            model = clone(made(name)).fit(X[train], y[train])
            proba[test] = model.predict_proba(X[test])
    return proba


def losses(proba: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the log loss of each sample."""
    return -np.log(proba[np.arange(len(y)), y + 1])


def direction_gains(proba: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what each sample gains on a coin toss between up and down."""
    right = np.where(y > 0, proba[:, 2], proba[:, 0])
    return np.where(y == 0, 0.0, np.log(2 * right / (proba[:, 0] + proba[:, 2])))


def gain_on_the_clock(name: str) -> Interval:
    X, y, _ = samples()
    gains = losses(out_of_fold("clock"), y) - losses(out_of_fold(name), y)
    return day_block_bootstrap(gains, X.times)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_beats_the_clock_unless_known_not_to(name, record_property):
    X, y, _ = samples()
    gain = gain_on_the_clock(name)
    direction = day_block_bootstrap(direction_gains(out_of_fold(name), y), X.times)
    record_property("gain", gain)
    record_property("direction_gain", direction)
    told = f"{name}: {gain}, direction {direction}"
    assert direction.low <= direction.estimate <= direction.high, told
    assert (gain.estimate > 0) == (name not in BEHIND), told


def test_the_clock_knows_more_than_the_class_shares():
    y = samples().y
    assert log_loss(y, out_of_fold("clock")) < log_loss(y, out_of_fold("prior"))
    assert gain_on_the_clock("prior").high < 0


def test_a_model_that_learns_noise_would_be_noticed():
    X, y, folds = samples()
    train, test = folds[0]
    model = make_pipeline(Windower(20), create("logistic", C=1.0))
    proba = model.fit(X[train], y[train]).predict_proba(X[test])
    assert log_loss(y[test], proba) > log_loss(y[test], out_of_fold("clock")[test])
