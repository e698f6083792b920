from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import KFold

from sk_ensemble import (
    LightGBMClassifier,
    MLPNetClassifier,
    XGBoostClassifier,
)
from sk_ensemble.ensemble import WeightedVoteClassifier
from sk_ensemble.persistence import KnownParts, model_files, model_from_files

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3)).astype("float32")
Y = np.sign(X[:, 0] + rng.normal(size=90)).astype(int)

MEMBERS = [
    XGBoostClassifier(n_estimators=3),
    LightGBMClassifier(n_estimators=3),
    MLPNetClassifier(hidden_sizes=(4,), max_epochs=1),
]


@pytest.fixture(scope="module")
def saved():
    return [model_files(clf.fit(X, Y)) for clf in MEMBERS]


def vote_of(models):
    names = ["xgboost", "lightgbm", "mlp"]
    proba = {
        name: model.predict_proba(X) for name, model in zip(names, models, strict=True)
    }
    vote = WeightedVoteClassifier.from_oof(proba, Y, X, cv=KFold(2), weights="equal")
    return vote.attach_members(list(zip(names, models, strict=True)), X)


def test_what_is_known_is_saved_as_what_is_taken_apart(saved):
    known = KnownParts()
    models = [model_from_files(files, known=known) for files in saved]
    assert [model_files(model, known=known) for model in models] == saved
    vote = vote_of(models)
    assert model_files(vote, known=known) == model_files(vote)


def test_what_is_known_is_not_taken_apart(saved, monkeypatch):
    def refuse(self):
        raise AssertionError

    known = KnownParts()
    vote = vote_of([model_from_files(files, known=known) for files in saved])
    for member in MEMBERS:
        monkeypatch.setattr(type(member), "_get_artefacts", refuse)
    assert model_files(vote, known=known)
    with pytest.raises(AssertionError):
        model_files(vote)
