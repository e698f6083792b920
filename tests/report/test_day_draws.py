from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import matthews_corrcoef

from sk_ensemble.metrics import day_block_bootstrap, direction_auc
from sk_ensemble.report._day_draws import DayDraws
from sk_ensemble.report._scores import direction_scores


def rows(seed: int, n_rows: int, n_days: int):
    """Times in no order, with days of different lengths."""
    rng = np.random.default_rng(seed)
    days = np.concatenate([np.arange(n_days), rng.integers(n_days, size=n_rows)])
    minutes = rng.integers(24 * 60, size=len(days))
    times = np.datetime64("2021-01-01", "ns") + days.astype("m8[D]").astype("m8[ns]")
    times = times + minutes.astype("m8[m]").astype("m8[ns]")
    proba = rng.dirichlet([2, 3, 2], len(days))
    return rng, times, proba, rng.integers(3, size=len(days))


def resamples(times, n_resamples: int):
    """The rows of each resample, one after the other: slow and obvious."""
    days = times.astype("datetime64[D]")
    names = np.unique(days)
    rng = np.random.default_rng(0)
    for drawn in rng.integers(len(names), size=(n_resamples, len(names))):
        yield np.concatenate([np.flatnonzero(days == names[d]) for d in drawn])


def ends(values):
    return np.quantile(values, [0.025, 0.975])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), st.integers(1, 200), st.integers(2, 12))
def test_a_mean_has_the_interval_of_the_day_block_bootstrap(seed, n_rows, n_days):
    rng, times, _, _ = rows(seed, n_rows, n_days)
    values = rng.normal(size=len(times))
    expected = day_block_bootstrap(values, times)
    found = DayDraws(times).mean(values)
    assert found.n_blocks == expected.n_blocks
    np.testing.assert_allclose(
        [found.estimate, found.low, found.high],
        [expected.estimate, expected.low, expected.high],
        rtol=1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("digits", [1, 9])
def test_an_auc_is_that_of_every_resample(digits):
    _, times, proba, places = rows(1, 300, 7)
    scores = np.round(direction_scores(proba), digits)
    y = places - 1
    sides = np.where(y == 0, np.nan, y > 0)
    # The same ranking as probabilities.
    table = np.column_stack([1 - scores, np.zeros(len(y)), scores])
    found = DayDraws(times, 200).auc(direction_auc(y, table), sides, scores)
    exact = [direction_auc(y[r], table[r]) for r in resamples(times, 200)]
    np.testing.assert_allclose([found.low, found.high], ends(exact), rtol=1e-9)


def test_an_auc_of_many_scores_is_off_by_next_to_nothing():
    _, times, proba, places = rows(2, 3000, 9)
    y = places - 1
    scores = direction_scores(proba)
    sides = np.where(y == 0, np.nan, y > 0)
    found = DayDraws(times, 100).auc(direction_auc(y, proba), sides, scores)
    exact = [direction_auc(y[r], proba[r]) for r in resamples(times, 100)]
    np.testing.assert_allclose([found.low, found.high], ends(exact), atol=1e-4)


def test_a_correlation_is_that_of_every_resample():
    _, times, proba, places = rows(3, 200, 6)
    guess = proba.argmax(axis=1)
    found = DayDraws(times, 200).mcc(places, guess, 3)
    exact = [matthews_corrcoef(places[r], guess[r]) for r in resamples(times, 200)]
    assert found.estimate == pytest.approx(matthews_corrcoef(places, guess))
    np.testing.assert_allclose([found.low, found.high], ends(exact), atol=1e-12)


def test_shares_of_bins_are_those_of_every_resample():
    _, times, proba, places = rows(4, 300, 6)
    bins = (proba[:, 0] > 0.3).astype(np.int64)
    happened = places == 0
    shares, low, high = DayDraws(times, 200).shares(bins, 2, happened)
    exact = [
        [happened[r][bins[r] == b].mean() for b in (0, 1)]
        for r in resamples(times, 200)
    ]
    np.testing.assert_allclose(shares, [happened[bins == b].mean() for b in (0, 1)])
    np.testing.assert_allclose([low, high], np.quantile(exact, [0.025, 0.975], axis=0))


def test_no_difference_is_none_and_a_clear_one_is_seen():
    rng, times, _, _ = rows(5, 500, 30)
    draws = DayDraws(times, 1000)
    assert draws.contrast(np.zeros(len(times))).p_value == 1.0
    clear = draws.contrast(rng.normal(1.0, 0.5, len(times)))
    assert clear.p_value == pytest.approx(2 / 1001)
    assert clear.interval.low > 0


def test_a_difference_and_its_opposite_are_as_sure():
    rng, times, _, _ = rows(6, 300, 15)
    values = rng.normal(0.05, 1, len(times))
    draws = DayDraws(times, 1000)
    assert draws.contrast(values).p_value == draws.contrast(-values).p_value


def test_a_single_day_has_an_estimate_and_no_interval():
    found = DayDraws(np.array(["2021-01-01T10", "2021-01-01T11"], "M8[ns]")).mean(
        np.array([1.0, 3.0])
    )
    assert found.estimate == 2.0
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.slow
def test_without_a_difference_few_p_values_are_small():
    small = 0
    for seed in range(300):
        rng, times, _, _ = rows(seed, 400, 40)
        days = np.unique(times.astype("datetime64[D]"), return_inverse=True)[1]
        values = rng.normal(size=len(times)) + rng.normal(size=40)[days]
        small += DayDraws(times, 1000).contrast(values).p_value < 0.05
    # 15 are expected; the percentile bootstrap of 40 days is a little too sure.
    assert 4 <= small <= 34
