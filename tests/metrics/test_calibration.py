from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from sk_ensemble import PurgedSplit
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import (
    classwise_calibration_error,
    neg_classwise_calibration_error_scorer,
    neg_log_loss_scorer,
    neg_top_label_calibration_error_scorer,
    top_label_calibration_error,
)
from sk_ensemble.panel import Panel
from sk_ensemble.preprocessing import Windower

ERRORS = [classwise_calibration_error, top_label_calibration_error]
LABELS = np.array([-1, 0, 1])


def draw(seed: int, n: int = 60, decimals: int = 2):
    rng = np.random.default_rng(seed)
    proba = np.round(rng.dirichlet([1, 2, 1], size=n), decimals)
    proba[:, 0] = 1 - proba[:, 1] - proba[:, 2]
    return rng.choice(LABELS, size=n), np.clip(proba, 0, 1), rng.integers(1, 4, size=n)


def slow_gap(scores, truth, n_bins, binning, weight):
    """Put rows in bins one by one; weights are numbers of copies."""
    scores, truth = np.repeat(scores, weight), np.repeat(truth, weight)
    ordered = np.sort(scores)
    if binning == "width":
        tops = [k / n_bins for k in range(1, n_bins)] + [np.inf]
    else:
        places = [
            int(np.ceil(k * len(scores) / n_bins - 1e-9)) for k in range(1, n_bins)
        ]
        tops = [ordered[max(place, 1) - 1] for place in places] + [np.inf]
    bins = {}
    for score, true in zip(scores, truth, strict=True):
        number = next(i for i, top in enumerate(tops) if score <= top)
        bins.setdefault(number, []).append((score, true))
    return sum(
        len(rows)
        / len(scores)
        * abs(np.mean([s for s, _ in rows]) - np.mean([t for _, t in rows]))
        for rows in bins.values()
    )


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 999),
    n_bins=st.integers(1, 12),
    binning=st.sampled_from(["width", "mass"]),
    weighted=st.booleans(),
)
def test_errors_equal_those_of_a_slow_loop(seed, n_bins, binning, weighted):
    y, proba, weight = draw(seed)
    weight = weight if weighted else np.ones(len(y), dtype=int)
    options = {
        "n_bins": n_bins,
        "binning": binning,
        "sample_weight": weight if weighted else None,
    }
    of_class = [
        slow_gap(proba[:, k], y == label, n_bins, binning, weight)
        for k, label in enumerate(LABELS)
    ]
    found = classwise_calibration_error(y, proba, **options)
    assert found == pytest.approx(np.mean(of_class), abs=1e-12)
    is_right = LABELS[proba.argmax(axis=1)] == y
    expected = slow_gap(proba.max(axis=1), is_right, n_bins, binning, weight)
    found = top_label_calibration_error(y, proba, **options)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("binning", ["width", "mass"])
@pytest.mark.parametrize("error", ERRORS)
def test_true_probabilities_are_calibrated_and_sharpened_ones_are_not(error, binning):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([2, 2, 2], size=20_000)
    y = LABELS[(rng.uniform(size=(20_000, 1)) > proba.cumsum(axis=1)).sum(axis=1)]
    sharp = proba**2 / (proba**2).sum(axis=1, keepdims=True)
    assert error(y, proba, binning=binning) < 0.015
    assert error(y, sharp, binning=binning) > 0.05


def test_one_bin_compares_the_means():
    y, proba, _ = draw(1)
    assert classwise_calibration_error(y, proba, n_bins=np.int64(3)) > 0
    shares = [(y == label).mean() for label in LABELS]
    expected = np.abs(shares - proba.mean(axis=0)).mean()
    found = classwise_calibration_error(y, proba, n_bins=1)
    assert found == pytest.approx(expected)


def test_an_edge_belongs_to_the_bin_below():
    # Together their errors nearly cancel; 0.5 belongs to (0, 0.5], 0.55 to (0.5, 1].
    y, proba = [0, 0], [[0.5, 0.5], [0.45, 0.55]]
    options = {"labels": [0, 1]}
    apart = top_label_calibration_error(y, proba, n_bins=2, **options)
    assert apart == pytest.approx((0.5 + 0.55) / 2)
    together = top_label_calibration_error(y, proba, n_bins=1, **options)
    assert together == pytest.approx(0.05 / 2)


def test_bins_of_equal_weight_resolve_probabilities_that_crowd():
    # Overconfident within a narrow range: one wide bin sees nothing of it.
    proba = np.repeat([[0.62, 0.38], [0.68, 0.32]], 50, axis=0)
    y = np.repeat([0, 1, 0, 1], [34, 16, 31, 19])
    wide = top_label_calibration_error(y, proba, labels=[0, 1])
    narrow = top_label_calibration_error(y, proba, labels=[0, 1], binning="mass")
    assert wide == pytest.approx(0)
    assert narrow == pytest.approx(0.06)


@pytest.mark.parametrize("error", ERRORS)
def test_class_shares_alone_are_calibrated(error):
    y = np.repeat(LABELS, [30, 50, 20])
    assert error(y, np.tile([0.3, 0.5, 0.2], (100, 1))) == pytest.approx(0)


@pytest.mark.parametrize("error", ERRORS)
def test_order_of_the_labels_and_frames_do_not_matter(error):
    y, proba, _ = draw(2, decimals=6)
    expected = error(y, proba)
    assert error(y, proba[:, ::-1], labels=[1, 0, -1]) == pytest.approx(expected)
    frame = pd.DataFrame(proba[:, [1, 0, 2]], columns=[0, -1, 1])
    assert error(pd.Series(y), frame) == pytest.approx(expected)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"binning": "quantile"}, ValueError, "'width' or 'mass', got 'quantile'"),
        ({"n_bins": 0}, ValueError, "n_bins == 0, must be >= 1"),
        ({"n_bins": 2.5}, TypeError, "n_bins must be an instance of"),
        ({"labels": [0, 1, 2]}, DataError, r"\[-1\], which are not among the labels"),
    ],
)
def test_options_that_are_none_are_refused(error, options, kind, message):
    with pytest.raises(kind, match=message):
        error([-1, 1], [[0.2, 0.3, 0.5]] * 2, **options)


def test_probabilities_that_are_none_are_refused():
    with pytest.raises(DataError, match="be finite"):
        classwise_calibration_error([1], [[np.nan, 0.5, 0.5]])


def panel_and_target():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "symbol": np.repeat(["A", "B"], 150),
            "datetime": np.tile(pd.date_range("2021", periods=150, freq="5min"), 2),
            "x": rng.normal(size=300),
        }
    )
    panel = Panel.from_frame(frame)
    noisy = panel.to_numpy()[:, 0] + rng.normal(size=300)
    return panel, np.digitize(noisy, [-0.5, 0.5]) - 1


@pytest.mark.parametrize(
    ("scorer", "error"),
    [
        (neg_classwise_calibration_error_scorer, ERRORS[0]),
        (neg_top_label_calibration_error_scorer, ERRORS[1]),
    ],
)
def test_scorers_choose_in_a_search_on_a_panel(scorer, error):
    panel, y = panel_and_target()
    windower = Windower(1, flatten=True)
    windows = windower.fit_transform(panel)
    search = GridSearchCV(
        LogisticRegression(),
        {"C": [1e-4, 1.0]},
        scoring={
            "calibration": scorer(n_bins=5, binning="mass"),
            "loss": neg_log_loss_scorer(),
        },
        refit="calibration",
        cv=PurgedSplit(3, purged_size=0),
    ).fit(windows, y)
    scores = search.cv_results_["mean_test_calibration"]
    assert (scores < 0).all()
    assert search.best_index_ == scores.argmax()
    proba = search.best_estimator_.predict_proba(windows)
    one = scorer(n_bins=5, binning="mass")(search.best_estimator_, windows, y)
    assert one == -error(y, proba, n_bins=5, binning="mass")
