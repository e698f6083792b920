"""Small panels in which one feature carries a signal."""

from __future__ import annotations

import numpy as np
import pytest

from sk_ensemble import LightGBMClassifier, Panel, Windower, XGBoostClassifier
from sk_ensemble.datasets import make_bars


def make_samples(seed=0, n_bars=300):
    """Return windows of 3 bars of a noise and a signal feature, with labels."""
    data = make_bars(n_bars, 2, signal=0.7, random_state=seed)
    frame = data.bars[["symbol", "datetime"]].copy()
    frame["noise"] = np.random.default_rng(seed).normal(size=len(frame))
    frame["signal"] = data.signal.to_numpy()
    X, y = Panel.from_frame(frame).align(data.labels)
    return Windower(3).transform(X), y


@pytest.fixture(scope="session")
def samples_of():
    return make_samples


@pytest.fixture(scope="session")
def samples():
    return make_samples()


@pytest.fixture(params=[XGBoostClassifier, LightGBMClassifier])
def booster(request):
    return request.param


@pytest.fixture
def small(booster):
    """Make a booster with few rounds, unless told otherwise."""
    return lambda **params: booster(
        **{"n_estimators": 8, "learning_rate": 0.3, "early_stopping": False, **params}
    )


@pytest.fixture(scope="session")
def content():
    """Return all trees of a fitted booster as bytes."""

    def content_of(model):
        if isinstance(model, XGBoostClassifier):
            return bytes(model.booster_.save_raw("json"))
        # Behind the trees stand the parameters, with a seed that may have no effect.
        return model.booster_.model_to_string().partition("end of trees")[0].encode()

    return content_of
