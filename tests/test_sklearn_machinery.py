"""scikit-learn's tools on panels: each works, or refuses with a reason."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    train_test_split,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import resample, shuffle

from sk_ensemble import (
    CombinatorialPurgedSplit,
    Panel,
    PurgedSplit,
    RowTransformer,
    WalkForwardSplit,
    Windower,
    Windows,
)
from sk_ensemble.exceptions import PanelConversionError


class Counting(StandardScaler):
    """A scaler that knows how often any of its kind was fitted."""

    n_fits = 0

    def fit(self, X, y=None):
        type(self).n_fits += 1
        return super().fit(X, y)


GRID = {"window__window_length": [1, 3], "row__transformer__with_mean": [True, False]}
CV = PurgedSplit(3, purged_size=2)


@pytest.fixture(scope="module")
def data():
    """Two symbols whose sign of the last change is the label, on scales apart."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01", periods=120, freq="5min")
    index = pd.MultiIndex.from_product(
        [["A", "B"], times], names=["symbol", "datetime"]
    )
    level = rng.normal(size=(240, 2)) + np.repeat([[0.0], [3.0]], 120, axis=0)
    frame = pd.DataFrame(level, index=index, columns=["close", "volume"])
    change = frame.groupby("symbol")["close"].diff().shift(0)
    labels = pd.DataFrame({"label": (change > 0).astype(int)})
    labels["label_end"] = index.get_level_values("datetime")
    return Panel.from_frame(frame).align(labels, min_history=2)


@pytest.fixture
def model():
    return Pipeline(
        [
            ("row", RowTransformer(StandardScaler())),
            ("window", Windower(2, flatten=True)),
            ("classifier", LogisticRegression()),
        ]
    )


def by_hand(X, y, train, test, window_length=2):
    """Predict without any of our classes but the windows themselves."""
    scaler = StandardScaler().fit(X.to_numpy()[train])
    windows = np.asarray(Windower(window_length).transform(X), dtype=float)
    flat = scaler.transform(windows.reshape(-1, 2)).reshape(len(X), -1)
    classifier = LogisticRegression().fit(flat[train], y[train])
    return classifier.predict_proba(flat[test])


@pytest.mark.parametrize(
    "cv",
    [CV, KFold(3, shuffle=True, random_state=0), TimeSeriesSplit(3)],
    ids=lambda cv: type(cv).__name__,
)
def test_cross_validation_equals_the_loop_done_by_hand(data, model, cv):
    X, y = data
    result = cross_validate(model, X, y, cv=cv, return_estimator=True)
    for fitted, (train, test) in zip(result["estimator"], cv.split(X, y), strict=True):
        np.testing.assert_allclose(
            fitted.predict_proba(X[test]), by_hand(X, y, train, test), atol=1e-5
        )


def test_the_signal_needs_exact_windows(data, model):
    X, y = data
    assert cross_val_score(model, X, y, cv=CV).mean() > 0.9
    assert cross_val_score(model.set_params(window__window_length=1), X, y).mean() < 0.9


SPLITTERS = [
    CV,
    WalkForwardSplit(2, purged_size=2),
    CombinatorialPurgedSplit(4, 2, purged_size=2),
]
SEARCHES = {
    GridSearchCV: {},
    RandomizedSearchCV: {"n_iter": 3, "random_state": 0},
    HalvingGridSearchCV: {"min_resources": 80, "random_state": 0},
}


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.__name__)
def test_searches_work(data, model, search, cv):
    X, y = data
    found = search(model, GRID, cv=cv, error_score="raise", **SEARCHES[search])
    found.fit(X, y)
    assert found.score(X, y) > 0.9
    assert found.best_params_["window__window_length"] == 3
    assert found.n_features_in_ == 2
    assert found.n_splits_ == cv.get_n_splits(X, y)


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.__name__)
def test_searches_in_processes_find_the_same(data, model, search):
    X, y = data
    alone, shared = (
        search(
            model, GRID, cv=CV, error_score="raise", n_jobs=n_jobs, **SEARCHES[search]
        ).fit(X, y)
        for n_jobs in (1, 2)
    )
    for name in alone.cv_results_:
        if "score" in name and "time" not in name:
            np.testing.assert_array_equal(
                alone.cv_results_[name], shared.cv_results_[name]
            )
    assert alone.best_params_ == shared.best_params_
    assert alone.predict_proba(X).tobytes() == shared.predict_proba(X).tobytes()


def test_fold_scores_of_a_search_are_those_of_the_folds(data, model):
    X, y = data
    for cv in SPLITTERS:
        found = GridSearchCV(model, {"window__window_length": [2]}, cv=cv).fit(X, y)
        for fold, (train, test) in enumerate(cv.split(X, y)):
            expected = (by_hand(X, y, train, test).argmax(axis=1) == y[test]).mean()
            assert found.cv_results_[f"split{fold}_test_score"][0] == expected


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.__name__)
def test_nested_cross_validation_works(data, model, search, cv):
    X, y = data
    options = {**SEARCHES[search]}
    if search is HalvingGridSearchCV:
        # Rows of the inner searches, which have fewer.
        options["min_resources"] = 40
    grid = {"window__window_length": [1, 3]}
    if search is RandomizedSearchCV:
        options["n_iter"] = 2
    inner = search(model, grid, cv=CV, error_score="raise", **options)
    scores = cross_val_score(inner, X, y, cv=cv, error_score="raise")
    assert scores.min() > 0.75


@pytest.mark.parametrize("passthrough", [False, True])
def test_stacking_works_and_never_passes_bars_on(data, model, passthrough):
    X, y = data
    members = [("one", model), ("two", clone(model).set_params(window__lag=1))]
    stack = StackingClassifier(
        members, LogisticRegression(), cv=KFold(3), passthrough=passthrough
    )
    if passthrough:
        with pytest.raises(TypeError):
            stack.fit(X, y)
    else:
        assert stack.fit(X, y).score(X, y) > 0.9


META = {
    "vote": lambda model: VotingClassifier([("a", model), ("b", model)], voting="soft"),
    "calibrated": lambda model: CalibratedClassifierCV(model, cv=CV),
    "calibrated ensemble": lambda model: CalibratedClassifierCV(
        model, cv=3, ensemble=False, n_jobs=2
    ),
    "one versus rest": OneVsRestClassifier,
    "fixed threshold": lambda model: FixedThresholdClassifier(model, threshold=0.4),
    "tuned threshold": lambda model: TunedThresholdClassifierCV(model, cv=CV),
}


@pytest.mark.parametrize("wrap", META.values(), ids=META)
def test_meta_estimators_work(data, model, wrap):
    X, y = data
    fitted = wrap(model).fit(X, y)
    assert fitted.score(X, y) > 0.85
    expected = fitted.predict_proba(X)[:9]
    np.testing.assert_allclose(fitted.predict_proba(X[:9]), expected, atol=1e-5)


def test_cross_val_predict_keeps_the_order_of_the_samples(data, model):
    X, y = data
    proba = cross_val_predict(model, X, y, cv=CV, method="predict_proba", n_jobs=2)
    for train, test in CV.split(X, y):
        np.testing.assert_allclose(proba[test], by_hand(X, y, train, test), atol=1e-5)


def test_a_pipeline_remembers_its_transformers(data, model, tmp_path):
    X, y = data
    model.set_params(memory=str(tmp_path), row=RowTransformer(Counting()))
    for n_samples in (100, 100, 50):
        model.fit(X[:n_samples], y[:n_samples])
    assert Counting.n_fits == 2
    assert model.score(X, y) > 0.8


def test_curves_work(data, model):
    X, y = data
    sizes, _, scores = learning_curve(
        model, X, y, cv=CV, train_sizes=[0.5, 1.0], error_score="raise"
    )
    assert scores.shape == (2, 3)
    assert sizes[0] < sizes[1]
    _, scores = validation_curve(
        model, X, y, cv=CV, param_name="window__window_length", param_range=[1, 2]
    )
    assert scores[1].mean() > scores[0].mean()
    score, _, p_value = permutation_test_score(model, X, y, cv=CV, n_permutations=4)
    assert score > 0.9
    assert p_value == 0.2


def test_splitting_and_resampling_give_panels(data):
    X, y = data
    parts = train_test_split(X, y, shuffle=False, test_size=0.25)
    assert [type(part) for part in parts[:2]] == [Panel, Panel]
    assert parts[0].times.max() <= parts[1].times.min()
    for mixed, targets in (shuffle(X, y, random_state=0), resample(X, y)):
        assert isinstance(mixed, Panel)
        lookup = dict(zip(X.positions, y, strict=True))
        assert [lookup[position] for position in mixed.positions] == targets.tolist()


def test_windows_themselves_pass_through_the_machinery(data):
    X, y = data
    windows = Windower(2).transform(X)

    class Flatten(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            assert isinstance(X, Windows)
            return np.asarray(X).reshape(len(X), -1)

    model = make_pipeline(Flatten(), LogisticRegression())
    assert cross_val_score(model, windows, y, cv=KFold(3)).mean() > 0.9


MIXING = {
    "scaler": StandardScaler(),
    "projection": PCA(1),
    "union": FeatureUnion([("scale", StandardScaler())]),
    "columns by number": ColumnTransformer([("scale", StandardScaler(), [0])]),
    "classifier": LogisticRegression(),
    "union of panels": FeatureUnion(
        [("a", RowTransformer(StandardScaler())), ("b", RowTransformer(PCA(1)))]
    ),
    "bagging": BaggingClassifier(
        make_pipeline(Windower(2, flatten=True), LogisticRegression())
    ),
    "row transformer in columns": ColumnTransformer(
        [("row", RowTransformer(StandardScaler()), [0])]
    ),
}


@pytest.mark.parametrize("step", MIXING.values(), ids=MIXING)
@pytest.mark.parametrize("output", ["default", "pandas"])
def test_what_would_mix_symbols_is_refused(data, step, output):
    X, y = data
    step = clone(step)
    if hasattr(step, "set_output"):
        step.set_output(transform=output)
    model = make_pipeline(
        step, *([] if hasattr(step, "predict") else [Windower(2, flatten=True)])
    )
    with pytest.raises(TypeError, match=r"Panel"):
        model.fit(X, y)


def test_columns_of_a_panel_are_not_chosen_by_name(data):
    X, y = data
    columns = ColumnTransformer([("scale", StandardScaler(), ["close"])])
    with pytest.raises(ValueError, match="only supported for dataframes"):
        columns.fit(X, y)


def test_the_refusal_teaches(data):
    X, y = data
    model = make_pipeline(StandardScaler(), Windower(2), LogisticRegression())
    with pytest.raises(PanelConversionError, match=r"RowTransformer\(StandardScaler"):
        model.fit(X, y)


def test_flattened_windows_may_be_united(data):
    X, y = data
    union = FeatureUnion(
        [("now", Windower(1, flatten=True)), ("past", Windower(1, lag=1, flatten=True))]
    )
    model = make_pipeline(union, StandardScaler(), LogisticRegression()).fit(X, y)
    assert model.score(X, y) > 0.9


class Recorder:
    """A callback that remembers which estimators were fitted on what."""

    max_propagation_depth = None

    def __init__(self):
        self.events = []

    def setup(self, estimator, context):
        self.events.append(("setup", type(estimator).__name__))

    def teardown(self, estimator, context):
        self.events.append(("teardown", type(estimator).__name__))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, **_):
        self.events.append(("begin", type(estimator).__name__))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, **_):
        self.events.append(("end", type(estimator).__name__))


def transformers_only():
    return make_pipeline(RowTransformer(StandardScaler()), Windower(2))


def test_callbacks_see_every_one_of_our_transformers_without_a_warning(data):
    X, y = data
    recorder = Recorder()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        transformers_only().set_callbacks(recorder).fit(X, y)
    for name in ("RowTransformer", "Windower"):
        assert recorder.events.count(("begin", name)) == 1
        assert recorder.events.count(("end", name)) == 1
    assert recorder.events[-1][0] == "teardown"


def test_a_transformer_without_callback_support_warns_in_the_same_place(data):
    X, y = data

    class Plain(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X

    model = make_pipeline(Plain(), Windower(2)).set_callbacks(Recorder())
    with pytest.warns(UserWarning, match="Plain"):
        model.fit(X, y)


@pytest.mark.parametrize(
    "callback",
    [ProgressBar(), ScoringMonitor(scoring="accuracy")],
    ids=["bar", "scores"],
)
def test_the_callbacks_of_scikit_learn_work(data, model, callback, capsys):
    X, y = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_callbacks(callback).fit(X, y)
    assert model.score(X, y) > 0.9


def test_a_failing_fit_tears_callbacks_down(data):
    X, _ = data
    recorder = Recorder()
    windower = Windower(500, incomplete="error").set_callbacks(recorder)
    with pytest.raises(TypeError):
        windower.fit(Windower(2).transform(X))
    assert recorder.events[-1] == ("teardown", "Windower")
    assert ("end", "Windower") not in recorder.events
