from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from families import NAMES, make_samples, quick
from sk_ensemble import Windower
from sk_ensemble.persistence import load_model, model_files, save_model

EVERY_X, EVERY_Y = make_samples(n_bars=80)
#: Samples with a bar before them, so that windows may lag by one.
ROWS = EVERY_X.positions > EVERY_X.segment_starts
X, Y = EVERY_X[ROWS], EVERY_Y[ROWS]
LABELS = {"numbers": Y, "two texts": np.where(Y > 0, "up", "other")}


@cache
def fitted(name: str, labels: str = "numbers") -> Pipeline:
    steps = [("window", Windower(3, lag=1)), ("clf", quick(name))]
    return Pipeline(steps).fit(X, LABELS[labels])


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_model_predicts_the_same_bits(tmp_path, name, labels):
    model = fitted(name, labels)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(
        loaded.predict_proba(X), model.predict_proba(X), strict=True
    )
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X), strict=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_model_is_saved_as_the_same_bytes(tmp_path, name):
    model = fitted(name)
    save_model(model, tmp_path / "model")
    assert model_files(load_model(tmp_path / "model")) == model_files(model)
