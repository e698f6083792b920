from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    PredefinedSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline

from sk_ensemble import metrics
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import make_proba_scorer, neg_log_loss_scorer, proba_scorers
from sk_ensemble.panel import Panel
from sk_ensemble.preprocessing import Windower


class CountingClassifier(ClassifierMixin, BaseEstimator):
    """Predict the class shares and count the calls of predict_proba."""

    calls = 0

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        type(self).calls += 1
        return np.tile(self.shares_, (len(X), 1))


def draw(seed: int = 0, n: int = 120):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    y = np.digitize(X[:, 0] + rng.normal(size=n), [-0.5, 0.5]) - 1
    return X, y


@pytest.mark.parametrize("name", list(proba_scorers()))
def test_scorer_is_the_signed_metric_of_the_probabilities(name):
    X, y = draw()
    model = LogisticRegression().fit(X, y)
    sign = -1 if name.startswith("neg_") else 1
    metric = getattr(metrics, name.removeprefix("neg_"))
    expected = sign * metric(y, model.predict_proba(X))
    assert proba_scorers()[name](model, X, y) == expected


def missing_class_folds():
    """Three folds; the first trains without class 1, the second without 0 and 1."""
    y = np.array([-1] * 10 + [0] * 10 + [1] * 10 + [-1] * 10)
    X = np.arange(40.0)[:, None]
    folds = [
        (np.arange(20), np.arange(20, 40)),
        (np.arange(10), np.arange(10, 40)),
        (np.arange(10, 40), np.arange(10)),
    ]
    return X, y, folds


def test_folds_that_lack_classes_are_scored():
    X, y, folds = missing_class_folds()
    scores = cross_val_score(
        DummyClassifier(), X, y, cv=folds, scoring=neg_log_loss_scorer()
    )
    assert np.isfinite(scores).all()
    shares = [[0.5, 0.5, 0], [1, 0, 0], [1 / 3] * 3]
    for score, share, (_, test) in zip(scores, shares, folds, strict=True):
        proba = np.tile(share, (len(test), 1))
        assert score == pytest.approx(-metrics.log_loss(y[test], proba))


def test_scikit_learn_alone_gives_nan_for_such_folds():
    X, y, folds = missing_class_folds()
    scorer = make_scorer(
        sklearn_log_loss,
        response_method="predict_proba",
        greater_is_better=False,
        labels=[-1, 0, 1],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = cross_val_score(DummyClassifier(), X, y, cv=folds, scoring=scorer)
    assert np.isnan(scores[:2]).all()


def test_all_scorers_share_one_prediction():
    X, y = draw()
    CountingClassifier.calls = 0
    cross_validate(CountingClassifier(), X, y, cv=KFold(3), scoring=proba_scorers())
    assert CountingClassifier.calls == 3


@pytest.mark.parametrize("classes", [[-1], [1], [0, 1], [-1, 0]])
def test_estimators_of_one_or_two_classes_score_the_same_alone_and_together(classes):
    X = np.zeros((6, 1))
    model = CountingClassifier().fit(X, np.resize(classes, 6))
    y = np.array([-1, 0, 1] * 2)
    together = sklearn.metrics.check_scoring(model, scoring=proba_scorers())(
        model, X, y
    )
    for name, scorer in proba_scorers().items():
        assert together[name] == pytest.approx(scorer(model, X, y))
    aligned = metrics.align_proba(model.predict_proba(X), model.classes_, [-1, 0, 1])
    assert together["neg_log_loss"] == pytest.approx(-metrics.log_loss(y, aligned))


def test_grid_search_ranks_by_the_scorer():
    X, y = draw()
    search = GridSearchCV(
        LogisticRegression(),
        {"C": [1e-6, 1.0]},
        scoring=proba_scorers(),
        refit="direction_auc",
        cv=KFold(3),
    ).fit(X, y)
    assert search.best_params_ == {"C": 1.0}
    assert clone(search).fit(X, y).best_score_ == search.best_score_


def test_scorer_works_on_a_panel():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "symbol": np.repeat(["A", "B"], 40),
            "datetime": np.tile(pd.date_range("2021", periods=40, freq="5min"), 2),
            "x": rng.normal(size=80),
        }
    )
    panel = Panel.from_frame(frame)
    y = np.where(panel.to_numpy()[:, 0] > 0, 1, rng.choice([-1, 0], 80))
    model = make_pipeline(Windower(1, flatten=True), LogisticRegression())
    search = GridSearchCV(
        model,
        {"logisticregression__C": [1e-6, 10.0]},
        scoring=neg_log_loss_scorer(),
        cv=PredefinedSplit(np.arange(80) % 4),
    ).fit(panel, y)
    assert search.best_params_ == {"logisticregression__C": 10.0}


def test_sample_weight_reaches_the_metric():
    X, y = draw()
    weight = np.random.default_rng(1).uniform(size=len(y))
    model = LogisticRegression().fit(X, y)
    expected = -metrics.log_loss(y, model.predict_proba(X), sample_weight=weight)
    assert neg_log_loss_scorer()(model, X, y, sample_weight=weight) == expected


def test_sample_weight_is_routed():
    X, y = draw()
    weight = np.random.default_rng(1).uniform(size=len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=False)
        scorer = neg_log_loss_scorer().set_score_request(sample_weight=True)
        assert scorer._get_metadata_request().score.requests == {"sample_weight": True}
        found = cross_val_score(
            model,
            X,
            y,
            cv=KFold(2),
            scoring=scorer,
            params={"sample_weight": weight},
        )
        plain = cross_val_score(model, X, y, cv=KFold(2), scoring=neg_log_loss_scorer())
    for score, (train, test) in zip(found, KFold(2).split(X), strict=True):
        fitted = LogisticRegression().fit(X[train], y[train])
        expected = -metrics.log_loss(
            y[test], fitted.predict_proba(X[test]), sample_weight=weight[test]
        )
        assert score == pytest.approx(expected)
    assert not np.allclose(found, plain)


def test_only_the_weight_can_be_requested():
    with sklearn.config_context(enable_metadata_routing=True):
        for scorer in proba_scorers().values():
            requests = scorer._get_metadata_request().score.requests
            assert requests == {"sample_weight": None}


@pytest.mark.parametrize("name", list(proba_scorers()))
def test_scorers_survive_pickling(name):
    X, y = draw()
    model = LogisticRegression().fit(X, y)
    scorer = proba_scorers()[name]
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy(model, X, y) == scorer(model, X, y)
    assert repr(copy) == repr(scorer)


def test_repr_is_the_call_that_makes_it():
    scorer = make_proba_scorer(
        metrics.direction_gain, labels=[0, 1, 2], neutral=1, greater_is_better=True
    )
    assert repr(scorer) == (
        "make_proba_scorer(direction_gain, labels=(0, 1, 2), neutral=1, "
        "greater_is_better=True)"
    )


def test_labels_that_lack_a_class_of_the_estimator_are_refused():
    X, y = draw()
    with pytest.raises(DataError, match=r"Classes \[-1\].*labels \[0, 1\]"):
        neg_log_loss_scorer([0, 1])(LogisticRegression().fit(X, y), X, y)


def test_estimator_without_classes_is_refused():
    X, y = draw()
    with pytest.raises(DataError, match="Ridge has no classes_"):
        neg_log_loss_scorer()(Ridge().fit(X, y), X, y)
