from __future__ import annotations

import json

import catboost
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import log_loss

from sk_ensemble import CatBoostClassifier, Windower
from sk_ensemble.boosting._bins import bin_edges, in_bins
from sk_ensemble.boosting._catboost_trees import (
    booster_of,
    read_trees,
    trees_of,
    write_trees,
)
from sk_ensemble.exceptions import PersistenceError

VALUES = st.floats(-1e6, 1e6, width=32)


def small(**params):
    settings = {"n_estimators": 8, "learning_rate": 0.3, "early_stopping": False}
    return CatBoostClassifier(**(settings | params))


@pytest.fixture(scope="module")
def rounded(samples):
    """Return windows of few different values, all of which every bar has."""
    windows, y = samples
    return np.tile(windows.gather().round(), (2, 1, 1)), np.tile(y, 2)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_trees_are_those_of_the_library_on_the_whole_matrix(rounded, classes):
    X, y = rounded
    if classes == 2:
        X, y = X[y != 0], y[y != 0]
    flat = X.reshape(len(X), -1)
    model = small(rsm=1.0).fit(X, y)
    shares = np.unique(y, return_counts=True)[1] / len(y)
    start = np.log(shares) if classes == 3 else np.log([shares[1] / shares[0]])
    oracle = catboost.CatBoost(
        {
            "loss_function": "MultiClass" if classes == 3 else "Logloss",
            "iterations": 8,
            "learning_rate": 0.3,
            "depth": 4,
            "l2_leaf_reg": 3.0,
            "random_strength": 0.0,
            "bootstrap_type": "No",
            "boosting_type": "Plain",
            "logging_level": "Silent",
            "allow_writing_files": False,
            "thread_count": 1,
        }
    )
    codes = np.unique(y, return_inverse=True)[1]
    pool = catboost.Pool(flat, codes, baseline=np.tile(start, (len(y), 1)))
    oracle.fit(pool)
    margins = oracle.predict(pool, prediction_type="RawFormulaVal").reshape(len(y), -1)
    if classes == 2:
        margins = np.hstack([np.zeros_like(margins), margins])
    proba = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    assert np.abs(model.predict_proba(X) - proba).max() < 1e-6


def test_training_starts_from_the_shares_of_the_classes(samples):
    windows, y = samples
    weights = np.where(y == 1, 5.0, 1.5)
    model = small(n_estimators=1, learning_rate=1e-4).fit(windows, y, weights)
    shares = [weights[y == label].sum() / weights.sum() for label in (-1, 0, 1)]
    np.testing.assert_allclose(model.predict_proba(windows)[0], shares, atol=1e-3)


def test_where_nothing_varies_the_shares_are_predicted():
    y = np.arange(30) % 3
    model = small().fit(np.ones((30, 2)), y, np.where(y == 2, 2.0, 1.0))
    expected = np.tile([0.25, 0.25, 0.5], (30, 1))
    np.testing.assert_allclose(model.predict_proba(np.ones((30, 2))), expected)
    assert (model.n_iter_, model.feature_importances_.tolist()) == (0, [0, 0])


@pytest.mark.parametrize(("n_rows", "n_digits"), [(40, 1), (400, 8), (12_000, 1)])
def test_whole_weights_are_repetitions(n_rows, n_digits):
    rng = np.random.default_rng(0)
    # Of few rows the edges of bins are chosen with the weights, of many without, so
    # that all edges there are must fit.
    params = {"rsm": 1.0, "border_count": 64 if n_rows < 10_000 else 254}
    X = rng.normal(size=(n_rows, 3)).round(n_digits)
    y = (X[:, 0] + rng.normal(size=n_rows) > 0).astype(int)
    weights = rng.integers(1, 4, size=n_rows)
    order = rng.permutation(weights.sum())
    one = small(**params).fit(X, y, weights)
    other = small(**params).fit(
        X.repeat(weights, axis=0)[order], y.repeat(weights)[order]
    )
    gap = np.abs(one.predict_proba(X) - other.predict_proba(X))
    assert gap.max() < 1e-6


def test_an_error_of_a_callback_is_the_error_of_the_fit(samples):
    class Broken:
        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_begin = setup

        def on_fit_task_end(self, estimator, context):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        small().set_callbacks(Broken()).fit(*samples)


class TestBins:
    @given(
        column=arrays(np.float32, st.integers(1, 60), elements=VALUES),
        n_most=st.integers(1, 254),
    )
    def test_the_number_of_a_bin_says_between_which_edges_a_value_lies(
        self, column, n_most
    ):
        windows = Windower(1).transform(column[:, None])
        (edges,) = bin_edges(windows, n_most)
        assert len(edges) == min(n_most, len(np.unique(column)) - 1) or (
            len(edges) < n_most < len(np.unique(column)) - 1
        )
        assert (np.diff(edges) > 0).all()
        codes = in_bins(windows, [edges]).gather().ravel()
        expected = [1 + sum(value > edge for edge in edges) for value in column]
        assert codes.tolist() == expected

    def test_bins_hold_equal_shares_where_values_are_many(self):
        column = np.random.default_rng(0).normal(size=10_000).astype(np.float32)
        windows = Windower(1).transform(column[:, None])
        codes = in_bins(windows, bin_edges(windows, 9)).gather().ravel()
        assert np.bincount(codes)[1:].tolist() == pytest.approx([1000] * 10, abs=2)

    def test_missing_values_have_a_bin_of_their_own(self):
        windows = Windower(2).transform(np.array([[1.0], [np.nan], [-3.0]]))
        assert in_bins(windows, bin_edges(windows, 5)).gather()[:, :, 0].tolist() == [
            [2, 2],
            [2, 0],
            [0, 1],
        ]

    def test_a_bar_counts_as_often_as_it_stands_in_windows(self):
        bars = np.random.default_rng(0).normal(size=(40, 1))
        windows = Windower(5).transform(bars)[[0, 3, 20, 21, 39, 39]]
        laid_out = Windower(1).transform(windows.gather().reshape(-1, 1))
        for n_most in (3, 7):
            (edges,), (expected,) = (
                bin_edges(kind, n_most) for kind in (windows, laid_out)
            )
            np.testing.assert_array_equal(edges, expected)

    def test_windows_keep_their_bars_and_times(self, samples):
        windows, _ = samples
        codes = in_bins(windows, bin_edges(windows, 254))
        assert codes.shape == windows.shape
        assert codes.gather().dtype == np.uint8
        np.testing.assert_array_equal(codes.bar_rows(), windows.bar_rows())


class TestMissingValues:
    def test_they_are_less_than_all_others(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(400, 2))
        X[::3, 0] = np.nan
        y = np.isnan(X[:, 0]) | (X[:, 0] < -0.5)
        model = small(rsm=1.0).fit(X, y)
        assert model.score(X, y) == 1
        assert model.predict([[np.nan, 0.0], [-9e9, 0.0], [9e9, 0.0]]).tolist() == [
            True,
            True,
            False,
        ]

    def test_where_training_had_none_they_are_still_the_least(self):
        X = np.random.default_rng(0).normal(size=(400, 1))
        model = small().fit(X, X[:, 0] > 0)
        assert model.predict([[np.nan], [-1.0]]).tolist() == [False, False]


@pytest.fixture(scope="module")
def model(samples):
    return small(depth=3, n_estimators=20).fit(*samples)


class TestTrees:
    def test_written_and_read_again_they_predict_equal_bits(self, model, samples):
        windows, _ = samples
        flat = windows.gather().reshape(len(windows), -1)
        content = write_trees(trees_of(model.booster_))
        again = booster_of(read_trees(content, 6, 3), 6)
        margins = [
            booster.predict(flat, prediction_type="RawFormulaVal")
            for booster in (model.booster_, again)
        ]
        np.testing.assert_array_equal(*margins)
        assert write_trees(trees_of(again)) == content

    def test_they_are_what_the_loss_was_computed_with(self, model, samples):
        windows, y = samples
        loss = log_loss(y, model.predict_proba(windows))
        assert model.history_["train_loss"][-1] == pytest.approx(loss, abs=1e-9)

    def test_the_margin_of_a_row_is_the_sum_of_its_leaves(self, model, samples):
        windows, _ = samples
        trees = trees_of(model.booster_)
        for row in windows.gather()[:20].reshape(20, -1):
            margin = np.array(trees["bias"])
            for tree in trees["trees"]:
                leaf = sum(
                    int(row[column] > border) << level
                    for level, (column, border) in enumerate(tree["splits"])
                )
                margin += np.reshape(tree["leaf_values"], (-1, 3))[leaf]
            found = model.booster_.predict(row, prediction_type="RawFormulaVal")
            np.testing.assert_allclose(found, margin, atol=1e-12)

    @pytest.mark.parametrize(
        "change",
        [
            lambda trees: trees.pop("bias"),
            lambda trees: trees.update(more=1),
            lambda trees: trees.update(trees=[]),
            lambda trees: trees.update(trees=5),
            lambda trees: trees["bias"].append(0.0),
            lambda trees: trees["bias"].__setitem__(0, float("nan")),
            lambda trees: trees["bias"].__setitem__(0, "0"),
            lambda trees: trees["trees"].append(None),
            lambda trees: trees["trees"][0].pop("splits"),
            lambda trees: trees["trees"][0]["splits"].pop(),
            lambda trees: trees["trees"][0].update(splits=[[0, 0.5]] * 17),
            lambda trees: trees["trees"][0]["splits"].__setitem__(0, [6, 0.5]),
            lambda trees: trees["trees"][0]["splits"].__setitem__(0, [-1, 0.5]),
            lambda trees: trees["trees"][0]["splits"].__setitem__(0, [True, 0.5]),
            lambda trees: trees["trees"][0]["splits"].__setitem__(0, [0, 1e39]),
            lambda trees: trees["trees"][0]["splits"].__setitem__(0, [0, 0.1]),
            lambda trees: trees["trees"][0]["leaf_values"].pop(),
            lambda trees: trees["trees"][0]["leaf_values"].__setitem__(0, 1e300),
            lambda trees: trees["trees"][0]["leaf_weights"].pop(),
        ],
    )
    def test_others_are_refused_before_the_library_sees_them(self, model, change):
        trees = json.loads(write_trees(trees_of(model.booster_)))
        read_trees(json.dumps(trees).encode(), 6, 3)
        change(trees)
        with pytest.raises(PersistenceError, match="does not hold"):
            read_trees(json.dumps(trees).encode(), 6, 3)

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
    def test_what_is_no_json_is_refused(self, content):
        with pytest.raises(PersistenceError, match="no JSON"):
            read_trees(content, 6, 3)
