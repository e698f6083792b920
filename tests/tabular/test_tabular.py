from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower, create, tabular
from sk_ensemble.datasets import make_bars
from sk_ensemble.exceptions import DataError, RegistryError
from sk_ensemble.preprocessing import WindowFlattener

FACTORIES = [getattr(tabular, name) for name in tabular.__all__]
QUICK = {
    "logistic": {},
    "random_forest": {"n_estimators": 5, "random_state": 0},
    "hist_gradient_boosting": {"max_iter": 5},
}


class Silent:
    """Follow a fit into its steps, as a progress bar does, and show nothing."""

    max_propagation_depth = None

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **told):
        pass

    def on_fit_task_end(self, estimator, context, **told):
        return False

    def teardown(self, estimator, context):
        pass


@pytest.fixture(scope="module")
def samples():
    data = make_bars(240, 2, signal=0.7, random_state=0)
    frame = data.bars[["symbol", "datetime"]].copy()
    frame["signal"] = data.signal.to_numpy()
    frame["noise"] = np.random.default_rng(0).normal(size=len(frame))
    return Panel.from_frame(frame).align(data.labels)


def quick(factory):
    return factory(**QUICK[factory.__name__])


@pytest.mark.parametrize("factory", FACTORIES)
def test_all_kinds_of_input_are_the_same(factory, samples):
    X, y = samples
    windows = Windower(3).transform(X)
    expected = quick(factory).fit(windows, y).predict_proba(windows)
    for kind in (windows.gather(), windows.gather().reshape(len(y), -1)):
        assert np.array_equal(quick(factory).fit(kind, y).predict_proba(kind), expected)
    bars = quick(factory).fit(X, y).predict_proba(X)
    frame = X.to_frame()
    assert np.array_equal(quick(factory).fit(frame, y).predict_proba(frame), bars)


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_model_stands_behind_a_windower_under_cross_validation(factory, samples):
    X, y = samples
    model = make_pipeline(Windower(3), quick(factory))
    scores = cross_val_score(model, X, y, cv=PurgedSplit(3), scoring="neg_log_loss")
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("factory", FACTORIES)
def test_every_parameter_reaches_the_classifier(factory):
    parameters = inspect.signature(factory).parameters
    classifier = factory().named_steps["clf"]
    for name, parameter in parameters.items():
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert getattr(classifier, name) == parameter.default
        marker = object()
        given = factory(**{name: marker}).named_steps["clf"]
        assert getattr(given, name) is marker


@pytest.mark.parametrize("factory", FACTORIES)
def test_an_unknown_parameter_is_refused(factory):
    with pytest.raises(TypeError, match="window_length"):
        factory(window_length=60)
    with pytest.raises(RegistryError, match="no_such"):
        create(factory.__name__, no_such=1)
    assert create(factory.__name__).named_steps.keys() >= {"flatten", "clf"}


def test_histogram_boosting_does_not_stop_on_rows_drawn_at_random():
    assert tabular.hist_gradient_boosting().named_steps["clf"].early_stopping is False


def test_the_logistic_model_is_scaled(samples):
    X, y = samples
    big = Panel(X.history.with_block(1000 * X.history.block, X.columns), X.positions)
    one = tabular.logistic(tol=1e-8).fit(X, y).predict_proba(X)
    other = tabular.logistic(tol=1e-8).fit(big, y).predict_proba(big)
    assert one == pytest.approx(other, abs=1e-3)


def test_flattened_windows_are_those_of_the_windower(samples):
    X, _ = samples
    for lag, length in [(0, 4), (1, 3), (2, 1)]:
        X = X[X.positions - X.history.segment_start[X.positions] >= lag]
        windower = Windower(length, lag=lag, flatten=True).fit(X)
        windows = Windower(length, lag=lag).transform(X)
        flattener = WindowFlattener().fit(windows)
        assert np.array_equal(flattener.transform(windows), windower.transform(X))
        assert np.array_equal(
            flattener.get_feature_names_out(), windower.get_feature_names_out()
        )
        assert flattener.n_features_in_ == 2


def test_one_bar_rows_keep_their_names(samples):
    X, _ = samples
    flattener = WindowFlattener().fit(X)
    assert flattener.get_feature_names_out().tolist() == ["signal", "noise"]
    assert np.array_equal(flattener.transform(X), X.to_numpy())
    framed = WindowFlattener().set_output(transform="pandas").fit(X.to_frame())
    assert framed.transform(X.to_frame()).columns.tolist() == ["signal", "noise"]


def test_flattened_windows_may_become_a_frame(samples):
    X, _ = samples
    windows = Windower(2).transform(X)
    frame = WindowFlattener().set_output(transform="pandas").fit_transform(windows)
    assert frame.columns.tolist() == [
        "signal[t-1]",
        "noise[t-1]",
        "signal[t]",
        "noise[t]",
    ]


def test_other_windows_are_refused(samples):
    X, _ = samples
    flattener = WindowFlattener().fit(Windower(3).transform(X))
    with pytest.raises(DataError, match=r"windows of 2 bars.* windows of 3"):
        flattener.transform(Windower(2).transform(X))
    with pytest.raises(DataError, match="windows of 1 bars"):
        flattener.transform(X)
    with pytest.raises(DataError, match="X has 3 features"):
        flattener.transform(np.ones((2, 3, 3)))
    with pytest.raises(DataError, match=r"0 sample\(s\)"):
        flattener.transform(Windower(3).transform(X)[:0])
    flattener.transform(Windower(3).transform(X))


@pytest.mark.parametrize("factory", FACTORIES)
@pytest.mark.parametrize("as_array", [False, True])
def test_a_progress_bar_causes_no_warning(factory, as_array, samples):
    X, y = samples
    windows = Windower(3).transform(X)
    # A warning is an error in tests.
    model = quick(factory).set_callbacks(Silent())
    model.fit(windows.gather() if as_array else windows, y)


def test_scikit_learns_own_pipeline_would_warn(samples):
    X, y = samples
    steps = quick(tabular.random_forest).steps
    with pytest.warns(UserWarning, match="does not support callbacks"):
        Pipeline(steps).set_callbacks(Silent()).fit(Windower(3).transform(X), y)
