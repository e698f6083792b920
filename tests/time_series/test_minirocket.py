from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sktime.datasets import (
    load_arrow_head,
    load_gunpoint,
    load_italy_power_demand,
)

from families import make_samples
from sk_ensemble import MiniRocketClassifier, Windower
from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.metrics import log_loss
from sk_ensemble.time_series._ridge import _Ridge
from sk_ensemble.time_series._scale import bar_scale

#: Accuracy on the archive's own split, from the results beside the authors' code, and
#: how far their 30 resamples of the problem stray.
PUBLISHED = {
    "ArrowHead": (load_arrow_head, 0.862857, 0.03),
    "GunPoint": (load_gunpoint, 0.993333, 0.01),
    "ItalyPowerDemand": (load_italy_power_demand, 0.968902, 0.01),
}


def series(load, split):
    X, y = load(split, return_X_y=True, return_type="numpy3D")
    return np.ascontiguousarray(X.transpose(0, 2, 1), dtype=np.float32), y


def waves(n_samples: int = 120, n_bars: int = 30):
    """Return waves of two lengths, begun anywhere."""
    phase = np.random.default_rng(0).uniform(0, 6, size=(n_samples, 1))
    y = np.arange(n_samples) % 2
    return np.sin(np.arange(n_bars) * (1 + y[:, None]) / 2 + phase)[:, :, None], y


@pytest.mark.slow
@pytest.mark.parametrize("problem", PUBLISHED)
def test_it_is_as_accurate_as_published(problem):
    load, published, spread = PUBLISHED[problem]
    model = MiniRocketClassifier(random_state=0).fit(*series(load, "train"))
    assert model.coef_.shape[1] == 9996
    assert model.score(*series(load, "test")) > published - spread


@pytest.mark.parametrize("head", ["ridge", "logistic"])
def test_both_heads_tell_waves_apart(head):
    X, y = waves()
    settings = {"num_kernels": 336, "learning_rate": 0.001, "random_state": 0}
    model = MiniRocketClassifier(head=head, **settings).fit(X[:60], y[:60])
    assert model.head_ == head
    assert (model.alpha_ is None) == (head == "logistic")
    assert model.score(X[60:], y[60:]) == 1
    proba = model.predict_proba(X[60:])
    assert proba[np.arange(60), y[60:]].min() > 0.6


def test_noise_is_given_the_shares_of_classes():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 12, 2)), rng.integers(0, 2, size=400)
    model = MiniRocketClassifier(num_kernels=168, random_state=0).fit(X, y)
    proba = model.predict_proba(rng.normal(size=(200, 12, 2)))
    assert np.abs(proba - 0.5).mean() < 0.1


@pytest.mark.parametrize("n_columns", [60, 12])
def test_a_left_out_score_is_that_of_a_model_without_the_sample(n_columns):
    rng = np.random.default_rng(0)
    shares = rng.random((25, n_columns)).astype(np.float32)
    targets, weights = np.eye(3)[rng.integers(0, 3, 25)], rng.uniform(0.5, 2, 25)
    whole = _Ridge(shares, targets, weights)
    found = whole.left_out_scores(5.0)
    columns = (shares - whole.mean) / whole.scale
    for row in range(25):
        rest = np.arange(25) != row
        w = whole.weights[rest]
        means = w @ columns[rest] / w.sum(), w @ targets[rest] / w.sum()
        Z, T = columns[rest] - means[0], targets[rest] - means[1]
        coef = np.linalg.solve(Z.T * w @ Z + 5 * np.eye(n_columns), Z.T * w @ T)
        expected = (columns[row] - means[0]) @ coef + means[1]
        np.testing.assert_allclose(found[row], expected, atol=1e-8)


@pytest.mark.parametrize("n_columns", [60, 12])
def test_the_regression_is_that_of_scikit_learn(n_columns):
    rng = np.random.default_rng(0)
    shares = rng.random((25, n_columns)).astype(np.float32)
    shares[:, 1] = shares[:, 0]
    targets, weights = np.eye(3)[rng.integers(0, 3, 25)], rng.uniform(0.5, 2, 25)
    model = _Ridge(shares, targets, weights)
    columns = (shares - model.mean) / model.scale
    expected = Ridge(alpha=5.0).fit(columns, targets, model.weights).predict(columns)
    head = model.head(5.0)
    found = shares @ head.coef.T + head.intercept
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("lag", [0, 2])
def test_the_scale_is_that_of_the_bars_of_all_windows(lag):
    X, _ = make_samples(n_bars=60)
    W = Windower(7, lag=lag).transform(X[X.positions - X.segment_starts >= 2])[::3]
    weights = np.random.default_rng(0).uniform(0.5, 2, len(W))
    bars = W.gather().astype(np.float64).reshape(-1, 3)
    repeated = np.repeat(weights, 7)
    mean = np.average(bars, axis=0, weights=repeated)
    variance = np.average((bars - mean) ** 2, axis=0, weights=repeated)
    found = bar_scale(W, weights)
    np.testing.assert_allclose(found[0], mean)
    np.testing.assert_allclose(found[1], np.sqrt(variance))


def test_a_feature_in_other_units_changes_nothing():
    X, y = waves()
    X = np.concatenate([X, np.random.default_rng(1).normal(size=X.shape)], axis=2)
    model = MiniRocketClassifier(num_kernels=84, random_state=0)
    one = model.fit(X, y).predict_proba(X)
    units = np.array([1.0, 1024.0])
    assert np.array_equal(one, model.fit(X * units, y).predict_proba(X * units))
    raw = model.set_params(standardize=False)
    other = raw.fit(X * units, y).predict_proba(X * units)
    assert not np.array_equal(raw.fit(X, y).predict_proba(X), other)


def peak_of(n_bars: int) -> int:
    bars = np.random.default_rng(0).normal(size=(n_bars, 3)).astype(np.float32)
    W = Windower(20).transform(bars)
    model = MiniRocketClassifier(
        num_kernels=168, head="logistic", max_epochs=1, random_state=0
    )
    tracemalloc.start()
    model.fit(W, bars[:, 0] > 0).predict_proba(W)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("head", ["ridge", "logistic"])
@pytest.mark.parametrize("penalty", ["heavy", "light"])
def test_both_heads_are_restrained_by_what_validates(head, penalty):
    """Samples of another kind, on which nothing of what is learnt holds."""
    X, y = waves(200)
    y_val = y[:60] if penalty == "light" else 1 - y[:60]
    settings = {"num_kernels": 84, "learning_rate": 0.003, "random_state": 0}
    model = MiniRocketClassifier(head=head, early_stopping=True, **settings)
    model.fit(X[60:], y[60:], X_val=X[:60], y_val=y_val)
    n_epochs = len(model.history_["train_loss"])
    assert len(model.history_["val_loss"]) == n_epochs
    if head == "ridge":
        assert (n_epochs, model.n_iter_) == (1, 1)
        assert (model.alpha_ > 1e5) == (penalty == "heavy")
    else:
        assert n_epochs == (4 if penalty == "heavy" else 30)
        assert model.n_iter_ == (1 if penalty == "heavy" else 30)
    assert model.history_["val_loss"][model.n_iter_ - 1] == pytest.approx(
        log_loss(y_val, model.predict_proba(X[:60]), labels=[0, 1])
    )


def test_a_second_regression_keeps_what_the_tail_has_shown():
    W, y = noisy_samples()
    settings = {"num_kernels": 84, "head": "ridge", "random_state": 0}
    first = MiniRocketClassifier(**settings).fit(W, y)
    second = MiniRocketClassifier(**settings, refit_tail=True).fit(W, y)
    assert first.alpha_ == second.alpha_
    assert list(first.history_) == ["train_loss", "val_loss"]
    assert not np.array_equal(first.coef_, second.coef_)
    # On all samples, each by a model of all others, another would be chosen.
    whole = MiniRocketClassifier(**settings, early_stopping=False).fit(W, y)
    assert list(whole.history_) == ["train_loss"]
    assert not hasattr(second, "_choice")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_columns_of_all_windows():
    grown = peak_of(8000) - peak_of(4000)
    assert grown < 0.25 * 4000 * 168 * 4


def noisy_samples(n_samples: int = 300):
    """Return windows of labelled bars, of which the last is hardly known."""
    X, y = make_samples(n_bars=n_samples)
    noisy = np.random.default_rng(0).random(len(y)) < 0.5
    return Windower(9).transform(X), np.where(noisy, y[::-1], y)


def test_few_samples_before_the_tail_are_refused_by_name():
    X, _ = make_samples(n_bars=60)
    W = Windower(9).transform(X)[:3]
    with pytest.raises(EmptyFoldError, match="before it are left"):
        MiniRocketClassifier(num_kernels=84).fit(W, [0, 1, 0])


@pytest.mark.parametrize("alphas", [[], [0.0], [[1.0]], [-1.0]])
def test_penalties_that_are_none_are_refused(alphas):
    X, y = waves(10)
    with pytest.raises(ValueError, match="alphas must be a list"):
        MiniRocketClassifier(alphas=alphas).fit(X, y)
