"""Predictions that a search keeps are those of the folds, fitted again."""

from __future__ import annotations

import numpy as np
import pytest
from searches import rows, searching
from sklearn.linear_model import LogisticRegression

from sk_ensemble import CombinatorialPurgedSplit, PurgedSplit, WalkForwardSplit
from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection import cross_val_oof

SPLITTERS = [
    PurgedSplit(3, purged_size=1),
    WalkForwardSplit(3, purged_size=1),
    CombinatorialPurgedSplit(4, 2, purged_size=1),
]


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
def test_they_are_those_of_cross_validation(cv, tmp_path):
    X, y = rows()
    search = searching(cv=cv, n_trials=3, keep_predictions=tmp_path).fit(X, y)
    for trial, params in enumerate(search.cv_results_["params"]):
        if search.cv_results_["state"][trial] == "complete":
            expected = cross_val_oof(LogisticRegression(**params), X, y, cv).predictions
            np.testing.assert_array_equal(search.oof_predictions(trial), expected)
    best = search.oof_predictions(search.best_index_)
    np.testing.assert_array_equal(search.oof_predictions(), best)


def test_they_are_there_after_going_on(tmp_path):
    X, y = rows()
    options = {
        "storage": tmp_path / "journal",
        "study_name": "s",
        "keep_predictions": tmp_path,
    }
    for n_trials in (2, 5):
        search = searching(n_trials=n_trials, **options).fit(X, y)
    whole = searching(n_trials=5, keep_predictions=tmp_path / "whole").fit(X, y)
    for trial in np.flatnonzero(search.cv_results_["state"] == "complete"):
        np.testing.assert_array_equal(
            search.oof_predictions(trial), whole.oof_predictions(trial)
        )


def test_what_is_missing_is_told(tmp_path):
    X, y = rows()
    with pytest.raises(ValueError, match="Set keep_predictions"):
        searching(n_trials=1).fit(X, y).oof_predictions()
    search = searching(n_trials=1, keep_predictions=tmp_path).fit(X, y)
    with pytest.raises(DataError, match="trial 7 was not evaluated on fold 0"):
        search.oof_predictions(7)
    path = next(tmp_path.rglob("trial-00000-fold-001.npy"))
    with path.open("wb") as stream:
        np.save(stream, np.zeros((3, 2)))
    with pytest.raises(DataError, match="has 3 rows, but the fold tests 67"):
        search.oof_predictions()
