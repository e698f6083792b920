"""Ensembles of registered models, made by name."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sk_ensemble import (
    GreedyEnsembleClassifier,
    PurgedStackingClassifier,
    Windower,
    create,
)
from sk_ensemble.exceptions import RegistryError
from sk_ensemble.model_selection import PurgedSplit

MEMBERS = {"logistic": {"C": 1.0}, "prior": {}}
MADE = {"stacking": PurgedStackingClassifier, "greedy": GreedyEnsembleClassifier}


@pytest.mark.parametrize("name", MADE)
def test_a_name_makes_what_its_class_makes(samples, name):
    X, y = samples
    made = create(f"ensemble:{name}", members=MEMBERS, n_splits=3, embargo_size=2)
    assert type(made) is MADE[name]
    named = [(key, create(key, **params)) for key, params in MEMBERS.items()]
    by_hand = MADE[name](named, cv=PurgedSplit(3, embargo_size=2))
    fitted, expected = (
        make_pipeline(Windower(2), model).fit(X, y) for model in (made, by_hand)
    )
    np.testing.assert_array_equal(fitted.predict_proba(X), expected.predict_proba(X))
    assert fitted.score(X, y) > 0.5
    assert fitted.n_features_in_ == 3


@pytest.mark.parametrize("name", MADE)
def test_members_go_by_their_names(name):
    made = create(name, members=["sklearn:logistic", "baseline:prior"])
    assert [key for key, _ in made.estimators] == ["sklearn_logistic", "baseline_prior"]
    made.set_params(sklearn_logistic__clf__C=0.5)
    assert made.estimators[0][1][-1].C == 0.5
    with pytest.raises(RegistryError, match="logistik"):
        create(name, members=["logistik"])


@pytest.mark.parametrize("name", MADE)
def test_an_array_does_not_say_how_long_its_labels_last(name):
    X, y = np.random.default_rng(0).normal(size=(90, 3, 2)), np.arange(90) % 3
    made = create(name, members=MEMBERS)
    with pytest.raises(ValueError, match="Nothing says when the labels end"):
        made.fit(X, y)
    assert made.set_params(cv__purged_size=2).fit(X, y).predict_proba(X).shape == (
        90,
        3,
    )
