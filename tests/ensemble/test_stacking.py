from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from ensembles import SPLITTERS, line, make_proba, members, tree
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_ensemble import PurgedSplit, PurgedStackingClassifier, Windower
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import align_proba

CLASSES = np.array([-1, 0, 1])
BLOCKS = SPLITTERS["blocks"]


def out_of_fold(model, X, y, cv):
    """Sum and count predictions fold by fold, as anyone would by hand."""
    total, counts = np.zeros((len(y), 3)), np.zeros((len(y), 1))
    for train, test in cv.split(X, y):
        fitted = clone(model).fit(X[train], y[train])
        total[test] += align_proba(
            fitted.predict_proba(X[test]), fitted.classes_, CLASSES
        )
        counts[test] += 1
    with np.errstate(invalid="ignore"):
        return total / counts


def odds_by_hand(proba):
    logs = np.log(np.maximum(proba, 0.001))
    return logs - logs.mean(axis=1, keepdims=True)


def test_it_is_the_loop_done_by_hand(samples, cv):
    X, y = samples
    stack = PurgedStackingClassifier(members(), cv=cv).fit(X, y)
    known = {name: out_of_fold(model, X, y, cv) for name, model in members()}
    for name, table in known.items():
        np.testing.assert_allclose(stack.oof_predictions_[name], table, atol=1e-6)
    rows = ~np.isnan(known["line"][:, 0])
    assert rows.all() == (cv is not SPLITTERS["walk forward"])
    features = np.hstack([odds_by_hand(known[name][rows]) for name in known])
    final = LogisticRegression(C=0.03, max_iter=5000, tol=1e-8)
    final.fit(features, y[rows])
    new = [clone(model).fit(X, y).predict_proba(X) for _, model in members()]
    expected = final.predict_proba(np.hstack([odds_by_hand(proba) for proba in new]))
    np.testing.assert_allclose(stack.predict_proba(X), expected, atol=1e-4)
    chosen = CLASSES[stack.predict_proba(X).argmax(axis=1)]
    np.testing.assert_array_equal(stack.predict(X), chosen)


def test_the_models_of_the_folds_may_predict(samples, cv):
    X, y = samples
    stack = PurgedStackingClassifier(members(), cv=cv, refit="folds").fit(X, y)
    folds = list(cv.split(X, y))
    assert [len(models) for models in stack.estimators_] == [len(folds)] * 2
    said = {}
    for name, model in members():
        fits = [clone(model).fit(X[train], y[train]) for train, _ in folds]
        said[name] = np.mean(
            [align_proba(m.predict_proba(X), m.classes_, CLASSES) for m in fits], axis=0
        )
    features = np.hstack([odds_by_hand(said[name]) for name in said])
    np.testing.assert_allclose(stack.meta_features(X), features, atol=1e-5)
    expected = stack.final_estimator_.predict_proba(features)
    np.testing.assert_allclose(stack.predict_proba(X), expected, atol=1e-5)


def test_a_class_that_folds_lack_has_no_chance_there():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2))
    y = np.repeat(["a", "b", "c"], 30)
    cv = PurgedSplit(3, purged_size=0)
    stack = PurgedStackingClassifier([("one", GaussianNB())], cv=cv).fit(X, y)
    assert stack.classes_.tolist() == ["a", "b", "c"]
    known = stack.oof_predictions_["one"]
    for code in range(3):
        rows = slice(30 * code, 30 * code + 30)
        assert (known[rows, code] == 0).all()
        assert (np.delete(known[rows], code, axis=1) > 0).all()
    assert np.isfinite(stack.predict_proba(X)).all()


def test_a_class_that_no_meta_row_has_keeps_its_column():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 2)), np.repeat([0, 1, 2, 1, 2, 1], 15)
    folds = [(np.arange(45), np.arange(45, 90))]
    stack = PurgedStackingClassifier([("one", GaussianNB())], cv=folds).fit(X, y)
    assert stack.final_estimator_.classes_.tolist() == [1, 2]
    assert (stack.predict_proba(X)[:, 0] == 0).all()
    assert stack.predict_proba(X).sum(axis=1) == pytest.approx(1)


def pooled(proba, weights):
    """Probabilities proportional to the product of powers of the members'."""
    scores = sum(weight * np.log(p) for p, weight in zip(proba, weights, strict=True))
    return np.exp(scores - logsumexp(scores, axis=1, keepdims=True))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_weights_say_how_far_the_stack_follows_each_member(n_classes):
    rng = np.random.default_rng(0)
    proba = [rng.dirichlet(np.full(n_classes, 8.0), size=40_000) for _ in range(2)]
    truth = pooled(proba, [0.75, 0.25])
    y = (rng.random((len(truth), 1)) > truth.cumsum(axis=1)).sum(axis=1)
    stack = PurgedStackingClassifier.from_oof(
        dict(zip("ab", proba, strict=True)),
        y,
        cv=PurgedSplit(2, purged_size=0),
        final_estimator=LogisticRegression(C=100.0, max_iter=1000),
        stack_method="log_odds",
    )
    assert stack.weights_["a"] == pytest.approx(0.75, abs=0.06)
    assert stack.weights_["b"] == pytest.approx(0.25, abs=0.06)


def test_importances_are_weights_too_and_some_have_none(samples):
    X, y = samples
    forest = RandomForestClassifier(n_estimators=5, random_state=0)
    stack = PurgedStackingClassifier(members(), forest, cv=BLOCKS).fit(X, y)
    assert sum(stack.weights_.values()) == pytest.approx(1)
    parts = stack.final_estimator_.feature_importances_
    assert stack.weights_["line"] == pytest.approx(parts[:3].sum())
    stack.set_params(final_estimator=GaussianNB()).fit(X, y)
    assert not hasattr(stack, "weights_")


WAYS = {
    "predict_proba": (["line[-1]", "line[0]", "line[1]"], (0, 1)),
    "log_odds": (["line[-1]", "line[0]", "line[1]"], (-7, 7)),
    "predict": (["line[-1]", "line[0]", "line[1]"], (0, 1)),
    "decision_function": (["line[-1]", "line[0]", "line[1]"], (-99, 99)),
}


@pytest.mark.parametrize(("way", "expected"), WAYS.items(), ids=WAYS)
def test_members_may_be_asked_in_several_ways(samples, way, expected):
    X, y = samples
    stack = PurgedStackingClassifier(
        [("line", line())], GaussianNB(), cv=BLOCKS, stack_method=way
    ).fit(X, y)
    features = stack.meta_features(X)
    names, (low, high) = expected
    assert list(features) == names
    assert stack.stack_method_ == [way]
    assert low <= features.to_numpy().min() < features.to_numpy().max() <= high
    asked = way if way != "log_odds" else "predict_proba"
    answer = getattr(stack.named_estimators_["line"], asked)(X)
    if way == "predict":
        np.testing.assert_array_equal(features.to_numpy() @ CLASSES, answer)
    elif way == "log_odds":
        np.testing.assert_allclose(features, odds_by_hand(answer), atol=1e-5)
    else:
        np.testing.assert_allclose(features, answer, atol=1e-5)
    assert stack.score(X, y) > 0.5


def test_each_member_is_asked_for_the_best_it_has():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    named = [("line", LogisticRegression()), ("ridge", RidgeClassifier())]
    stack = PurgedStackingClassifier(named, cv=PurgedSplit(4, purged_size=0)).fit(X, y)
    assert stack.stack_method_ == ["log_odds", "decision_function"]
    assert list(stack.meta_features(X)) == ["line[1]", "ridge[1]"]
    assert np.isnan(stack.member_scores_["ridge"])
    assert stack.weights_.keys() == {"line", "ridge"}
    stack.set_params(final_estimator=LogisticRegression()).fit(X, y)
    assert stack.stack_method_ == ["predict_proba", "decision_function"]
    with pytest.raises(ValueError, match=r"'ridge' .* has no predict_proba"):
        stack.set_params(stack_method="predict_proba").fit(X, y)


def test_scores_that_cannot_be_lined_up_are_refused():
    X, y = np.random.default_rng(0).normal(size=(90, 2)), np.repeat([0, 1, 2], 30)
    stack = PurgedStackingClassifier(
        [("ridge", RidgeClassifier())], cv=PurgedSplit(3, purged_size=0)
    )
    with pytest.raises(DataError, match="decision_function of RidgeClassifier"):
        stack.fit(X, y)


def test_features_of_the_samples_may_be_passed_through(samples):
    X, y = samples
    final = make_pipeline(StandardScaler(), LogisticRegression(C=10.0))
    stack = PurgedStackingClassifier(
        [("prior", DummyMember())], final, cv=BLOCKS, passthrough=True
    ).fit(X, y)
    features = stack.meta_features(X)
    assert list(features)[3:] == ["x0", "x1", "x2"]
    np.testing.assert_allclose(features.iloc[:, 3:], X.to_numpy())
    default = PurgedStackingClassifier(
        [("prior", DummyMember())], cv=BLOCKS, passthrough=True
    ).fit(X, y)
    without = clone(stack).set_params(passthrough=False).fit(X, y)
    assert min(stack.score(X, y), default.score(X, y)) > without.score(X, y) + 0.1
    of_windows = make_pipeline(Windower(2), clone(stack))
    with pytest.raises(TypeError, match="windows of 2 bars"):
        of_windows.fit(X, y)


class DummyMember(DummyClassifier):
    """Class shares for a panel, which scikit-learn's own does not take."""

    def fit(self, X, y, sample_weight=None):
        self.n_features_in_ = 3
        super().fit(np.zeros((len(y), 1)), y, sample_weight)
        return self

    def predict_proba(self, X):
        return super().predict_proba(np.zeros((len(X), 1)))


@pytest.mark.parametrize(
    ("final", "told"),
    [
        (Ridge(), "predict_proba"),
        (RidgeClassifier(), "predict_proba"),
        (StandardScaler(), "predict_proba"),
    ],
)
def test_a_final_estimator_must_give_probabilities(samples, final, told):
    X, y = samples
    with pytest.raises(ValueError, match=told):
        PurgedStackingClassifier(members(), final, cv=BLOCKS).fit(X, y)


def test_existing_predictions_are_probabilities(samples):
    X, y = samples
    known = {"a": make_proba(y + 1, 1.0)}
    for bad in ({"passthrough": True}, {"stack_method": "predict"}):
        with pytest.raises(ValueError, match="from_oof"):
            PurgedStackingClassifier.from_oof(known, y, X, cv=BLOCKS, **bad)


def test_frames_keep_their_names(samples):
    X, y = samples
    frame = X.to_frame()
    stack = PurgedStackingClassifier(members(), cv=PurgedSplit(3, purged_size=3))
    stack.fit(frame, pd.Series(y, index=frame.index))
    assert stack.feature_names_in_.tolist() == ["open", "close", "volume"]
    assert stack.n_features_in_ == 3
    with pytest.raises(ValueError, match="feature names should match"):
        stack.predict_proba(frame[["close", "open", "volume"]])
    array = clone(stack).fit(frame.to_numpy(), y)
    assert not hasattr(array, "feature_names_in_")
    assert tree().fit(X, y).score(X, y) > 0.5
