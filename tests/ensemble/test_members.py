"""How members are fitted, whatever they are combined to."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from ensembles import SPLITTERS, Spy, line, members, tree
from sklearn import config_context
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from sk_ensemble import (
    GreedyEnsembleClassifier,
    PriorBaseline,
    PurgedSplit,
    PurgedStackingClassifier,
    WeightedVoteClassifier,
)
from sk_ensemble.exceptions import DataError

BLOCKS = SPLITTERS["blocks"]
ENSEMBLES = {
    "stack": PurgedStackingClassifier(members(), cv=BLOCKS),
    "greedy": GreedyEnsembleClassifier(members(), cv=BLOCKS, random_state=0),
    "vote": WeightedVoteClassifier(members(), cv=BLOCKS),
}


@pytest.fixture(params=ENSEMBLES.values(), ids=ENSEMBLES)
def ensemble(request):
    return clone(request.param)


def equal(one, other):
    return one.tobytes() == other.tobytes()


def test_the_order_of_samples_changes_no_bit(ensemble, samples):
    X, y = samples
    order = np.random.default_rng(0).permutation(len(y))
    weights = np.random.default_rng(1).uniform(0.5, 2, len(y))
    one = clone(ensemble).fit(X, y, sample_weight=weights)
    other = ensemble.fit(X[order], y[order], sample_weight=weights[order])
    assert equal(one.predict_proba(X), other.predict_proba(X))
    assert equal(one.oof_proba_[order], other.oof_proba_)
    known, mixed = one.oof_predictions_["tree"], other.oof_predictions_["tree"]
    assert equal(known[order], mixed)
    assert one.oof_score_ == other.oof_score_


def test_the_order_of_a_frame_changes_no_bit(samples):
    X, y = samples
    frame = X.to_frame()
    order = np.random.default_rng(0).permutation(len(y))
    model = WeightedVoteClassifier(
        [("line", LogisticRegression()), ("bayes", GaussianNB())],
        cv=PurgedSplit(3, purged_size=3),
    )
    one = clone(model).fit(frame, y)
    other = model.fit(frame.iloc[order], y[order])
    assert equal(one.oof_proba_[order], other.oof_proba_)
    assert equal(one.predict_proba(frame), other.predict_proba(frame))


def test_workers_change_no_bit(ensemble, samples):
    X, y = samples
    one = clone(ensemble).fit(X, y)
    other = ensemble.set_params(n_jobs=2).fit(X, y)
    assert equal(one.predict_proba(X), other.predict_proba(X))
    assert equal(one.oof_proba_, other.oof_proba_)


def test_weights_reach_members_choice_and_scores(ensemble, samples):
    X, known = samples
    # The labels of these samples leave no doubt, and without doubt weights do nothing.
    y = np.where(np.arange(len(known)) % 3 == 0, np.roll(known, 1), known)
    plain = clone(ensemble).fit(X, y)
    weights = np.where(y == 1, 5.0, 1.0)
    weighted = clone(ensemble).fit(X, y, sample_weight=weights)
    for name, table in weighted.oof_predictions_.items():
        assert table[:, 2].mean() > plain.oof_predictions_[name][:, 2].mean()
    assert weighted.predict_proba(X)[:, 2].mean() > plain.predict_proba(X)[:, 2].mean()
    doubled = ensemble.fit(X, y, sample_weight=2 * np.ones(len(y)))
    assert doubled.oof_score_ == pytest.approx(plain.oof_score_, abs=0.02)


def test_members_that_take_no_weights_are_named(samples):
    X, y = samples
    frame, weights = X.to_numpy(), np.ones(len(y))
    cv = PurgedSplit(3, purged_size=3)
    model = WeightedVoteClassifier([("near", KNeighborsClassifier())], cv=cv)
    model.fit(frame, y)
    with pytest.raises(TypeError, match=r"'near' \(KNeighborsClassifier\) takes no"):
        model.fit(frame, y, sample_weight=weights)
    final = KNeighborsClassifier()
    stack = PurgedStackingClassifier([("bayes", GaussianNB())], final, cv=cv)
    with pytest.raises(TypeError, match="'final_estimator'"):
        stack.fit(frame, y, sample_weight=weights)


def test_faults_of_weights_and_labels_are_told(ensemble, samples):
    X, y = samples
    with pytest.raises(ValueError, match="at least one non-zero"):
        ensemble.fit(X, y, sample_weight=np.zeros(len(y)))
    series = pd.Series(np.ones(len(y)), index=X.index[::-1])
    with pytest.raises(DataError, match="sample_weight is indexed by other bars"):
        ensemble.fit(X, y, sample_weight=series)
    with pytest.raises(DataError, match="y is indexed by other bars"):
        ensemble.fit(X, pd.Series(y, index=X.index[::-1]))
    with pytest.raises(DataError, match="one class only"):
        ensemble.fit(X, np.zeros(len(y)))
    with pytest.raises(TypeError, match="metadata routing"):
        ensemble.fit(X, y, label_end=X.label_end)


def test_metadata_is_routed_to_whoever_asks(samples):
    X, y = samples
    frame = X.to_frame()
    weights = np.where(y == 1, 5.0, 1.0)
    with config_context(enable_metadata_routing=True):
        asks = LogisticRegression().set_fit_request(sample_weight=True)
        does_not = GaussianNB().set_fit_request(sample_weight=False)
        final = LogisticRegression().set_fit_request(sample_weight=False)
        cv = PurgedSplit(3).set_split_request(label_end=True)
        stack = PurgedStackingClassifier(
            [("asks", asks), ("does_not", does_not)], final, cv=cv
        )
        routed = stack.fit(
            frame, y, sample_weight=weights, label_end=X.label_end
        ).oof_predictions_
        plain = clone(stack).fit(frame, y, label_end=X.label_end).oof_predictions_
    assert not equal(routed["asks"], plain["asks"])
    assert equal(routed["does_not"], plain["does_not"])
    with pytest.raises(ValueError, match="Nothing says when the labels end"):
        clone(stack).fit(frame, y)


def test_parameters_of_members_are_in_reach(ensemble, samples):
    X, y = samples
    assert ensemble.get_params()["tree__decisiontreeclassifier__max_depth"] == 4
    assert ensemble.named_estimators["line"] is dict(ensemble.estimators)["line"]
    ensemble.set_params(tree__decisiontreeclassifier__max_depth=1)
    assert dict(ensemble.estimators)["tree"][-1].max_depth == 1
    ensemble.set_params(line=PriorBaseline()).fit(X, y)
    assert isinstance(ensemble.oof_predictions_["line"], np.ndarray)
    ensemble.set_params(line="drop").fit(X, y)
    assert list(ensemble.named_estimators_) == ["tree"]
    assert list(ensemble.oof_predictions_) == ["tree"]
    ensemble.set_params(tree="drop")
    with pytest.raises(ValueError, match="All members are dropped"):
        ensemble.fit(X, y)


def test_searches_reach_into_members(samples):
    X, y = samples
    search = GridSearchCV(
        WeightedVoteClassifier([("tree", tree())], cv=PurgedSplit(3)),
        {"tree__decisiontreeclassifier__max_depth": [1, 5]},
        cv=PurgedSplit(3),
        error_score="raise",
    ).fit(X, y)
    assert search.best_params_ == {"tree__decisiontreeclassifier__max_depth": 5}
    assert cross_val_score(search.best_estimator_, X, y, cv=PurgedSplit(3)).min() > 0.4


BAD_MEMBERS = {
    "none": ([], "one or more"),
    "no pairs": ([LogisticRegression()], "one or more"),
    "twice": ([("a", line()), ("a", tree())], "not unique"),
    "a class": ([("a", LogisticRegression)], "must be a classifier object"),
    "regressor": ([("a", Ridge())], "must be a classifier object"),
    "name of a parameter": ([("cv", line())], "conflict"),
    "underscores": ([("a__b", line())], "must not contain __"),
}


@pytest.mark.parametrize(("bad", "told"), BAD_MEMBERS.values(), ids=BAD_MEMBERS)
def test_other_lists_of_members_are_refused(ensemble, samples, bad, told):
    X, y = samples
    ensemble.estimators = bad
    with pytest.raises(ValueError, match=told):
        ensemble.fit(X, y)


@pytest.mark.parametrize("cv", [5, None, "folds"])
def test_random_folds_are_not_had_by_a_number(ensemble, samples, cv):
    X, y = samples
    with pytest.raises(ValueError, match="The 'cv' parameter"):
        ensemble.set_params(cv=cv).fit(X, y)


def test_fits_of_members_are_remembered(samples, tmp_path, spy):
    X, y = samples
    named = [("spy", spy()), ("other", spy())]
    model = PurgedStackingClassifier(named, cv=BLOCKS, memory=str(tmp_path))
    first = model.fit(X, y).oof_proba_
    n_fits = len(spy.notes)
    assert n_fits == 8
    again = clone(model).set_params(final_estimator=GaussianNB()).fit(X, y)
    assert len(spy.notes) == n_fits
    assert not equal(again.oof_proba_, first)
    assert equal(clone(model).fit(X, y).oof_proba_, first)
    assert len(spy.notes) == n_fits
    clone(model).fit(X, np.where(y == 1, 0, y))
    assert len(spy.notes) == 2 * n_fits


class Recorder:
    """A callback that remembers the tasks of every fit it hears of."""

    max_propagation_depth = None

    def __init__(self):
        self.begun, self.ended = [], []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.begun.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, **_):
        self.begun.append((type(estimator).__name__, context.source_task_name))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, **_):
        self.ended.append((type(estimator).__name__, context.source_task_name))


def test_callbacks_hear_of_every_fit_of_a_member(samples):
    X, y = samples
    recorder = Recorder()
    model = PurgedStackingClassifier(
        [("prior", PriorBaseline()), ("line", line())], cv=PurgedSplit(2)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_callbacks(recorder).fit(X, y)
    for kind, name in [("PriorBaseline", "prior"), ("Pipeline", "line")]:
        for task in (f"fold-0-{name}", f"fold-1-{name}", f"refit-{name}"):
            assert recorder.begun.count((kind, task)) == 1
            assert recorder.ended.count((kind, task)) == 1
    assert recorder.begun.count("teardown") == 1
    assert recorder.begun[-1] == "teardown"
    own = ("PurgedStackingClassifier", None)
    assert recorder.begun[0] == own == recorder.ended[-1]


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    "callback",
    [ProgressBar(), ScoringMonitor(scoring="accuracy")],
    ids=["bar", "scores"],
)
def test_the_callbacks_of_scikit_learn_work(samples, callback, n_jobs, capsys):
    X, y = samples
    model = GreedyEnsembleClassifier(
        [("prior", PriorBaseline()), ("line", line())], cv=PurgedSplit(2), n_jobs=n_jobs
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_callbacks(callback).fit(X, y)
    assert model.score(X, y) > 0.4


def test_only_members_of_weight_are_refitted(samples, spy):
    X, y = samples
    named = [("spy", Spy()), ("line", line())]
    vote = WeightedVoteClassifier(named, cv=BLOCKS, weights={"spy": 0, "line": 1})
    vote.fit(X, y)
    assert list(vote.named_estimators_) == ["line"]
    alone = vote.named_estimators_["line"].predict_proba(X)
    np.testing.assert_allclose(vote.predict_proba(X), alone, atol=1e-6)
