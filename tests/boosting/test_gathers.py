"""How often boosters gather windows, and how much of their matrix exists at a time.

Counted, not timed: windows gathered, and bytes that numpy holds.
"""

from __future__ import annotations

import functools
from collections import Counter

import numpy as np
import pytest
from counting import gathered_rows, peak_bytes

from sk_ensemble import (
    CatBoostClassifier,
    LightGBMClassifier,
    Windower,
    XGBoostClassifier,
)
from sk_ensemble.boosting import _flat_rows

#: xgboost counts rows and columns, then sizes, then takes the numbers; LightGBM draws
#: no sample as it is told the bins, CatBoost takes one matrix of bytes.
TIMES = {XGBoostClassifier: 3, LightGBMClassifier: 1, CatBoostClassifier: 1}
#: More rows than those that are put into an order of their own.
N_BARS, WINDOW, N_FEATURES = 12_000, 20, 5


def counted(method, calls):
    """Return a method that counts its calls by name."""

    @functools.wraps(method)
    def counting(*args, **kwargs):
        calls[method.__name__] += 1
        return method(*args, **kwargs)

    return counting


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    bars = rng.normal(size=(N_BARS, N_FEATURES)).astype("float32")
    y = (bars[:, 0] > 0).astype(int)
    return Windower(WINDOW).transform(bars), y


@pytest.fixture(params=TIMES)
def booster(request, monkeypatch):
    # Batches of a thousand rows, so that one is little beside all of them.
    monkeypatch.setattr(_flat_rows, "_BATCH_CELLS", 1_000 * WINDOW * N_FEATURES)
    return request.param(n_estimators=2, early_stopping=False)


def test_each_window_is_gathered_as_often_as_the_library_needs(booster, samples):
    with gathered_rows() as sizes:
        booster.fit(*samples)
    assert sum(sizes) <= TIMES[type(booster)] * N_BARS
    assert max(sizes) <= 1_000


def test_more_rounds_gather_nothing_more(booster, samples):
    with gathered_rows() as sizes:
        booster.fit(*samples)
    with gathered_rows() as more:
        booster.set_params(n_estimators=4).fit(*samples)
    assert more == sizes


def test_predicting_gathers_only_windows_that_do_not_follow_one_another(
    booster, samples, monkeypatch
):
    booster.fit(*samples)
    cells = 1_000 * WINDOW * N_FEATURES
    monkeypatch.setattr(type(booster), "_cells_at_once", cells)
    with gathered_rows() as sizes:
        booster.predict_proba(samples[0])
    # The first windows are padded, so that their batch is.
    assert sum(sizes) == 1_000
    with gathered_rows() as sizes:
        booster.predict_proba(samples[0][::2])
    assert sum(sizes) == N_BARS / 2


def test_xgboost_sets_itself_up_once_for_all_batches(samples, monkeypatch):
    model = XGBoostClassifier(n_estimators=2, early_stopping=False).fit(*samples)
    monkeypatch.setattr(XGBoostClassifier, "_cells_at_once", 1_000 * WINDOW)
    calls = Counter()
    for name in ("set_param", "inplace_predict"):
        monkeypatch.setattr(
            model.booster_, name, counted(getattr(model.booster_, name), calls)
        )
    model.predict_proba(samples[0])
    assert calls["set_param"] == 1
    assert calls["inplace_predict"] == N_BARS / 1_000 * N_FEATURES


def test_no_matrix_of_floats_is_made(booster, samples):
    windows, y = samples
    booster.fit(windows, y)  # imports
    in_floats = np.prod(windows.shape) * 4
    assert peak_bytes(lambda: booster.fit(windows, y)) < 0.6 * in_floats
    # What is looked for.
    assert peak_bytes(lambda: _flat_rows.flat_columns(windows)) > in_floats
