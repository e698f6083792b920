"""Every family finds the signal that is there, and none where there is none.

A new family takes part by a line in `FAMILIES`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from families import costly_ones_slow
from sk_ensemble import Panel, Windower, create
from sk_ensemble.datasets import make_bars
from sk_ensemble.metrics import day_block_bootstrap, log_loss

FAMILIES = {
    # Some defaults are for bars, where a hundredth of this can be known.
    "logistic": {"C": 0.01},
    "random_forest": {"n_estimators": 100, "random_state": 0},
    "hist_gradient_boosting": {},
    "catboost": {},
    "xgboost": {},
    "lightgbm": {},
    "alstm": {"num_layers": 1, "max_epochs": 10, "random_state": 0},
    "gru": {"num_layers": 1, "max_epochs": 10, "random_state": 0},
    "minirocket": {"num_kernels": 504, "random_state": 0},
    "mlp": {
        "hidden_sizes": [64],
        "max_epochs": 10,
        "learning_rate": 0.001,
        "random_state": 0,
    },
    "patch_tst": {
        "patch_len": 2,
        "stride": 1,
        # Four bars are too few to tell a level from what happens around it.
        "revin": False,
        "d_model": 16,
        "n_heads": 2,
        "num_layers": 1,
        "d_ff": 32,
        "max_epochs": 10,
        "learning_rate": 0.001,
        "random_state": 0,
    },
    "transformer": {
        "d_model": 16,
        "n_heads": 2,
        "num_layers": 1,
        "d_ff": 32,
        "max_epochs": 10,
        "learning_rate": 0.001,
        "random_state": 0,
    },
    "tcn": {"channels": [32, 32], "max_epochs": 10, "random_state": 0},
    "tft": {
        "hidden_size": 8,
        "n_heads": 2,
        "max_epochs": 6,
        "learning_rate": 0.01,
        "random_state": 0,
    },
    "lstm": {"max_epochs": 15, "random_state": 0},
    "lstm_fcn": {
        "channels": [16, 16],
        "kernel_sizes": [3, 2],
        "max_epochs": 10,
        "random_state": 0,
    },
    "inception_time": {
        "n_members": 2,
        "n_filters": 8,
        "depth": 3,
        "kernel_sizes": [4, 3, 2],
        "bottleneck_size": 8,
        "max_epochs": 5,
        "random_state": 0,
    },
    "nhits": {"mlp_units": [[32, 32]], "max_epochs": 15, "random_state": 0},
}
BASELINES = ["prior", "clock", "volatility"]

LEARNERS = costly_ones_slow(FAMILIES)


class Samples(NamedTuple):
    """Samples before and after a point of time, and what could be known of them."""

    X: Panel
    y: np.ndarray
    true_proba: np.ndarray
    fitting: np.ndarray
    test: np.ndarray


@cache
def samples_of(signal: float, volatility: str, n_bars: int) -> Samples:
    """Make bars with the signal, the last bar's move and the clock as features."""
    data = make_bars(n_bars, 2, signal=signal, volatility=volatility, random_state=1)
    bars = data.bars
    frame = bars[["symbol", "datetime"]].copy()
    frame["signal"] = data.signal.to_numpy()
    frame["move"] = np.log(bars["close"] / bars["open"]) * 1000
    frame["place"] = (bars["close"] - bars["low"]) / (bars["high"] - bars["low"])
    frame["clock"] = np.arange(len(bars)) % 48 / 48
    X, y = Panel.from_frame(frame).align(data.labels)
    start = np.quantile(X.times_ns, 0.65)
    return Samples(
        X,
        y,
        data.proba.loc[X.to_frame().index].to_numpy(),
        np.flatnonzero(X.label_end_ns < start),
        np.flatnonzero(X.times_ns >= start),
    )


@cache
def predicted_by(name: str, samples_key: tuple[float, str, int]) -> np.ndarray:
    """Fit a family before the point of time and predict what comes after."""
    samples = samples_of(*samples_key)
    model = make_pipeline(Windower(4), create(name, **FAMILIES.get(name, {})))
    # Histogram boosting would use all cores, which wait for each other when shared.
    with threadpool_limits(1):
        model.fit(samples.X[samples.fitting], samples.y[samples.fitting])
        return model.predict_proba(samples.X[samples.test])


def losses(proba: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the log loss of each row."""
    return -np.log(proba[np.arange(len(y)), y + 1])


def direction_skill(proba: np.ndarray, samples: Samples):
    """Return the interval of how far views of direction go with what comes true.

    Its mean is 0 for a view that knows nothing, however sure it is of itself.
    """
    view = proba[:, 2] - proba[:, 0]
    agreement = (view - view.mean()) * samples.y[samples.test]
    times = samples.X[samples.test].times
    return day_block_bootstrap(agreement, times, confidence=0.99)


WITH_SIGNAL = (0.6, "sessions", 8000)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_family_comes_near_the_bayes_error(name):
    samples = samples_of(*WITH_SIGNAL)
    y, best = samples.y[samples.test], samples.true_proba[samples.test]
    prior = log_loss(y, predicted_by("prior", WITH_SIGNAL))
    found = prior - log_loss(y, predicted_by(name, WITH_SIGNAL))
    assert found > 0.75 * (prior - log_loss(y, best))


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("name", LEARNERS)
def test_a_family_clearly_beats_the_baselines(name, baseline):
    samples = samples_of(*WITH_SIGNAL)
    y = samples.y[samples.test]
    gain = losses(predicted_by(baseline, WITH_SIGNAL), y) - losses(
        predicted_by(name, WITH_SIGNAL), y
    )
    assert day_block_bootstrap(gain, samples.X[samples.test].times).low > 0.05


@pytest.mark.parametrize("name", LEARNERS)
def test_a_family_finds_the_direction_that_is_there(name):
    samples = samples_of(*WITH_SIGNAL)
    assert direction_skill(predicted_by(name, WITH_SIGNAL), samples).low > 0.05


@pytest.mark.parametrize("volatility", ["constant", "sessions"])
@pytest.mark.parametrize("name", [*LEARNERS, *BASELINES])
def test_no_family_finds_direction_where_there_is_none(name, volatility):
    key = (0.0, volatility, 4000)
    samples = samples_of(*key)
    skill = direction_skill(predicted_by(name, key), samples)
    assert skill.low <= 0 <= skill.high


@pytest.mark.parametrize("baseline", BASELINES)
def test_no_baseline_knows_the_direction_that_is_there(baseline):
    samples = samples_of(*WITH_SIGNAL)
    skill = direction_skill(predicted_by(baseline, WITH_SIGNAL), samples)
    assert skill.low <= 0 <= skill.high


def test_movement_is_predictable_where_volatility_follows_the_clock():
    samples = samples_of(0.0, "sessions", 4000)
    y = samples.y[samples.test]
    prior, clock = (
        log_loss(y, predicted_by(name, (0.0, "sessions", 4000)))
        for name in ("prior", "clock")
    )
    assert clock < prior - 0.01
