"""Small panels in which one feature carries a signal."""

from __future__ import annotations

import numpy as np
import pytest

from sk_ensemble import (
    CatBoostClassifier,
    LightGBMClassifier,
    Panel,
    Windower,
    XGBoostClassifier,
)
from sk_ensemble.boosting._catboost_trees import trees_of, write_trees
from sk_ensemble.datasets import make_bars


def make_samples(seed=0, n_bars=300, decimals=None):
    """Return windows of 3 bars of a noise and a signal feature, with labels."""
    data = make_bars(n_bars, 2, signal=0.7, random_state=seed)
    frame = data.bars[["symbol", "datetime"]].copy()
    frame["noise"] = np.random.default_rng(seed).normal(size=len(frame))
    frame["signal"] = data.signal.to_numpy()
    if decimals is not None:
        frame = frame.round({"noise": decimals, "signal": decimals})
    X, y = Panel.from_frame(frame).align(data.labels)
    return Windower(3).transform(X), y


@pytest.fixture(scope="session")
def samples_of():
    return make_samples


@pytest.fixture(scope="session")
def samples():
    return make_samples()


@pytest.fixture(scope="session")
def coarse():
    """Return samples of so few different values that each is a bin of its own."""
    return make_samples(decimals=1)


@pytest.fixture(params=[XGBoostClassifier, LightGBMClassifier, CatBoostClassifier])
def booster(request):
    return request.param


#: What CatBoost calls parameters of the others.
CATBOOST_NAMES = {
    "colsample_bytree": "rsm",
    "max_bin": "border_count",
    "max_depth": "depth",
    "reg_lambda": "l2_leaf_reg",
}


@pytest.fixture
def spelled(booster):
    """Return the name that a booster has for a parameter."""
    names = CATBOOST_NAMES if booster is CatBoostClassifier else {}
    return lambda name: names.get(name, name)


@pytest.fixture
def small(booster, spelled):
    """Make a booster with few rounds, unless told otherwise."""

    def make(**params):
        settings = {"n_estimators": 8, "learning_rate": 0.3, "early_stopping": False}
        own = {spelled(name): value for name, value in params.items()}
        return booster(**(settings | own))

    return make


@pytest.fixture(scope="session")
def content():
    """Return all trees of a fitted booster as bytes."""

    def content_of(model):
        if isinstance(model, XGBoostClassifier):
            return bytes(model.booster_.save_raw("json"))
        if isinstance(model, CatBoostClassifier):
            return write_trees(trees_of(model.booster_))
        # Behind the trees stand the parameters, with a seed that may have no effect.
        return model.booster_.model_to_string().partition("end of trees")[0].encode()

    return content_of
