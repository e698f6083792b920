"""cross_val_paths and cross_val_oof against plain loops over the folds."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.pipeline import make_pipeline

from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    WalkForwardSplit,
    cross_val_oof,
    cross_val_paths,
)
from sk_ensemble.panel import Panel
from sk_ensemble.preprocessing import Windower

N_ROWS = 60
RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(N_ROWS, 3))
LABELS = np.where(FEATURES[:, 0] > 0.4, 1, np.where(FEATURES[:, 0] < -0.4, -1, 0))


class FoldClassifier(ClassifierMixin, BaseEstimator):
    """Predict a number that only the training rows decide; count the fits."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        type(self).fits += 1
        self.classes_ = np.unique(y)
        weights = (
            np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        )
        self.mean_ = (X[:, 0] * weights).sum()
        return self

    def predict_proba(self, X):
        columns = np.arange(len(self.classes_))
        return self.mean_ + X[:, :1] + columns

    def predict(self, X):
        return self.classes_[np.zeros(len(X), dtype=int)]


def expected_paths(cv, X, y, n_paths, classes):
    """Paths by the table: the p-th prediction of each row is on path p."""
    paths = np.full((n_paths, len(X), len(classes)), np.nan)
    for train, test in cv.split(X):
        model = FoldClassifier().fit(X[train], y[train])
        proba = np.zeros((len(test), len(classes)))
        proba[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(
            X[test]
        )
        for row, values in zip(test, proba, strict=True):
            free = np.flatnonzero(np.isnan(paths[:, row, 0]))[0]
            paths[free, row] = values
    return paths


@settings(max_examples=40)
@given(st.data())
def test_paths_equal_a_loop_over_folds_and_rows(data):
    n_blocks = data.draw(st.integers(3, 6))
    cv = CombinatorialPurgedSplit(
        n_blocks, data.draw(st.integers(1, n_blocks - 2)), purged_size=1
    )
    y = np.array(data.draw(st.lists(st.integers(0, 2), min_size=40, max_size=40)))
    X, classes = FEATURES[:40], np.unique(y)
    result = cross_val_paths(FoldClassifier(), X, y, cv)
    expected = expected_paths(cv, X, y, cv.n_paths, classes)
    np.testing.assert_allclose(result.predictions, expected)
    np.testing.assert_array_equal(result.path_ids, cv.path_ids())
    np.testing.assert_array_equal(result.classes, classes)


def test_paths_are_made_of_the_folds_the_table_names():
    cv = CombinatorialPurgedSplit(6, 2, purged_size=1)
    result = cross_val_paths(FoldClassifier(), FEATURES, LABELS, cv)
    blocks = np.array_split(np.arange(N_ROWS), 6)
    for fold, (train, _) in enumerate(cv.split(FEATURES)):
        model = FoldClassifier().fit(FEATURES[train], LABELS[train])
        for block, path in zip(
            cv.test_blocks()[fold], result.path_ids[fold], strict=True
        ):
            rows = blocks[block]
            np.testing.assert_allclose(
                result.predictions[path, rows], model.predict_proba(FEATURES[rows])
            )


@pytest.mark.parametrize("function", [cross_val_paths, cross_val_oof])
def test_each_fold_is_fitted_once(function):
    FoldClassifier.fits = 0
    cv = CombinatorialPurgedSplit(5, 2, purged_size=0)
    function(FoldClassifier(), FEATURES, LABELS, cv)
    assert FoldClassifier.fits == 10


def test_the_mean_over_paths_is_the_out_of_fold_prediction():
    cv = CombinatorialPurgedSplit(6, 2, purged_size=1)
    paths = cross_val_paths(LogisticRegression(), FEATURES, LABELS, cv)
    oof = cross_val_oof(LogisticRegression(), FEATURES, LABELS, cv)
    np.testing.assert_allclose(oof.predictions, paths.predictions.mean(axis=0))
    assert (oof.n_predictions == 5).all()
    np.testing.assert_allclose(oof.predictions.sum(axis=1), 1)


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "predict"])
@pytest.mark.parametrize("cv", [PurgedSplit(4, purged_size=0), KFold(4), 4], ids=str)
def test_partitions_give_what_cross_val_predict_gives(cv, method):
    same = cross_val_predict(
        LogisticRegression(), FEATURES, LABELS, cv=cv, method=method
    )
    oof = cross_val_oof(LogisticRegression(), FEATURES, LABELS, cv, method=method)
    paths = cross_val_paths(LogisticRegression(), FEATURES, LABELS, cv, method=method)
    np.testing.assert_array_equal(oof.predictions, same)
    np.testing.assert_array_equal(paths.predictions, same[None])
    assert paths.path_ids.tolist() == [[0]] * 4


@pytest.mark.parametrize(
    "cv",
    [WalkForwardSplit(3, test_size=10, purged_size=2), TimeSeriesSplit(3)],
    ids=str,
)
def test_rows_before_the_first_test_block_have_no_prediction(cv):
    oof = cross_val_oof(LogisticRegression(), FEATURES, LABELS, cv)
    tested = np.concatenate([test for _, test in cv.split(FEATURES)])
    known = np.zeros(N_ROWS, dtype=bool)
    known[tested] = True
    assert (np.isnan(oof.predictions).all(axis=1) == ~known).all()
    assert (oof.n_predictions == known).all()
    paths = cross_val_paths(LogisticRegression(), FEATURES, LABELS, cv)
    np.testing.assert_array_equal(paths.predictions[0], oof.predictions)


def test_rows_that_random_splits_never_test_are_nan_and_others_averaged():
    cv = ShuffleSplit(5, test_size=0.2, random_state=0)
    oof = cross_val_oof(FoldClassifier(), FEATURES, LABELS, cv)
    sums, counts = np.zeros((N_ROWS, 3)), np.zeros(N_ROWS)
    for train, test in cv.split(FEATURES):
        model = FoldClassifier().fit(FEATURES[train], LABELS[train])
        sums[test] += model.predict_proba(FEATURES[test])
        counts[test] += 1
    assert (counts == 0).any()
    assert (counts > 1).any()
    known = counts > 0
    np.testing.assert_allclose(
        oof.predictions[known], sums[known] / counts[known, None]
    )
    assert np.isnan(oof.predictions[~known]).all()


# --- classes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "missing"), [("predict_proba", 0.0), ("predict_log_proba", -np.inf)]
)
def test_a_class_that_a_fold_lacks_has_probability_zero(method, missing):
    y = LABELS.copy()
    y[y == 1] = 0
    y[50:] = 1  # only in the last of four blocks
    cv = PurgedSplit(4, purged_size=0)
    oof = cross_val_oof(LogisticRegression(), FEATURES, y, cv, method=method)
    assert oof.classes.tolist() == [-1, 0, 1]
    assert (oof.predictions[45:, 2] == missing).all()
    assert (oof.predictions[:45, 2] > missing).all()
    assert np.isfinite(oof.predictions[45:, :2]).all()


def test_scores_of_all_classes_are_lined_up_and_of_too_few_refused():
    y = LABELS.copy()
    y[y == 1] = 0
    y[50:] = 1
    cv = PurgedSplit(4, purged_size=0)
    with pytest.raises(DataError, match=r"classes \[-1, 0\] gives one score per row"):
        cross_val_oof(LogisticRegression(), FEATURES, y, cv, method="decision_function")
    fine = {"method": "decision_function"}
    oof = cross_val_oof(LogisticRegression(), FEATURES, LABELS, cv, **fine)
    assert oof.predictions.shape == (N_ROWS, 3)
    two = cross_val_oof(LogisticRegression(), FEATURES, LABELS > 0, cv, **fine)
    assert two.predictions.shape == (N_ROWS,)


def test_labels_of_text_are_given_as_text():
    y = np.array(["down", "flat", "up"])[LABELS + 1]
    cv = WalkForwardSplit(3, test_size=10, purged_size=0)
    oof = cross_val_oof(LogisticRegression(), FEATURES, y, cv, method="predict")
    assert pd.isna(oof.predictions[:30]).all()
    assert set(oof.predictions[30:]) <= {"down", "flat", "up"}
    assert oof.classes.tolist() == ["down", "flat", "up"]


def test_regressors_predict_and_have_no_classes():
    cv = CombinatorialPurgedSplit(4, 2, purged_size=0)
    y = FEATURES @ [1.0, 2.0, 3.0]
    result = cross_val_oof(LinearRegression(), FEATURES, y, cv, method="predict")
    np.testing.assert_allclose(result.predictions, y)
    assert result.classes is None


def test_predictions_keep_their_precision():
    class Single(FoldClassifier):
        def predict_proba(self, X):
            return super().predict_proba(X).astype(np.float32)

    cv = CombinatorialPurgedSplit(4, 2, purged_size=0)
    for function in (cross_val_paths, cross_val_oof):
        assert function(Single(), FEATURES, LABELS, cv).predictions.dtype == np.float32


# --- inputs -----------------------------------------------------------------------


@pytest.fixture
def aligned():
    times = pd.date_range("2024-01-01", periods=N_ROWS, freq="5min", tz="UTC")
    index = pd.MultiIndex.from_product(
        [["A", "B"], times], names=["symbol", "datetime"]
    )
    values = np.random.default_rng(0).normal(size=(len(index), 3))
    frame = pd.DataFrame(values, columns=list("abc"), index=index)
    ends = frame.index.get_level_values("datetime") + pd.Timedelta("10min")
    labels = pd.DataFrame({"label": (frame["a"] > 0).astype(int), "label_end": ends})
    return Panel.from_frame(frame).align(labels)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_pipelines_on_a_panel_cut_windows_from_the_whole_history(aligned, n_jobs):
    X, y = aligned
    model = make_pipeline(Windower(4, flatten=True), LogisticRegression())
    cv = CombinatorialPurgedSplit(4, 2, embargo_size=4)
    result = cross_val_paths(model, X, y, cv, n_jobs=n_jobs)
    train, test = next(cv.split(X))
    expected = clone(model).fit(X[train], y[train]).predict_proba(X[test])
    np.testing.assert_allclose(result.predictions[0, test], expected)
    assert not np.isnan(result.predictions).any()


@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_lists_and_frames_are_cut_like_arrays(kind):
    cv = CombinatorialPurgedSplit(4, 2, purged_size=1)
    expected = cross_val_oof(LogisticRegression(), FEATURES, LABELS, cv)
    X = FEATURES.tolist() if kind is list else pd.DataFrame(FEATURES)
    y = LABELS.tolist() if kind is list else pd.Series(LABELS)
    result = cross_val_oof(LogisticRegression(), X, y, cv)
    np.testing.assert_allclose(result.predictions, expected.predictions)


def test_weights_are_cut_to_the_training_rows():
    weights = np.arange(N_ROWS) / N_ROWS
    cv = PurgedSplit(4, purged_size=0)
    oof = cross_val_oof(
        FoldClassifier(), FEATURES, LABELS, cv, params={"sample_weight": weights}
    )
    for train, test in cv.split(FEATURES):
        model = FoldClassifier().fit(FEATURES[train], LABELS[train], weights[train])
        np.testing.assert_allclose(
            oof.predictions[test], model.predict_proba(FEATURES[test])
        )


def test_weights_and_label_ends_are_routed_to_who_asks_for_them(aligned):
    X, y = aligned
    frame = X.to_frame().sort_index()
    y = pd.Series(y, index=X.to_frame().index).loc[frame.index]
    ends = frame.index.get_level_values("datetime") + pd.Timedelta("30min")
    weights = pd.Series(np.linspace(0, 1, len(frame)), index=frame.index)
    params = {"label_end": pd.Series(ends, index=frame.index), "sample_weight": weights}
    with sklearn.config_context(enable_metadata_routing=True):
        cv = CombinatorialPurgedSplit(4, 2).set_split_request(label_end=True)
        model = LogisticRegression().set_fit_request(sample_weight=True)
        result = cross_val_paths(model, frame, y, cv, params=params)
        with pytest.raises(TypeError, match="unexpected argument"):
            cross_val_paths(
                LogisticRegression().set_fit_request(sample_weight=True),
                frame,
                y,
                CombinatorialPurgedSplit(4, 2, purged_size=1),
                params={**params, "nonsense": 1},
            )
    train, test = next(cv.split(frame, label_end=params["label_end"]))
    alone = LogisticRegression().fit(
        frame.iloc[train], y.iloc[train], sample_weight=weights.iloc[train]
    )
    np.testing.assert_allclose(
        result.predictions[0, test], alone.predict_proba(frame.iloc[test])
    )


def test_targets_of_other_rows_are_refused(aligned):
    X, y = aligned
    index = X.to_frame().index
    cv = PurgedSplit(3)
    other = pd.Series(y, index=index).sort_index()
    for wrong in ({"y": other}, {"y": y, "params": {"sample_weight": other}}):
        with pytest.raises(DataError, match="is indexed by other bars than X"):
            cross_val_oof(DummyClassifier(), X, cv=cv, **wrong)
    fine = {"sample_weight": pd.Series(1.0, index=index)}
    cross_val_oof(DummyClassifier(), X, pd.Series(y, index=index), cv, params=fine)


# --- progress and refusals --------------------------------------------------------


@pytest.mark.parametrize(
    "cv", [PurgedSplit(4, purged_size=0), CombinatorialPurgedSplit(4, purged_size=0)]
)
def test_progress_sees_every_fold_as_it_comes(cv):
    seen = []

    @contextmanager
    def watch(results, n_results):
        seen.append(n_results)
        yield (seen.append(len(each)) or each for each in results)

    cross_val_oof(DummyClassifier(), FEATURES, LABELS, cv, progress=watch)
    n_folds = cv.get_n_splits()
    assert seen == [n_folds] + [len(test) for _, test in cv.split(FEATURES)]


def test_splitters_without_paths_are_refused_before_any_fit():
    FoldClassifier.fits = 0
    cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    with pytest.raises(ValueError, match="tests some rows in several folds"):
        cross_val_paths(FoldClassifier(), FEATURES, LABELS, cv)
    assert FoldClassifier.fits == 0
    assert (
        cross_val_oof(FoldClassifier(), FEATURES, LABELS, cv).n_predictions == 2
    ).all()


def test_labels_are_not_averaged():
    cv = CombinatorialPurgedSplit(4, 2, purged_size=0)
    arguments = (LogisticRegression(), FEATURES, LABELS, cv)
    with pytest.raises(ValueError, match="class labels have no mean"):
        cross_val_oof(*arguments, method="predict")
    paths = cross_val_paths(*arguments, method="predict")
    assert paths.predictions.shape == (3, N_ROWS)
    assert set(np.unique(paths.predictions)) <= {-1, 0, 1}


@pytest.mark.parametrize(
    ("estimator", "y", "method", "error", "match"),
    [
        (
            LinearRegression(),
            LABELS,
            "predict_proba",
            AttributeError,
            "has no predict_p",
        ),
        (
            DummyClassifier(),
            LABELS,
            "transform",
            ValueError,
            "method must be 'predict'",
        ),
        (DummyClassifier(), None, "predict_proba", DataError, "one label per row"),
        (DummyClassifier(), FEATURES, "predict_proba", DataError, r"shape \(60, 3\)"),
    ],
)
def test_what_cannot_be_predicted_is_refused(estimator, y, method, error, match):
    cv = PurgedSplit(3, purged_size=0)
    with pytest.raises(error, match=match):
        cross_val_paths(estimator, FEATURES, y, cv, method=method)
