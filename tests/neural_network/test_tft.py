from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from sk_ensemble import Panel, TFTClassifier, Windower
from sk_ensemble.exceptions import DataError

COLUMNS = ["x", "noise", "day_cos", "day_sin"]


def make_panel(symbols=("A", "B"), n_bars=150, seed=0):
    """Return bars labelled by x being large, which for A means more than for B."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=n_bars, freq="5min", tz="UTC")
    angles = np.arange(n_bars) / n_bars
    parts = []
    for symbol in symbols:
        part = pd.DataFrame({"symbol": symbol, "datetime": times})
        part["x"], part["noise"] = rng.normal(size=(2, n_bars))
        part["day_cos"], part["day_sin"] = np.cos(angles), np.sin(angles)
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    labels = frame[["symbol", "datetime"]].copy()
    limits = np.where(frame["symbol"] == "A", 1, -1)
    labels["label"] = np.where(frame["x"] > limits, 1, -1)
    X, y = Panel.from_frame(frame, features=COLUMNS).align(
        labels.set_index(["symbol", "datetime"])["label"]
    )
    return Windower(3).transform(X), y


def small(**params):
    settings = {
        "hidden_size": 8,
        "n_heads": 2,
        "dropout": 0.0,
        "max_epochs": 2,
        "random_state": 0,
    }
    return TFTClassifier(**(settings | params))


LEARNING = {"max_epochs": 15, "learning_rate": 0.03, "batch_size": 64}


@pytest.fixture(scope="module")
def learnt():
    return small(**LEARNING).fit(*make_panel())


class TestSymbols:
    def test_what_depends_on_the_symbol_is_learnt_by_it_only(self, learnt):
        other, truth = make_panel(seed=1)
        assert learnt.score(other, truth) > 0.9
        blind = small(**LEARNING, use_symbols=False).fit(*make_panel())
        assert blind.score(other, truth) < 0.75

    def test_they_are_those_of_the_training_samples(self):
        X, y = make_panel(("C", "A", "B"))
        model = small().fit(X, y)
        assert model.symbols_.tolist() == ["A", "B", "C"]
        assert len(model.module_.static.symbols) == 3
        some = np.flatnonzero(X.symbols != "B")
        assert small().fit(X[some], y[some]).symbols_.tolist() == ["A", "C"]

    def test_where_there_is_nothing_to_tell_apart_there_is_no_covariate(self):
        X, y = make_panel()
        alone = np.flatnonzero(X.symbols == "A")
        for model in (
            small(use_symbols=False).fit(X, y),
            small().fit(X[alone], y[alone]),
            small().fit(X.gather(), y),
        ):
            assert model.symbols_.tolist() == []
            assert model.module_.static is None

    def test_each_sample_has_its_own_symbol_whatever_its_company(self, learnt):
        X, _ = make_panel()
        module, found = learnt.module_, learnt.predict_proba(X)
        values = (X.gather() - learnt.mean_) / learnt.scale_
        numbers = (X.symbols == "B")[:, None, None] * np.ones((1, 3, 1))
        batch = torch.from_numpy(np.concatenate([values, numbers], axis=2)).float()
        with torch.no_grad():
            expected = torch.softmax(module(batch), dim=1)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert np.abs(found[X.symbols == "A"] - found[X.symbols == "B"]).max() > 0.5

    def test_one_that_is_new_is_taken_for_the_mean_of_those_seen(self, learnt):
        new, _ = make_panel(("D",))
        found = learnt.predict_proba(new)
        bare = learnt.predict_proba(new.gather())
        np.testing.assert_array_equal(found, bare)
        as_a, _ = make_panel(("A",))
        assert np.abs(learnt.predict_proba(as_a) - found).max() > 0.1

    def test_a_model_of_one_class_has_none(self):
        X, y = make_panel()
        assert small().fit(X, np.ones(len(y))).symbols_.tolist() == []


class TestKnownFeatures:
    def test_clock_features_are_known_unless_others_are_named(self):
        X, y = make_panel()
        assert small().fit(X, y).module_.known == [3, 2]
        named = small(known_features=["x"]).fit(X, y)
        assert named.module_.known == [0]
        none = small(known_features=[]).fit(X, y)
        assert none.module_.known == []
        assert none.module_.ahead is not None

    def test_without_names_nothing_is_known(self):
        X, y = make_panel()
        assert small().fit(X.gather(), y).module_.known == []

    def test_a_name_that_is_not_there_is_refused(self):
        X, y = make_panel()
        with pytest.raises(DataError, match=r"\['clock'\].*'day_cos'"):
            small(known_features=["x", "clock"]).fit(X, y)
        with pytest.raises(DataError, match="no names of features"):
            small(known_features=["x"]).fit(X.gather(), y)


def test_noise_gets_less_weight_than_what_decides(learnt):
    X, _ = make_panel()
    weights = learnt.variable_selection_weights(X)
    assert weights.shape == (300, 3, 4)
    np.testing.assert_allclose(weights.sum(axis=2), 1, rtol=1e-6)
    of_feature = weights.mean(axis=(0, 1))
    assert of_feature[0] > 1.5 * of_feature[1]


def test_weights_of_any_split_of_the_input_have_equal_bits():
    X, y = make_panel()
    model = small().fit(X, y)
    together = model.variable_selection_weights(X[:40])
    alone = [model.variable_selection_weights(X[[row]])[0] for row in range(40)]
    np.testing.assert_array_equal(alone, together)
    together = model.attention_weights(X[:40])
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-6)
    alone = [model.attention_weights(X[[row]])[0] for row in range(40)]
    np.testing.assert_array_equal(alone, together)
