"""Values at the ends of what floating point holds, and what is trained on them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from sk_ensemble.boosting._bins import _edges
from sk_ensemble.boosting._lightgbm_trees import apart_from_zero
from sk_ensemble.persistence import load_model, save_model

LARGEST = float(np.finfo(np.float32).max)
TINY = float(np.finfo(np.float32).smallest_subnormal)


def two_values(low, high):
    """Return bars of one feature with two values, and labels that follow them."""
    is_high = np.random.default_rng(0).random(200) < 0.5
    bars = np.where(is_high, high, low).astype(np.float32)[:, None]
    return bars, np.where(np.arange(200) % 5, is_high, ~is_high).astype(int)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-LARGEST, LARGEST),
        (np.nan, LARGEST),
        (np.nan, 1.0),
        (0.0, TINY),
        (-TINY, 0.0),
        (TINY, 1e-36),
        (-1e-36, 2e-35),
        (-0.0, 1e-30),
    ],
)
def test_a_booster_predicts_extreme_values_as_it_was_trained(
    booster, tmp_path, low, high
):
    bars, y = two_values(low, high)
    model = booster(n_estimators=5, learning_rate=0.5, early_stopping=False)
    model.fit(bars, y)
    proba = model.predict_proba(bars)
    loss = log_loss(y, proba)
    # CatBoost's own sum of the loss of two classes is only about right.
    assert model.history_["train_loss"][-1] == pytest.approx(loss, abs=1e-4)
    save_model(model, tmp_path / "model")
    assert np.array_equal(load_model(tmp_path / "model").predict_proba(bars), proba)


def test_the_largest_values_of_both_signs_have_an_edge_between_them():
    values = np.array([-LARGEST, LARGEST], np.float32)
    assert _edges(values, np.ones(2, int), 10).tolist() == [-LARGEST]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_edges_apart_from_zero_stay_as_they_are(dtype):
    edges = np.array([-1.0, -1e-36, 0.0, 1e-38, 2e-35, 5.0], dtype)
    moved = apart_from_zero(edges)
    assert moved.dtype == dtype
    assert moved.tolist() == [-1, np.float32(1e-35), edges[4], 5]
