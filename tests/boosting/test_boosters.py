from __future__ import annotations

import importlib
import itertools
import pickle
import warnings

import lightgbm
import numpy as np
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline

from sk_ensemble import (
    CatBoostClassifier,
    LightGBMClassifier,
    Panel,
    PurgedSplit,
    Windower,
    XGBoostClassifier,
)


def native(model, X, y):
    """Train the library's own classifier on the whole matrix."""
    common = {"n_estimators": 8, "learning_rate": 0.3, "max_depth": 3, "n_jobs": 1}
    if isinstance(model, XGBoostClassifier):
        return xgboost.XGBClassifier(**common).fit(X, y)
    return lightgbm.LGBMClassifier(
        **common, verbosity=-1, min_data_in_bin=1, feature_pre_filter=False
    ).fit(X, y)


@pytest.mark.parametrize("booster", [XGBoostClassifier, LightGBMClassifier])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_trees_are_those_of_the_library_on_the_whole_matrix(
    booster, small, coarse, classes
):
    windows, y = coarse
    if classes == 2:
        windows, y = windows[y != 0], y[y != 0]
    flat = windows.gather().reshape(len(windows), -1)
    own = {} if booster is XGBoostClassifier else {"num_leaves": 31}
    model = small(max_depth=3, colsample_bytree=1.0, **own).fit(windows, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = native(model, flat, np.unique(y, return_inverse=True)[1])
        expected = oracle.predict_proba(flat)
    assert np.abs(model.predict_proba(windows) - expected).max() < 1e-5


def test_all_kinds_of_input_give_equal_bits(small, samples):
    windows, y = samples
    array = windows.gather()
    expected = small().fit(windows, y).predict_proba(windows)
    assert np.array_equal(small().fit(array, y).predict_proba(array), expected)
    assert np.array_equal(
        small().fit(windows, y).predict_proba(array.astype("float64")), expected
    )


@pytest.mark.parametrize("booster", [XGBoostClassifier, LightGBMClassifier])
def test_a_flattened_table_gives_equal_bits(small, coarse):
    windows, y = coarse
    expected = small().fit(windows, y).predict_proba(windows)
    flat = windows.gather().reshape(len(windows), -1)
    assert np.array_equal(small().fit(flat, y).predict_proba(flat), expected)


def test_a_panel_is_windows_of_one_bar(small, samples):
    windows, y = samples
    panel = Panel(windows.history, windows.positions)
    model = small().fit(panel, y)
    same = make_pipeline(Windower(1), small()).fit(panel, y)
    assert np.array_equal(model.predict_proba(panel), same.predict_proba(panel))
    assert np.array_equal(
        model.predict_proba(panel), model.predict_proba(panel.to_frame())
    )


BOOSTERS = [XGBoostClassifier, LightGBMClassifier, CatBoostClassifier]


def fitted(family, samples):
    windows, y = samples
    model = family(n_estimators=8, early_stopping=False).fit(windows, y)
    return model, windows, model.predict_proba(windows)


@pytest.fixture(scope="module")
def fits(samples):
    return [fitted(cls, samples) for cls in BOOSTERS]


@given(cuts=st.lists(st.integers(0, 530), max_size=6), step=st.sampled_from([1, -1]))
def test_any_split_of_the_samples_predicts_equal_bits(fits, cuts, step):
    for model, windows, whole in fits:
        edges = [0, *sorted(c for c in cuts if c < len(windows)), len(windows)]
        for start, stop in itertools.pairwise(edges):
            if start < stop:
                rows = np.arange(start, stop)[::step]
                assert np.array_equal(model.predict_proba(windows[rows]), whole[rows])


def test_small_blocks_predict_equal_bits(fits, monkeypatch):
    for model, windows, whole in fits:
        monkeypatch.setattr(type(model), "_cells_at_once", 42)
        assert np.array_equal(model.predict_proba(windows), whole)


def test_a_permuted_panel_gives_equal_trees(booster, small, samples, content):
    windows, y = samples
    order = np.random.default_rng(0).permutation(len(y))
    weights = np.random.default_rng(1).uniform(0.5, 2, size=len(y))
    params = {"early_stopping": "auto", "colsample_bytree": 0.5, "random_state": 0}
    one = small(**params).fit(windows, y, weights)
    other = small(**params).fit(windows[order], y[order], weights[order])
    assert content(one) == content(other)
    shuffled = windows.gather()[order]
    plain = {**params, "early_stopping": False, "subsample": 0.7}
    without_times = [
        content(small(**plain).fit(*arrays))
        for arrays in [(windows.gather(), y), (shuffled, y[order])]
    ]
    # CatBoost is given few rows in an order of their own.
    is_same = booster is CatBoostClassifier
    assert (without_times[0] == without_times[1]) == is_same


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_equal_n_jobs_give_equal_trees(small, samples, content, n_jobs):
    windows, y = samples
    one, other = (small(n_jobs=n_jobs).fit(windows, y) for _ in range(2))
    assert content(one) == content(other)
    if n_jobs is None:
        alone = small(n_jobs=1).fit(windows, y).predict_proba(windows)
        assert np.array_equal(one.predict_proba(windows), alone)


def test_cross_validation_in_processes_gives_equal_bits(small, samples):
    windows, y = samples
    panel = Panel(windows.history, windows.positions, windows.label_end_ns)
    model = make_pipeline(Windower(3), small(early_stopping="auto"))
    scores = [
        cross_validate(
            model,
            panel,
            y,
            cv=PurgedSplit(3),
            scoring="neg_log_loss",
            n_jobs=n_jobs,
            return_estimator=True,
        )
        for n_jobs in (1, 2)
    ]
    assert np.array_equal(scores[0]["test_score"], scores[1]["test_score"])
    for one, other in zip(*(s["estimator"] for s in scores), strict=True):
        assert np.array_equal(one.predict_proba(panel), other.predict_proba(panel))


def test_windows_are_gathered_in_batches_only(small, samples, monkeypatch):
    windows, y = samples
    monkeypatch.setattr("sk_ensemble.boosting._flat_rows._BATCH_CELLS", 6 * 50)
    sizes = {"u": [], "f": []}
    gather = type(windows).gather

    def watched(self, rows=slice(None)):
        batch = gather(self, rows)
        sizes[batch.dtype.kind].append(len(batch))
        return batch

    monkeypatch.setattr(type(windows), "gather", watched)
    model = small(early_stopping="auto").fit(windows, y)
    assert sizes["f"] == []
    assert max(sizes["u"]) == 50
    monkeypatch.setattr(type(model), "_cells_at_once", 6 * 50)
    # Windows that do not follow one another are copied, all others are not.
    model.predict_proba(windows[::2])
    assert max(sizes["f"]) == 50


def test_batches_of_any_size_give_equal_trees(small, samples, content, monkeypatch):
    windows, y = samples
    whole = small().fit(windows, y)
    monkeypatch.setattr("sk_ensemble.boosting._flat_rows._BATCH_CELLS", 6 * 50)
    batched = small().fit(windows, y)
    assert content(whole) == content(batched)


def test_bins_from_a_sample_of_bars_cost_no_accuracy(small, samples_of, monkeypatch):
    windows, y = samples_of(1, n_bars=1500)
    half = len(y) // 2
    exact = small(max_bin=64).fit(windows[:half], y[:half])
    monkeypatch.setattr("sk_ensemble.boosting._bins._SAMPLED_BARS", 300)
    sampled = small(max_bin=64).fit(windows[:half], y[:half])
    losses = [
        log_loss(y[half:], model.predict_proba(windows[half:]))
        for model in (exact, sampled)
    ]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], abs=0.02)


def test_early_stopping_keeps_the_best_rounds(small, samples):
    windows, y = samples
    model = small(n_estimators=60, early_stopping="auto", n_iter_no_change=5)
    model.fit(windows, y)
    losses = model.history_["val_loss"]
    assert model.n_iter_ == int(np.argmin(losses)) + 1 < 60
    assert len(losses) == len(model.history_["train_loss"]) == model.n_iter_ + 5
    assert all(type(value) is float for value in losses)


def test_the_validation_loss_is_the_weighted_log_loss_of_what_is_kept(small, samples):
    windows, y = samples
    first, last = np.arange(350), np.arange(350, len(y))
    weights = np.random.default_rng(0).uniform(0.2, 5, size=len(last))
    model = small(early_stopping=True).fit(
        windows[first],
        y[first],
        X_val=windows[last],
        y_val=y[last],
        sample_weight_val=weights,
    )
    proba = model.predict_proba(windows[last])
    expected = log_loss(y[last], proba, sample_weight=weights)
    assert min(model.history_["val_loss"]) == pytest.approx(expected, abs=1e-6)
    assert log_loss(y[last], proba) != pytest.approx(expected, abs=1e-4)


def test_the_refitted_model_is_one_of_as_many_rounds_on_everything(
    small, samples, content
):
    windows, y = samples
    params = {"early_stopping": "auto", "n_estimators": 40, "n_iter_no_change": 3}
    refitted = small(**params, refit_tail=True).fit(windows, y)
    stopped = small(**params).fit(windows, y)
    whole = small(n_estimators=stopped.n_iter_).fit(windows, y)
    assert refitted.n_iter_ == stopped.n_iter_
    assert refitted.history_ == stopped.history_
    assert np.array_equal(refitted.predict_proba(windows), whole.predict_proba(windows))
    assert content(refitted) != content(stopped)


def test_without_validation_there_is_a_training_loss_only(small, samples):
    windows, y = samples
    model = small().fit(windows, y)
    assert list(model.history_) == ["train_loss"]
    assert model.n_iter_ == len(model.history_["train_loss"]) == 8
    loss = log_loss(y, model.predict_proba(windows))
    assert model.history_["train_loss"][-1] == pytest.approx(loss, abs=1e-6)


CHANGES = {
    "n_estimators": 3,
    "learning_rate": 0.1,
    "max_depth": 2,
    "min_child_weight": 30.0,
    "subsample": 0.5,
    "colsample_bytree": 0.3,
    "reg_alpha": 5.0,
    "reg_lambda": 50.0,
    "max_bin": 4,
    "class_weight": "balanced",
}
OWN_CHANGES = [
    (CatBoostClassifier, "n_estimators", 3),
    (CatBoostClassifier, "learning_rate", 0.1),
    (CatBoostClassifier, "depth", 2),
    (CatBoostClassifier, "l2_leaf_reg", 50.0),
    (CatBoostClassifier, "random_strength", 5.0),
    (CatBoostClassifier, "subsample", 0.5),
    (CatBoostClassifier, "rsm", 0.2),
    (CatBoostClassifier, "border_count", 4),
    (CatBoostClassifier, "class_weight", "balanced"),
    (XGBoostClassifier, "gamma", 5.0),
    (LightGBMClassifier, "num_leaves", 3),
    (LightGBMClassifier, "min_child_samples", 80),
    (LightGBMClassifier, "min_split_gain", 5.0),
]
ALL_CHANGES = [
    *(
        (cls, *item)
        for cls in (XGBoostClassifier, LightGBMClassifier)
        for item in CHANGES.items()
    ),
    *OWN_CHANGES,
]


@pytest.mark.parametrize(("cls", "name", "value"), ALL_CHANGES)
def test_every_parameter_changes_the_model(samples, cls, name, value):
    windows, y = samples
    params = {"n_estimators": 8, "early_stopping": False, "random_state": 0}
    plain = cls(**params).fit(windows, y).predict_proba(windows)
    changed = cls(**{**params, name: value}).fit(windows, y)
    assert not np.array_equal(changed.predict_proba(windows), plain)


def test_one_draw_of_rows_may_serve_several_trees(samples):
    windows, y = samples
    one, other = (
        LightGBMClassifier(
            n_estimators=8, subsample=0.5, subsample_freq=freq, random_state=0
        ).fit(windows, y)
        for freq in (1, 4)
    )
    assert not np.array_equal(one.predict_proba(windows), other.predict_proba(windows))


def test_draws_follow_the_random_state(small, samples, content):
    windows, y = samples
    models = [
        small(subsample=0.5, random_state=seed).fit(windows, y) for seed in (0, 0, 1)
    ]
    assert content(models[0]) == content(models[1]) != content(models[2])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_estimators", 0),
        ("learning_rate", 0.0),
        ("subsample", 0.0),
        ("colsample_bytree", 1.5),
        ("reg_lambda", -1.0),
        ("max_bin", 1),
        ("class_weight", "even"),
        ("n_jobs", 1.5),
    ],
)
def test_parameters_out_of_range_are_refused(booster, spelled, name, value):
    name = spelled(name)
    if name == "border_count":
        value = 0
    with pytest.raises(ValueError, match=name):
        booster(**{name: value}).fit([[0.0], [1.0]], [0, 1])


def test_importances_point_to_the_feature_and_the_bar(small, samples):
    windows, y = samples
    moved = y != 0
    model = small(n_estimators=3).fit(windows[moved], y[moved])
    assert model.lag_importances_.shape == (3, 2)
    assert model.feature_importances_.shape == (2,)
    assert model.lag_importances_.sum() == pytest.approx(1)
    assert model.feature_importances_.argmax() == 1
    assert model.lag_importances_[:, 1].argmax() == 2
    assert model.lag_importances_.sum(axis=0) == pytest.approx(
        model.feature_importances_
    )


def test_one_class_has_no_booster_and_no_importances(small, samples):
    windows, y = samples
    model = small().fit(windows, y).fit(windows, np.ones(len(y)))
    assert model.booster_ is None
    assert model.n_iter_ == 0
    assert np.array_equal(model.lag_importances_, np.zeros((3, 2)))


def test_a_class_that_only_the_tail_has_is_predicted_never(small, samples):
    windows, _ = samples
    late = windows.times_ns >= np.quantile(windows.times_ns, 0.95)
    labels = np.where(late, 5, np.sign(windows.gather()[:, 2, 1]))
    model = small(early_stopping="auto").fit(windows, labels)
    assert model.classes_.tolist() == [-1, 1, 5]
    assert model.predict_proba(windows)[:, 2].max() < 0.01


@pytest.mark.parametrize("n_bars", [60, 400])
def test_what_is_trained_on_bins_predicts_from_values(small, samples_of, n_bars):
    # With 400 bars of two symbols there are more values than bins.
    windows, y = samples_of(2, n_bars)
    array = windows.gather()
    array[::3, 1, 0] = np.nan
    half = len(y) // 2
    model = small(n_estimators=30, early_stopping=True).fit(
        array[:half], y[:half], X_val=array[half:], y_val=y[half:]
    )
    for name, rows in {
        "train_loss": slice(half),
        "val_loss": slice(half, None),
    }.items():
        loss = log_loss(y[rows], model.predict_proba(array[rows]), labels=[-1, 0, 1])
        assert model.history_[name][model.n_iter_ - 1] == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize("shift", [-10, 0, 10])
def test_values_that_only_the_validating_samples_miss_are_as_in_predicting(
    small, samples, shift
):
    windows, y = samples
    array = windows.gather() + shift
    half = len(y) // 2
    array[half::3, 1] = np.nan
    model = small(n_estimators=30, early_stopping=True).fit(
        array[:half], y[:half], X_val=array[half:], y_val=y[half:]
    )
    loss = log_loss(y[half:], model.predict_proba(array[half:]), labels=[-1, 0, 1])
    assert model.history_["val_loss"][model.n_iter_ - 1] == pytest.approx(
        loss, abs=1e-6
    )


def test_missing_values_are_values_to_learn_from(small):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = rng.integers(0, 2, size=400)
    X[y == 1, 0] = np.nan
    assert small().fit(X, y).score(X, y) > 0.99


def test_pickled_and_cloned_boosters_are_the_same(small, samples):
    windows, y = samples
    model = small().fit(windows, y)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(model.predict_proba(windows), again.predict_proba(windows))
    twin = clone(model).fit(windows, y)
    assert np.array_equal(model.predict_proba(windows), twin.predict_proba(windows))
    assert np.array_equal(model.lag_importances_, again.lag_importances_)


def test_losses_are_reported_only_if_asked_for(small, samples, capfd):
    windows, y = samples
    small().fit(windows, y)
    assert capfd.readouterr() == ("", "")
    small(verbose=4).fit(windows, y)
    told = "".join(capfd.readouterr())
    assert "logloss" in told or "learn: " in told
    assert 2 <= told.count("train") + told.count("learn: ") <= 3


def test_a_missing_library_is_named_with_its_extra(small, samples, monkeypatch):
    load = importlib.import_module

    def without(name, *args):
        if name in ("catboost", "lightgbm", "xgboost"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return load(name, *args)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ImportError, match=r"pip install .*\[boosting\]"):
        small().fit(*samples)


@pytest.fixture(scope="module")
def weighted():
    """Return 2,000 rows and whole-number weights for them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 4)).round(2)
    y = (X[:, 0] + rng.normal(size=2000) > 0).astype(int)
    return X, y, rng.integers(0, 4, size=2000)


def test_weights_of_xgboost_are_repetitions(weighted):
    X, y, weights = weighted
    params = {"n_estimators": 30, "max_bin": 1000}
    model = XGBoostClassifier(**params).fit(X, y, weights)
    repeated = XGBoostClassifier(**params).fit(
        X.repeat(weights, axis=0), y.repeat(weights)
    )
    gap = np.abs(model.predict_proba(X) - repeated.predict_proba(X))
    assert gap.max() < 1e-4


def gap_of_repetition(weighted, **params):
    """Compare the predictions from weights with those from repeated rows."""
    X, y, weights = weighted
    settings = {
        "max_bin": 1000,
        "min_child_samples": 0,
        "num_leaves": 31,
        "colsample_bytree": 1.0,
        **params,
    }
    model = LightGBMClassifier(**settings).fit(X, y, weights)
    repeated = LightGBMClassifier(**settings).fit(
        X.repeat(weights, axis=0), y.repeat(weights)
    )
    return np.abs(model.predict_proba(X) - repeated.predict_proba(X))[:, 0]


def test_weights_of_lightgbm_are_repetitions_but_where_it_counts_rows(weighted):
    # It counts rows in every leaf, so a few leaves differ from the first tree on.
    one_tree = gap_of_repetition(weighted, n_estimators=1)
    assert np.mean(one_tree < 1e-6) > 0.7
    assert gap_of_repetition(weighted, n_estimators=30).mean() < 0.03
    by_count = gap_of_repetition(weighted, n_estimators=1, min_child_samples=20)
    assert np.mean(by_count < 1e-6) < 0.7
