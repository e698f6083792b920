from __future__ import annotations

import numpy as np
import pytest
from ensembles import make_proba
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble import PurgedSplit, WeightedVoteClassifier
from sk_ensemble.ensemble._simplex_weights import simplex_weights
from sk_ensemble.exceptions import DataError

CV = PurgedSplit(4, purged_size=0)


def loss(weights, likelihood, sample_weight):
    return -np.average(np.log(weights @ likelihood), weights=sample_weight)


def by_expectation_maximisation(likelihood, sample_weight, n_steps=20_000):
    """The mixture proportions, by the slow and safe algorithm."""
    weights = np.full(len(likelihood), 1 / len(likelihood))
    shares = sample_weight / sample_weight.sum()
    for _ in range(n_steps):
        weights = weights * (likelihood @ (shares / (weights @ likelihood)))
    return weights


@given(seed=st.integers(0, 10_000), n_members=st.integers(1, 6))
def test_the_conditions_of_the_optimum_hold(seed, n_members):
    rng = np.random.default_rng(seed)
    likelihood = rng.uniform(0.01, 1, size=(n_members, 80))
    sample_weight = rng.uniform(0.1, 2, size=80)
    weights = simplex_weights(likelihood, sample_weight)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    shares = sample_weight / sample_weight.sum()
    pull = likelihood @ (shares / (weights @ likelihood))
    assert pull.max() < 1 + 1e-4
    assert pull[weights > 1e-3] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_those_of_another_algorithm(seed):
    rng = np.random.default_rng(seed)
    likelihood = rng.uniform(0.05, 0.9, size=(4, 200))
    sample_weight = rng.uniform(0.1, 2, size=200)
    found = simplex_weights(likelihood, sample_weight)
    slow = by_expectation_maximisation(likelihood, sample_weight)
    assert loss(found, likelihood, sample_weight) <= (
        loss(slow, likelihood, sample_weight) + 1e-9
    )
    np.testing.assert_allclose(found, slow, atol=2e-3)


def test_copies_share_equally():
    rng = np.random.default_rng(0)
    likelihood = rng.uniform(0.05, 0.9, size=(2, 200))
    weights = simplex_weights(likelihood[[0, 1, 0]], np.ones(200))
    assert weights[0] == pytest.approx(weights[2], abs=1e-12)
    alone = simplex_weights(likelihood, np.ones(200))
    assert weights[0] + weights[2] == pytest.approx(alone[0], abs=1e-4)


def test_a_member_that_ruled_out_what_came_true_is_survived():
    likelihood = np.array([[0.0, 0.9, 0.9], [0.5, 0.5, 0.5]])
    weights = simplex_weights(likelihood, np.ones(3))
    assert 0.1 < weights[1] < 1
    nothing = simplex_weights(np.zeros((2, 3)), np.ones(3))
    np.testing.assert_allclose(nothing, [0.5, 0.5])


@pytest.fixture
def known():
    codes = np.random.default_rng(0).integers(0, 3, 600)
    skills = {"good": 1.0, "fair": 0.7, "none": 0.0}
    return codes - 1, {
        name: make_proba(codes, skill, seed)
        for seed, (name, skill) in enumerate(skills.items())
    }


def test_equal_weights_are_a_soft_vote_and_need_no_choice(known):
    y, proba = known
    vote = WeightedVoteClassifier.from_oof(proba, y, cv=CV, weights="equal")
    mean = np.mean(list(proba.values()), axis=0)
    np.testing.assert_allclose(vote.combine(proba), mean, atol=1e-15)
    np.testing.assert_allclose(vote.oof_proba_, mean, atol=1e-15)
    optimal = WeightedVoteClassifier.from_oof(proba, y, cv=CV)
    assert optimal.oof_score_ > vote.oof_score_


def test_given_weights_are_scaled_and_go_by_name(known):
    y, proba = known
    given_weights = {"none": 0, "fair": 1, "good": 3}
    vote = WeightedVoteClassifier.from_oof(proba, y, cv=CV, weights=given_weights)
    assert vote.weights_ == {"good": 0.75, "fair": 0.25, "none": 0.0}
    expected = 0.75 * proba["good"] + 0.25 * proba["fair"]
    np.testing.assert_allclose(vote.combine(proba), expected)
    without = {name: proba[name] for name in ("good", "fair")}
    np.testing.assert_allclose(vote.combine(without), expected)


@pytest.mark.parametrize(
    "weights",
    [
        {"good": 1.0},
        {"good": 1, "fair": -1, "none": 1},
        dict.fromkeys("gfn", 1.0),
        {"good": 0, "fair": 0, "none": 0},
    ],
)
def test_other_weights_are_refused(known, weights):
    y, proba = known
    with pytest.raises(ValueError, match="weights must give every member"):
        WeightedVoteClassifier.from_oof(proba, y, cv=CV, weights=weights)


def test_members_are_needed(known):
    y, _ = known
    with pytest.raises(DataError, match="missing"):
        WeightedVoteClassifier.from_oof({}, y, cv=CV)
