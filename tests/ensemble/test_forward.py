"""What ensembles are worth on later bars that nobody has seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sk_ensemble import (
    GreedyEnsembleClassifier,
    Panel,
    PurgedSplit,
    PurgedStackingClassifier,
    WeightedVoteClassifier,
    Windower,
    create,
)
from sk_ensemble.datasets import contract_specs, load_bars, make_bars
from sk_ensemble.ensemble import PurgedCalibratedClassifier
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import day_block_bootstrap, log_loss
from sk_ensemble.preprocessing import bar_features

pytestmark = pytest.mark.slow

FEATURES = ["close_location", "body", "return_1", "return_3", "range_1"]
FEATURES += ["volatility_12"]


@dataclass(frozen=True)
class Halves:
    """Samples up to a time, and those from then on."""

    X: Panel
    y: np.ndarray
    X_later: Panel
    y_later: np.ndarray


def halves_of(X, y, share, step=1):
    """Cut at a time; labels of the first part are known before the second begins."""
    stamps = np.unique(X.times_ns)
    start = stamps[int(share * len(stamps))]
    first = np.flatnonzero(X.label_end_ns < start)[::step]
    later = np.flatnonzero(X.times_ns >= start)
    return Halves(X[first], y[first], X[later], y[later])


def synthetic(seed, n_bars=6000):
    data = make_bars(n_bars, 2, volatility="sessions", random_state=seed)
    panel = Panel.from_frame(bar_features(data.bars), features=FEATURES)
    return halves_of(*panel.align(data.labels), share=0.5)


def good_members():
    boosted = create(
        "hist_gradient_boosting", max_iter=60, min_samples_leaf=50, random_state=0
    )
    forest = create("random_forest", n_estimators=60, random_state=0)
    return [
        ("logistic", make_pipeline(Windower(30), create("logistic", C=0.01))),
        ("boosted", make_pipeline(Windower(6), boosted)),
        ("forest", make_pipeline(Windower(3), forest)),
    ]


def bad_members():
    deep = DecisionTreeClassifier(random_state=0)
    return [
        ("deep tree", make_pipeline(Windower(2, flatten=True), deep)),
        ("near", make_pipeline(Windower(2, flatten=True), KNeighborsClassifier())),
    ]


def ensembles_of(stack, data):
    """The other ensembles, of the same members and predictions."""
    known, named = stack.oof_predictions_, list(stack.named_estimators_.items())
    options = {"cv": stack.cv, "estimators": named}
    return {
        "stack": stack,
        "greedy": GreedyEnsembleClassifier.from_oof(
            known, data.y, data.X, random_state=0, **options
        ),
        "vote": WeightedVoteClassifier.from_oof(known, data.y, data.X, **options),
    }


def losses(model: Any, data: Halves) -> np.ndarray:
    """Minus the log probability of what came true later, row by row."""
    proba = np.clip(model.predict_proba(data.X_later), 1e-15, 1)
    codes = np.searchsorted(model.classes_, data.y_later)
    return -np.log(proba[np.arange(len(codes)), codes])


def advantage(one, other, data):
    """How much less one loses than the other, nats per row, with whole days drawn."""
    gain = losses(other, data) - losses(one, data)
    return day_block_bootstrap(gain, data.X_later.times)


SEEDS = range(3)


@cache
def field(seed):
    """Samples, a stack of good and bad members, and all ensembles of these."""
    data = synthetic(seed)
    stack = PurgedStackingClassifier(
        good_members() + bad_members(), cv=PurgedSplit(4, embargo_size=30)
    ).fit(data.X, data.y)
    return data, stack, ensembles_of(stack, data)


@pytest.fixture(params=SEEDS)
def fitted(request):
    return field(request.param)


def test_ensembles_beat_their_best_member(fitted):
    data, stack, ensembles = fitted
    members = {n: losses(m, data).mean() for n, m in stack.named_estimators_.items()}
    for model in ensembles.values():
        assert losses(model, data).mean() < min(members.values())
        best = stack.named_estimators_[min(members, key=members.get)]
        assert advantage(model, best, data).high > 0


def test_ensembles_are_ahead_beyond_chance_over_all_seeds():
    gains = {"stack": [], "greedy": [], "vote": []}
    for data, stack, ensembles in map(field, SEEDS):
        members = stack.named_estimators_.values()
        best = min((losses(model, data) for model in members), key=np.mean)
        for name, found in gains.items():
            found.append(best - losses(ensembles[name], data))
    # Every seed has days of its own.
    times = data.X_later.times
    days = np.concatenate([times + np.timedelta64(9000 * k, "D") for k in range(3)])
    for found in gains.values():
        assert day_block_bootstrap(np.concatenate(found), days).low > 0


def test_ranks_of_validation_and_test_agree_with_bad_members_in_the_field(fitted):
    data, stack, ensembles = fitted
    valid = dict(stack.member_scores_) | {
        name: model.oof_score_ for name, model in ensembles.items()
    }
    contenders = dict(stack.named_estimators_) | ensembles
    later = {name: -losses(contenders[name], data).mean() for name in valid}
    assert spearmanr(list(valid.values()), [later[n] for n in valid])[0] > 0.75
    for scores in (valid, later):
        ranked = sorted(scores, key=scores.get)
        assert ranked[:2] == ["deep tree", "near"]
        assert ranked[-1] in ensembles


def test_bad_members_get_next_to_no_weight(fitted):
    _, stack, ensembles = fitted
    for name, _ in bad_members():
        assert abs(stack.weights_[name]) < 0.05
        assert ensembles["greedy"].weights_[name] < 0.02
        assert ensembles["vote"].weights_[name] < 0.02


def test_a_stack_of_predictions_in_sample_is_worse(fitted):
    """A deep tree knows its own training samples by heart.

    In sample its predictions are always right, so a final estimator that is shown them
    trusts the tree and no one else; on later bars the tree is hardly better than a
    guess, and never in doubt. Out of fold its predictions look as bad as they are. The
    nearest neighbours, each sample being its own, err in the same way.
    """
    data, stack, _ = fitted
    in_sample = {
        name: model.predict_proba(data.X)
        for name, model in stack.named_estimators_.items()
    }
    fooled = PurgedStackingClassifier.from_oof(
        in_sample,
        data.y,
        data.X,
        cv=stack.cv,
        estimators=list(stack.named_estimators_.items()),
    )
    assert fooled.weights_["deep tree"] > 0.2 > stack.weights_["deep tree"]
    assert losses(fooled, data).mean() > np.log(3) + 0.3
    assert advantage(stack, fooled, data).low > 0.2


def test_calibration_helps_boosting_that_is_too_sure_of_itself():
    """A hundred quick rounds on the same bars leave hardly a doubt."""
    data = synthetic(0, n_bars=3000)
    sure = create(
        "hist_gradient_boosting",
        learning_rate=0.2,
        max_iter=100,
        max_leaf_nodes=31,
        min_samples_leaf=5,
        random_state=0,
    )
    model = make_pipeline(Windower(6), sure)
    plain = model.fit(data.X, data.y)
    for method in ("temperature", "isotonic"):
        calibrated = PurgedCalibratedClassifier(
            model, cv=PurgedSplit(4, embargo_size=30), method=method
        ).fit(data.X, data.y)
        assert advantage(calibrated, plain, data).low > 0.1
        assert losses(calibrated, data).mean() < np.log(3)


@pytest.fixture(scope="module", params=[5, 20])
def real(request):
    """Index futures of two and a half years, every fourth bar to train on."""
    bars = load_bars(symbols=["IF"], start="2019-06")
    specs = contract_specs()
    table = bar_features(bars, timezone=specs["timezone"])
    names = ["day_sin", "day_cos", "session_hours", "return_1", "return_10"]
    names += ["volatility_12", "volatility_48", "range_12", "close_location_12"]
    panel = Panel.from_frame(table, features=names)
    X, y = panel.align(fixed_horizon_labels(bars, horizon=request.param))
    return halves_of(X, y, share=0.65, step=3)


def test_on_real_bars_ensembles_are_no_worse_than_their_best_member(real):
    boosted = create(
        "hist_gradient_boosting", max_iter=40, min_samples_leaf=100, random_state=0
    )
    members = [
        ("logistic", make_pipeline(Windower(1), create("logistic", C=0.01))),
        ("boosted", make_pipeline(Windower(1), boosted)),
        ("clock", create("clock")),
    ]
    cv = PurgedSplit(4, embargo_size="1 trading days")
    stack = PurgedStackingClassifier(members, cv=cv).fit(real.X, real.y)
    named = stack.named_estimators_
    best = min(named.values(), key=lambda model: losses(model, real).mean())
    for model in ensembles_of(stack, real).values():
        found = advantage(model, best, real)
        assert found.n_blocks > 100
        assert found.high > 0
        assert abs(found.estimate) < 0.01
    proba = stack.predict_proba(real.X_later)
    assert log_loss(real.y_later, proba) == pytest.approx(losses(stack, real).mean())
