"""No row is predicted, or judged, by anything that saw a label overlapping its own."""

from __future__ import annotations

import numpy as np
import pytest
from ensembles import SPLITTERS, Spy, make_proba
from sklearn.model_selection import KFold

from sk_ensemble import (
    GreedyEnsembleClassifier,
    PurgedStackingClassifier,
    WeightedVoteClassifier,
)


def n_overlaps(trained, asked):
    """Count the pairs of samples whose label spans overlap, one by one."""
    return sum(
        bool(start <= other_end and other_start <= end)
        for start, end in zip(asked.times_ns, asked.label_end_ns, strict=True)
        for other_start, other_end in zip(
            trained.times_ns, trained.label_end_ns, strict=True
        )
    )


def overlaps_of_meta_rows(cv, samples, spy):
    """Count, over all members and folds, overlaps of meta-training rows."""
    X, y = samples
    stack = PurgedStackingClassifier([("one", spy()), ("two", spy())], cv=cv)
    stack.fit(X, y)
    meta = set(X.positions[~np.isnan(stack.oof_predictions_["one"][:, 0])])
    asked = [np.isin(rows.positions, list(meta)) for _, rows in spy.notes]
    assert len(spy.notes) == 2 * cv.get_n_splits(X)
    assert all(mask.all() for mask in asked)
    return sum(n_overlaps(trained, rows) for trained, rows in spy.notes), len(meta)


def test_no_meta_row_overlaps_the_training_data_of_who_predicted_it(cv, samples, spy):
    found, n_meta = overlaps_of_meta_rows(cv, samples, spy)
    assert found == 0
    assert n_meta > 100


def test_unpurged_folds_would_be_noticed(samples, spy):
    found, _ = overlaps_of_meta_rows(KFold(4), samples, spy)
    assert found > 10


ENSEMBLES = {
    "stack": PurgedStackingClassifier,
    "greedy": GreedyEnsembleClassifier,
    "vote": WeightedVoteClassifier,
}


@pytest.fixture
def predictions(samples):
    """Predictions of members with different skills."""
    _, y = samples
    return {
        name: make_proba(y + 1, skill, seed)
        for seed, (name, skill) in enumerate({"a": 1.0, "b": 0.8, "c": 0.3}.items())
    }


def turned(y, rows):
    """Other outcomes in some rows."""
    other = y.copy()
    other[rows] = np.where(other[rows] == 1, -1, other[rows] + 1)
    return other


@pytest.mark.parametrize("ensemble", ENSEMBLES.values(), ids=ENSEMBLES)
def test_the_outcomes_of_a_fold_do_not_touch_what_it_is_judged_by(
    ensemble, samples, predictions
):
    X, y = samples
    cv = SPLITTERS["blocks"]
    before = ensemble.from_oof(predictions, y, X, cv=cv)
    for train, test in cv.split(X, y):
        unseen = np.setdiff1d(np.arange(len(y)), train)
        after = ensemble.from_oof(predictions, turned(y, unseen), X, cv=cv)
        np.testing.assert_array_equal(after.oof_proba_[test], before.oof_proba_[test])
        assert set(test) < set(unseen)


@pytest.mark.parametrize("ensemble", ENSEMBLES.values(), ids=ENSEMBLES)
def test_other_outcomes_do_touch_it(ensemble, samples, predictions):
    X, y = samples
    cv = SPLITTERS["blocks"]
    before = ensemble.from_oof(predictions, y, X, cv=cv)
    train, test = next(iter(cv.split(X, y)))
    after = ensemble.from_oof(predictions, turned(y, train), X, cv=cv)
    assert (after.oof_proba_[test] != before.oof_proba_[test]).any()


def test_walking_forward_the_future_does_not_touch_the_past(samples, spy):
    """Members, combination and judgement of a block rest on what came before it."""
    X, y = samples
    cv = SPLITTERS["walk forward"]
    model = PurgedStackingClassifier([("a", Spy()), ("b", Spy())], cv=cv)
    before = model.fit(X, y).oof_proba_
    folds = list(cv.split(X, y))
    last = folds[-1][1]
    start = X.times_ns[last].min()
    later = np.flatnonzero(X.label_end_ns >= start)
    after = model.fit(X, turned(y, later)).oof_proba_
    np.testing.assert_array_equal(after[last], before[last])
    assert np.isnan(before[folds[0][1]]).all()
    assert not np.isnan(before[last]).any()
