"""Ensembles from predictions that exist already."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from ensembles import SPLITTERS, make_proba, members
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sk_ensemble import (
    GreedyEnsembleClassifier,
    PurgedSplit,
    PurgedStackingClassifier,
    WalkForwardSplit,
    WeightedVoteClassifier,
)
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import log_loss

ENSEMBLES = {
    "stack": PurgedStackingClassifier,
    "greedy": GreedyEnsembleClassifier,
    "vote": WeightedVoteClassifier,
}
CV = PurgedSplit(4, purged_size=0)


@pytest.fixture(params=ENSEMBLES.values(), ids=ENSEMBLES)
def ensemble(request):
    return request.param


@pytest.fixture
def known():
    codes = np.random.default_rng(0).integers(0, 3, 400)
    skills = {"a": 1.0, "b": 0.7, "c": 0.0}
    return codes - 1, {
        name: make_proba(codes, skill, seed)
        for seed, (name, skill) in enumerate(skills.items())
    }


def test_it_is_what_fit_would_have_chosen(ensemble, samples, cv):
    X, y = samples
    fitted = ensemble(members(), cv=cv).fit(X, y)
    known = fitted.oof_predictions_
    made = ensemble.from_oof(
        known,
        y,
        X,
        cv=cv,
        estimators=list(fitted.named_estimators_.items())
        if len(fitted.named_estimators_) == 2
        else None,
    )
    np.testing.assert_allclose(made.oof_proba_, fitted.oof_proba_, atol=1e-12)
    assert made.weights_ == pytest.approx(fitted.weights_, abs=1e-9)
    assert made.oof_score_ == pytest.approx(fitted.oof_score_)
    assert made.member_scores_ == pytest.approx(fitted.member_scores_)
    new = {n: m.predict_proba(X) for n, m in fitted.named_estimators_.items()}
    np.testing.assert_allclose(made.combine(new), fitted.predict_proba(X), atol=1e-9)
    if hasattr(made, "estimators_"):
        assert made.n_features_in_ == 3
        np.testing.assert_allclose(made.predict_proba(X), fitted.predict_proba(X))


def test_without_members_it_combines_but_does_not_predict(ensemble, known):
    y, proba = known
    made = ensemble.from_oof(proba, y, cv=CV)
    assert made.combine(proba).shape == (400, 3)
    with pytest.raises(NotFittedError, match="Use combine"):
        made.predict_proba(np.zeros((2, 1)))
    with pytest.raises(ValueError, match="one or more"):
        made.fit(np.zeros((400, 1)), y)


def test_the_score_is_that_of_the_rows_shown(ensemble, known):
    y, proba = known
    made = ensemble.from_oof(proba, y, cv=WalkForwardSplit(4, purged_size=0))
    rows = ~np.isnan(made.oof_proba_).any(axis=1)
    assert 0.5 < rows.mean() < 1
    assert -made.oof_score_ == pytest.approx(log_loss(y[rows], made.oof_proba_[rows]))
    for name, value in made.member_scores_.items():
        assert -value == pytest.approx(log_loss(y[rows], proba[name][rows]))


def test_rows_that_a_member_has_not_predicted_take_no_part(ensemble, known):
    y, proba = known
    rows = slice(100, 140)
    holes = {name: table.copy() for name, table in proba.items()}
    holes["a"][rows] = np.nan
    made = ensemble.from_oof(holes, y, cv=CV)
    assert np.isnan(made.oof_proba_[rows]).all()
    assert np.isfinite(np.delete(made.oof_proba_, np.r_[rows], axis=0)).all()
    other = y.copy()
    other[rows] = -other[rows]
    again = ensemble.from_oof(holes, other, cv=CV)
    np.testing.assert_array_equal(again.combine(proba), made.combine(proba))
    assert again.oof_score_ == made.oof_score_
    combined = made.combine(holes)
    assert np.isnan(combined[rows]).all()
    np.testing.assert_allclose(
        np.delete(combined, np.r_[rows], axis=0),
        np.delete(made.combine(proba), np.r_[rows], axis=0),
        rtol=1e-12,
    )


def test_the_order_of_rows_changes_nothing(ensemble, samples):
    X, y = samples
    proba = {n: make_proba(y + 1, 0.5, seed) for seed, n in enumerate("ab")}
    order = np.random.default_rng(1).permutation(len(y))
    cv = SPLITTERS["combinatorial"]
    one = ensemble.from_oof(proba, y, X, cv=cv)
    mixed = {name: table[order] for name, table in proba.items()}
    other = ensemble.from_oof(mixed, y[order], X[order], cv=cv)
    assert one.oof_proba_[order].tobytes() == other.oof_proba_.tobytes()
    assert one.oof_score_ == other.oof_score_
    assert one.weights_ == other.weights_


def test_a_frame_of_keys_with_label_ends_does_what_the_panel_does(ensemble, samples):
    X, y = samples
    proba = {n: make_proba(y + 1, 0.5, seed) for seed, n in enumerate("ab")}
    frames = {
        name: pd.DataFrame(table, index=X.index, columns=[-1, 0, 1])[[1, -1, 0]]
        for name, table in proba.items()
    }
    keys = pd.DataFrame(index=X.index)
    options = {"cv": SPLITTERS["blocks"].set_params(embargo_size=0)}
    of_panel = ensemble.from_oof(proba, y, X, **options)
    of_keys = ensemble.from_oof(
        frames, pd.Series(y, index=X.index), keys, label_end=X.label_end, **options
    )
    np.testing.assert_array_equal(of_panel.oof_proba_, of_keys.oof_proba_)
    unpurged = ensemble.from_oof(proba, y, keys, label_end=X.times, **options)
    assert (unpurged.oof_proba_ != of_panel.oof_proba_).any()


def test_splits_may_be_listed(ensemble, samples):
    X, y = samples
    proba = {n: make_proba(y + 1, 0.5, seed) for seed, n in enumerate("ab")}
    cv = SPLITTERS["blocks"]
    order = np.random.default_rng(1).permutation(len(y))
    listed = list(cv.split(X[order], y[order]))
    mixed = {name: table[order] for name, table in proba.items()}
    one = ensemble.from_oof(mixed, y[order], X[order], cv=listed)
    other = ensemble.from_oof(mixed, y[order], X[order], cv=cv)
    np.testing.assert_array_equal(one.oof_proba_, other.oof_proba_)
    masks = [
        tuple(np.isin(np.arange(len(y)), rows) for rows in fold) for fold in listed
    ]
    masked = ensemble.from_oof(mixed, y[order], X[order], cv=masks)
    np.testing.assert_array_equal(masked.oof_proba_, other.oof_proba_)


def test_weights_are_repetitions(ensemble, known):
    y, proba = known
    half = np.arange(200)
    weights = np.r_[np.full(200, 2.0), np.ones(200)]
    rows = np.r_[half, half, np.arange(200, 400)]
    splits = [(half, np.arange(200, 400)), (np.arange(200, 400), half)]
    repeated = [
        (np.arange(400), np.arange(400, 600)),
        (np.arange(400, 600), np.arange(400)),
    ]
    one = ensemble.from_oof(proba, y, cv=splits, sample_weight=weights)
    more = {name: table[rows] for name, table in proba.items()}
    other = ensemble.from_oof(more, y[rows], cv=repeated)
    np.testing.assert_allclose(one.combine(proba), other.combine(proba), atol=1e-4)
    assert one.oof_score_ == pytest.approx(other.oof_score_, abs=1e-4)
    plain = ensemble.from_oof(proba, y, cv=splits)
    assert plain.oof_score_ != pytest.approx(one.oof_score_, abs=1e-4)


def test_a_row_without_weight_might_as_well_be_missing(ensemble, known):
    y, proba = known
    weights = np.ones(400)
    weights[::3] = 0
    one = ensemble.from_oof(proba, y, cv=CV, sample_weight=weights)
    other = y.copy()
    other[::3] = -other[::3]
    two = ensemble.from_oof(proba, other, cv=CV, sample_weight=weights)
    assert one.oof_score_ == two.oof_score_
    np.testing.assert_array_equal(one.combine(proba), two.combine(proba))


def test_a_class_that_never_came_true_keeps_its_column(ensemble, known):
    y, proba = known
    up_or_down = y != 0
    few = {name: table[up_or_down] for name, table in proba.items()}
    with pytest.raises(DataError, match="pass classes"):
        ensemble.from_oof(few, y[up_or_down], cv=CV)
    made = ensemble.from_oof(few, y[up_or_down], cv=CV, classes=[-1, 0, 1])
    assert made.classes_.tolist() == [-1, 0, 1]
    assert made.combine(few).shape[1] == 3
    turned_round = {name: table[:, ::-1] for name, table in few.items()}
    other = ensemble.from_oof(turned_round, y[up_or_down], cv=CV, classes=[1, 0, -1])
    np.testing.assert_allclose(other.combine(few), made.combine(few), atol=1e-5)


def spoilt(proba, change):
    tables = {name: table.copy() for name, table in proba.items()}
    change(tables["b"])
    return tables


def half_missing(table):
    table[3, 0] = np.nan


def no_shares(table):
    table[5] = [0.5, 0.5, 0.5]


def below_zero(table):
    table[5] = [1.5, -0.5, 0.0]


def nothing(table):
    table[:] = np.nan


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (half_missing, "row 3"),
        (no_shares, "row 5"),
        (below_zero, "row 5"),
        (nothing, "'b' has no predictions at all"),
    ],
)
def test_what_is_no_probability_is_refused_by_name(ensemble, known, change, told):
    y, proba = known
    with pytest.raises(DataError, match=told) as error:
        ensemble.from_oof(spoilt(proba, change), y, cv=CV)
    assert "'b'" in str(error.value)


def test_predictions_of_other_rows_are_refused(ensemble, samples, known):
    X, y = samples
    proba = {n: make_proba(y + 1, 0.5, seed) for seed, n in enumerate("ab")}
    frame = pd.DataFrame(proba["a"], index=X.index[::-1], columns=[-1, 0, 1])
    with pytest.raises(DataError, match="Predictions of 'a' is indexed by other"):
        ensemble.from_oof({"a": frame, "b": proba["b"]}, y, X, cv=SPLITTERS["blocks"])
    y, proba = known
    with pytest.raises(DataError, match="different numbers of rows"):
        ensemble.from_oof(proba | {"b": proba["b"][1:]}, y, cv=CV)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ensemble.from_oof(proba, y[1:], cv=CV)
    wrong = pd.DataFrame(proba["a"], columns=["x", "y", "z"])
    with pytest.raises(DataError, match="must be the classes"):
        ensemble.from_oof({"a": wrong}, y, cv=CV)


def test_other_members_are_refused(ensemble, known):
    y, proba = known
    made = ensemble.from_oof(proba, y, cv=CV)
    with pytest.raises(DataError, match=r"\['d'\] take no part"):
        made.combine(proba | {"d": proba["a"]})
    with pytest.raises(DataError, match=r"\['a'\] are missing"):
        made.combine({name: proba[name] for name in ("b", "c")})
    lone = [("z", LogisticRegression())]
    with pytest.raises(DataError, match="Give both for the same"):
        ensemble.from_oof(proba, y, cv=CV, estimators=lone)
    unfitted = [(name, LogisticRegression()) for name in proba]
    with pytest.raises(NotFittedError):
        ensemble.from_oof(proba, y, cv=CV, estimators=unfitted)


def test_folds_that_train_on_what_they_test_are_refused(ensemble, known):
    y, proba = known
    rows = np.arange(400)
    with pytest.raises(DataError, match="trains on 10 of the 200 rows it tests"):
        ensemble.from_oof(proba, y, cv=[(rows[:210], rows[200:])])
    with pytest.raises(ValueError, match="no folds"):
        ensemble.from_oof(proba, y, cv=[])
    with pytest.raises(ValueError, match="0 rows to train on"):
        ensemble.from_oof(proba, y, cv=[(rows[:0], rows)])


def test_where_nothing_can_be_judged_no_figure_is_shown(ensemble, known):
    y, proba = known
    rows = np.arange(400)
    made = ensemble.from_oof(proba, y, cv=[(rows[:200], rows[200:])])
    assert np.isnan(made.oof_proba_[:200]).all()
    holes = {name: table.copy() for name, table in proba.items()}
    holes["a"][:200] = np.nan
    unjudged = ensemble.from_oof(holes, y, cv=[(rows[:200], rows[200:])])
    assert np.isnan(unjudged.oof_proba_).all()
    assert np.isnan(unjudged.oof_score_)
    assert np.isfinite(unjudged.combine(proba)).all()


def test_one_class_is_too_little(ensemble, known):
    y, proba = known
    with pytest.raises(DataError, match="two classes are needed"):
        ensemble.from_oof(proba, np.zeros_like(y), cv=CV, classes=[-1, 0, 1])
