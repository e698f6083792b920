from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import probability_of_backtest_overfitting, sharpe_ratio


def noise(seed: int, shape: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def slow_cscv(returns: np.ndarray, n_blocks: int, performance):
    """Do what the paper says, one split at a time."""
    blocks = np.array_split(returns, n_blocks)
    rows = []
    for inside in combinations(range(n_blocks), n_blocks // 2):
        outside = [b for b in range(n_blocks) if b not in inside]
        there = [
            performance(column)
            for column in np.concatenate([blocks[b] for b in outside]).T
        ]
        here = [
            performance(column)
            for column in np.concatenate([blocks[b] for b in inside]).T
        ]
        chosen = int(np.argmax(here))
        share = stats.rankdata(there)[chosen] / (len(there) + 1)
        logit = np.log(share / (1 - share))
        rows.append((chosen, here[chosen], there[chosen], logit))
    return pd.DataFrame(rows, columns=["chosen", "in_sample", "out_of_sample", "logit"])


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 999),
    n_blocks=st.sampled_from([2, 4, 6, 8]),
    n_rows=st.integers(24, 61),
    n_trials=st.integers(2, 7),
    drift=st.floats(-1, 1),
)
def test_result_equals_that_of_a_slow_loop(seed, n_blocks, n_rows, n_trials, drift):
    returns = noise(seed, (n_rows, n_trials)) * 0.01 + 0.01 * drift
    found = probability_of_backtest_overfitting(returns, n_blocks=n_blocks)
    expected = slow_cscv(returns, n_blocks, sharpe_ratio)
    pd.testing.assert_frame_equal(found.to_frame(), expected, rtol=1e-9, atol=1e-12)
    assert found.pbo == pytest.approx(np.mean(expected["logit"] <= 1e-12))
    assert found.probability_of_loss == np.mean(expected["out_of_sample"] < 0)
    assert found.share_chosen.sum() == pytest.approx(1)
    line = stats.linregress(expected["in_sample"], expected["out_of_sample"])
    assert found.slope == pytest.approx(line.slope, rel=1e-6, abs=1e-9)
    assert found.intercept == pytest.approx(line.intercept, rel=1e-6, abs=1e-9)


def test_any_measure_of_performance_may_be_used():
    returns = noise(1, (41, 5))
    found = probability_of_backtest_overfitting(
        returns, n_blocks=6, performance=lambda rows: rows.mean(axis=0)
    )
    expected = slow_cscv(returns, 6, np.mean)
    pd.testing.assert_frame_equal(found.to_frame(), expected)


def test_many_splits_are_cut_into_parts_without_a_seam(monkeypatch):
    returns = noise(2, (80, 7))
    whole = probability_of_backtest_overfitting(returns, n_blocks=8)
    monkeypatch.setattr("sk_ensemble.metrics._cscv._CHUNK", 50)
    parts = probability_of_backtest_overfitting(returns, n_blocks=8)
    pd.testing.assert_frame_equal(whole.to_frame(), parts.to_frame())


def test_sharpe_ratios_do_not_suffer_from_a_large_mean():
    returns = noise(3, (64, 4)) * 1e-6 + 5.0
    found = probability_of_backtest_overfitting(returns, n_blocks=4)
    expected = slow_cscv(returns, 4, sharpe_ratio)
    np.testing.assert_allclose(found.in_sample, expected["in_sample"], rtol=1e-6)


@pytest.mark.parametrize(("n_trials", "expected"), [(6, 1 / 2), (7, 4 / 7)])
def test_noise_has_the_probability_of_a_uniform_rank_over_many_seeds(
    n_trials, expected
):
    found = [
        probability_of_backtest_overfitting(
            noise(seed, (120, n_trials)), n_blocks=6
        ).pbo
        for seed in range(400)
    ]
    assert abs(np.mean(found) - expected) < 4 * np.std(found) / 400**0.5
    assert 4 * np.std(found) / 400**0.5 < 0.07


def test_a_truly_better_trial_is_no_overfitting():
    returns = noise(4, (640, 20))
    returns[:, 7] += 0.35
    found = probability_of_backtest_overfitting(returns)
    assert found.pbo < 0.001
    assert found.probability_of_loss < 0.001
    assert found.share_chosen[7] > 0.99
    assert len(found.logits) == 12_870


def test_trials_that_fit_one_half_are_overfitted():
    # Each trial earns in its own block and gives it back evenly in the others.
    returns = noise(5, (80, 8)) * 0.01
    for block in range(8):
        returns[:, block] -= 1 / 7
        returns[block * 10 : block * 10 + 10, block] += 1 + 1 / 7
    found = probability_of_backtest_overfitting(returns, n_blocks=8)
    assert found.pbo == 1
    assert found.slope <= 0 or np.isnan(found.slope)
    assert found.probability_of_loss == 1


def test_a_choice_at_the_median_counts_as_overfitted():
    # The same trial three times: ranks are shared, so the logits are exactly 0.
    returns = np.repeat(noise(6, (40, 1)), 3, axis=1)
    found = probability_of_backtest_overfitting(returns, n_blocks=4)
    assert (found.logits == 0).all()
    assert found.pbo == 1
    assert (found.chosen == 0).all()


def test_rows_that_do_not_divide_lengthen_the_first_blocks():
    returns = noise(7, (43, 5))
    found = probability_of_backtest_overfitting(returns, n_blocks=4)
    sizes = [len(block) for block in np.array_split(returns, 4)]
    assert sizes == [11, 11, 11, 10]
    first_half = returns[:22]
    best = np.argmax([sharpe_ratio(column) for column in first_half.T])
    assert found.chosen[0] == best
    assert found.out_of_sample[0] == pytest.approx(sharpe_ratio(returns[22:, best]))
    assert len(found.logits) == 6


def test_rescaling_a_trial_changes_nothing_and_order_of_trials_only_names():
    returns = noise(8, (60, 5))
    found = probability_of_backtest_overfitting(returns, n_blocks=6)
    scaled = returns * [1, 10, 0.1, 3, 2]
    other = probability_of_backtest_overfitting(scaled[:, ::-1], n_blocks=6)
    assert other.pbo == found.pbo
    np.testing.assert_allclose(other.logits, found.logits)
    np.testing.assert_array_equal(4 - other.chosen, found.chosen)


def test_a_trial_that_did_nothing_has_a_sharpe_ratio_of_zero():
    returns = noise(9, (60, 4))
    returns[:, 1] = 0
    returns[:40, 2] = 0
    found = probability_of_backtest_overfitting(returns, n_blocks=6)
    assert np.isfinite(found.out_of_sample).all()
    alone = probability_of_backtest_overfitting(
        np.column_stack([np.zeros(60), noise(9, (60, 1)) - 1]), n_blocks=6
    )
    assert (alone.chosen == 0).all()
    assert (alone.out_of_sample == 0).all()
    assert alone.probability_of_loss == 0


def test_a_frame_is_taken_as_its_values():
    returns = noise(10, (40, 3))
    frame = pd.DataFrame(returns, columns=list("abc"))
    assert (
        probability_of_backtest_overfitting(frame, n_blocks=4).pbo
        == probability_of_backtest_overfitting(returns, n_blocks=np.int64(4)).pbo
    )


def test_repr_says_the_result():
    found = probability_of_backtest_overfitting(noise(11, (40, 3)), n_blocks=4)
    assert repr(found).startswith(f"BacktestOverfitting(pbo={found.pbo:.3f}, slope=")
    assert repr(found).endswith("n_trials=3, n_splits=6)")


@pytest.mark.parametrize(
    ("returns", "n_blocks", "error", "message"),
    [
        (noise(0, (40, 1)), 4, DataError, "two or more trials, got.*probabilistic"),
        (noise(0, (40, 2))[:, 0], 4, DataError, r"2 dimension\(s\), got shape \(40,\)"),
        (noise(0, (40, 2)), 5, ValueError, "must be even.*got 5: there are 10 ways"),
        (noise(0, (99, 2)), 24, ValueError, "2,704,156 ways"),
        (noise(0, (40, 2)), 0, ValueError, "n_blocks == 0, must be >= 2"),
        (noise(0, (7, 2)), 4, DataError, "7 rows are too few for 4 blocks"),
        (
            np.where(np.arange(80).reshape(40, 2) == 13, np.nan, 1.0),
            4,
            DataError,
            r"finite, got nan in row \(6, 1\)",
        ),
        (
            np.column_stack([noise(0, (40, 1)), np.full(40, 0.5)]),
            4,
            DataError,
            "trial 1 are constant",
        ),
        (
            np.column_stack(
                [noise(0, (40, 1)), np.append(np.full(20, 0.5), noise(1, (20, 1)))]
            ),
            4,
            DataError,
            "trial 1 are constant over a half",
        ),
    ],
)
def test_returns_that_cannot_be_split_are_refused(returns, n_blocks, error, message):
    with pytest.raises(error, match=message):
        probability_of_backtest_overfitting(returns, n_blocks=n_blocks)


@pytest.mark.parametrize(
    ("performance", "error", "message"),
    [
        ("sortino", ValueError, 'must be "sharpe" or a callable'),
        (np.mean, DataError, "one number per trial"),
        (lambda rows: np.full(rows.shape[1], np.nan), DataError, "NaN is no number"),
    ],
)
def test_measures_that_are_none_are_refused(performance, error, message):
    with pytest.raises(error, match=message):
        probability_of_backtest_overfitting(
            noise(0, (40, 2)), n_blocks=4, performance=performance
        )
