from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from ensembles import make_proba
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble import GreedyEnsembleClassifier, PurgedSplit
from sk_ensemble.ensemble._greedy_selection import draw_bags, select_members
from sk_ensemble.metrics import brier_score, log_loss

SETTINGS = {"n_rounds": 30, "n_iter_no_change": 30, "tol": 0.0}
CV = PurgedSplit(4, purged_size=0)


def mean_log_loss(mean):
    return -np.log(mean[:, 0]).mean()


def parts_of(seed, n_members=3, n_rows=40):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.05, 0.95, size=(n_members, n_rows, 1))


def slow_selection(parts, n_rounds):
    """Caruana's loop as the paper tells it: every mean made anew from a list."""
    taken, path = [], []
    for _ in range(n_rounds):
        tried = [
            mean_log_loss(np.mean([parts[i] for i in [*taken, m]], axis=0))
            for m in range(len(parts))
        ]
        taken.append(int(np.argmin(tried)))
        path.append(min(tried))
    best = taken[: int(np.argmin(path)) + 1]
    return np.bincount(best, minlength=len(parts)) / len(best)


@given(seed=st.integers(0, 10_000), n_members=st.integers(1, 4))
def test_one_bag_of_all_is_the_loop_of_the_paper(seed, n_members):
    parts = parts_of(seed, n_members)
    found = select_members(parts, mean_log_loss, [tuple(range(n_members))], **SETTINGS)
    np.testing.assert_allclose(found, slow_selection(parts, 30), atol=1e-12)


def test_no_mean_of_as_many_members_is_better_by_much():
    parts = parts_of(3)
    bag = [(0, 1, 2)]
    found = select_members(parts, mean_log_loss, bag, **SETTINGS | {"n_rounds": 8})
    every = [
        mean_log_loss(parts[list(chosen)].mean(axis=0))
        for size in range(1, 9)
        for chosen in combinations_with_replacement(range(3), size)
    ]
    assert mean_log_loss(np.tensordot(found, parts, 1)) < min(every) + 0.002


def test_bags_are_averaged_and_each_chooses_from_its_own():
    parts = parts_of(1, 4)
    bags = [(0, 1), (2, 3), (0, 3)]
    each = [select_members(parts, mean_log_loss, [bag], **SETTINGS) for bag in bags]
    for bag, weights in zip(bags, each, strict=True):
        assert set(np.flatnonzero(weights)) <= set(bag)
    together = select_members(parts, mean_log_loss, bags, **SETTINGS)
    np.testing.assert_allclose(together, np.mean(each, axis=0), atol=1e-12)


def test_a_tie_goes_to_the_first():
    parts = np.stack([parts_of(0, 1)[0]] * 3)
    found = select_members(parts, mean_log_loss, [(0, 1, 2)], **SETTINGS)
    assert found.tolist() == [1.0, 0.0, 0.0]
    later = select_members(parts, mean_log_loss, [(1, 2)], **SETTINGS)
    assert later.tolist() == [0.0, 1.0, 0.0]


def test_a_bag_stops_when_nothing_has_got_better():
    parts, calls = parts_of(2, 2, 500), []

    def counting(mean):
        calls.append(1)
        return mean_log_loss(mean)

    short = {"n_rounds": 200, "n_iter_no_change": 3, "tol": 1e-3}
    select_members(parts, counting, [(0, 1)], **short)
    n_short = len(calls)
    select_members(parts, counting, [(0, 1)], **short | {"n_iter_no_change": 200})
    assert n_short < 40 < len(calls) - n_short


@pytest.mark.parametrize(
    ("n_members", "fraction", "n_bags", "size", "count"),
    [(10, 0.7, 20, 7, 20), (5, 0.75, 20, 4, 5), (2, 0.75, 20, 2, 1), (8, 1.0, 3, 8, 1)],
)
def test_bags_have_their_size_and_none_is_drawn_where_all_can_be_had(
    n_members, fraction, n_bags, size, count
):
    bags = draw_bags(n_members, fraction, n_bags, np.random.RandomState(0))
    assert [len(set(bag)) for bag in bags] == [size] * count
    assert all(list(bag) == sorted(bag) for bag in bags)
    if count < n_bags:
        assert len(set(bags)) == count


@pytest.fixture
def known():
    codes = np.random.default_rng(0).integers(0, 3, 600)
    tables = {"a": 1.0, "b": 0.8, "c": 0.0, "d": 0.5, "e": 0.2, "f": 0.9, "g": 0.1}
    proba = {
        name: make_proba(codes, skill, seed)
        for seed, (name, skill) in enumerate(tables.items())
    }
    return codes - 1, proba


def test_the_order_of_members_changes_nothing(known):
    y, proba = known
    options = {"cv": CV, "bag_fraction": 0.5, "n_bags": 10, "random_state": 0}
    one = GreedyEnsembleClassifier.from_oof(proba, y, **options)
    names = list(proba)[::-1]
    other = GreedyEnsembleClassifier.from_oof(
        {n: proba[n] for n in names}, y, **options
    )
    assert one.weights_ == other.weights_
    assert one.oof_score_ == other.oof_score_


@pytest.mark.parametrize(("n_members", "n_left_out"), [(10, 0), (11, 5)])
def test_bags_leave_members_out_where_there_are_many(known, n_members, n_left_out):
    y, proba = known
    many = {f"m{number}": proba["a"] for number in range(n_members)}
    auto = GreedyEnsembleClassifier.from_oof(many, y, cv=CV, random_state=0)
    # Of equal members the first in each bag has all the weight.
    assert (auto.weights_["m0"] == 1.0) == (n_left_out == 0)
    share = (n_members - n_left_out) / n_members
    same = GreedyEnsembleClassifier.from_oof(
        many, y, cv=CV, random_state=0, bag_fraction=share
    )
    assert same.weights_ == auto.weights_


def test_draws_follow_the_seed(known):
    y, proba = known
    options = {"cv": CV, "bag_fraction": 0.4, "n_bags": 2}
    weights = [
        GreedyEnsembleClassifier.from_oof(
            proba, y, random_state=seed, **options
        ).weights_
        for seed in (0, 0, 1)
    ]
    assert weights[0] == weights[1] != weights[2]


def test_each_metric_is_best_by_its_own(known):
    y, proba = known
    classes = [-1, 0, 1]

    def distance(y, proba, *, labels, sample_weight=None):
        rows = 1 - proba[np.arange(len(y)), np.searchsorted(labels, y)]
        return float(np.average(rows, weights=sample_weight))

    losses = {"log_loss": log_loss, "brier_score": brier_score, distance: distance}
    combined = {}
    for metric in losses:
        model = GreedyEnsembleClassifier.from_oof(
            proba, y, cv=CV, metric=metric, bag_fraction=1.0, tol=0.0
        )
        combined[metric] = model.combine(proba)
    for metric, loss in losses.items():
        values = {name: loss(y, p, labels=classes) for name, p in combined.items()}
        assert min(values, key=values.get) == metric


def test_a_lone_member_has_all_the_weight(known):
    y, proba = known
    model = GreedyEnsembleClassifier.from_oof({"a": proba["a"]}, y, cv=CV)
    assert model.weights_ == {"a": 1.0}
    np.testing.assert_allclose(model.combine({"a": proba["a"]}), proba["a"])


def test_a_copy_gets_nothing_beside_its_original(known):
    y, proba = known
    both = {"a": proba["a"], "b": proba["b"], "copy of a": proba["a"]}
    model = GreedyEnsembleClassifier.from_oof(both, y, cv=CV, bag_fraction=1.0)
    alone = GreedyEnsembleClassifier.from_oof(
        {n: both[n] for n in ("a", "b")}, y, cv=CV, bag_fraction=1.0
    )
    assert model.weights_ == alone.weights_ | {"copy of a": 0.0}
