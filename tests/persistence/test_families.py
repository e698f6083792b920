from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from families import NAMES, make_samples, quick
from sk_ensemble import Windower
from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence import (
    load_model,
    model_files,
    model_from_files,
    save_model,
)

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


class TestStackOfAll:
    """One model that holds every family, fitted on the same samples."""

    @pytest.fixture(scope="class")
    @staticmethod
    def stack():
        members = [(name, fitted(name)) for name in NAMES]
        return StackingClassifier(members, LogisticRegression(), cv="prefit").fit(X, Y)

    @pytest.fixture(scope="class")
    @staticmethod
    def files(stack):
        return model_files(stack)

    def test_it_predicts_the_same_bits(self, stack, files):
        loaded = model_from_files(files)
        np.testing.assert_array_equal(loaded.predict_proba(X), stack.predict_proba(X))
        assert model_files(loaded) == files

    def test_damage_anywhere_names_the_file(self, files):
        for name, content in files.items():
            for place in np.linspace(0, len(content) - 1, 20).astype(int):
                damaged = bytearray(content)
                damaged[place] ^= 1
                for part in (bytes(damaged), content[:place]):
                    with pytest.raises(PersistenceError, match=name):
                        model_from_files({**files, name: part})
