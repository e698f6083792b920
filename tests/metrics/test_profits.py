from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import (
    calmar_ratio,
    drawdowns,
    hit_rate,
    max_drawdown,
    max_drawdown_duration,
    profit_factor,
    sharpe_ratio,
    sortino_ratio,
    turnover,
)

# The series of empyrical's tests (quantopian/empyrical, tests/test_stats.py), and the
# values asserted there: in percent per day, without the first one, which is missing.
MIXED = np.array([1.0, 10.0, -4.0, 2.0, 3.0, 2.0, 1.0, -10.0]) / 100
NEGATIVE = np.array([0.0, -6.0, -7.0, -1.0, -9.0, -2.0, -6.0, -8.0, -5.0]) / 100

STATISTICS = [
    sharpe_ratio,
    sortino_ratio,
    max_drawdown,
    max_drawdown_duration,
    calmar_ratio,
    hit_rate,
    profit_factor,
    turnover,
]
series = arrays(
    np.float64,
    st.integers(1, 40),
    elements=st.floats(-0.5, 0.5).map(lambda value: round(value, 3)),
)


def slow_drawdowns(profits, compound):
    wealth = peak = 1.0 if compound else 0.0
    found = []
    for profit in profits:
        wealth = wealth * (1 + profit) if compound else wealth + profit
        peak = max(peak, wealth)
        found.append(1 - wealth / peak if compound else peak - wealth)
    return found


def test_published_sharpe_ratio_of_empyrical():
    found = sharpe_ratio(MIXED, periods_per_year=252)
    assert found == pytest.approx(1.7238613961706866, abs=1e-9)


def test_published_sortino_ratios():
    # Rollinger and Hoffman (2013), and empyrical for the daily one.
    years = [0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04]
    assert round(sortino_ratio(years), 3) == 4.417
    found = sortino_ratio(MIXED, periods_per_year=252)
    assert found == pytest.approx(2.605531251673693, abs=1e-9)


@pytest.mark.parametrize(
    ("profits", "drawdown"), [(MIXED, 0.1), (NEGATIVE, 0.36590730349873601)]
)
def test_published_drawdowns_of_empyrical(profits, drawdown):
    assert max_drawdown(profits, compound=True) == pytest.approx(drawdown, abs=1e-9)


def test_published_calmar_ratio_of_empyrical():
    # The missing first day counts as a day there.
    found = calmar_ratio([0.0, *MIXED], compound=True)
    assert found == pytest.approx(19.135925373194233, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(profits=series, compound=st.booleans())
def test_drawdowns_equal_those_of_a_slow_loop(profits, compound):
    expected = slow_drawdowns(profits, compound)
    np.testing.assert_allclose(
        drawdowns(profits, compound=compound), expected, atol=1e-12
    )
    assert max_drawdown(profits, compound=compound) == pytest.approx(
        max(expected), abs=1e-12
    )
    longest = current = 0
    for depth in expected:
        current = current + 1 if depth > 1e-12 else 0
        longest = max(longest, current)
    assert max_drawdown_duration(profits, compound=compound) == longest


def test_an_unfinished_drawdown_counts_as_far_as_it_goes():
    assert max_drawdown_duration([1, -1, 1, -1, 0, 0]) == 3
    assert max_drawdown_duration([-1, 0, 1, 0.5]) == 2
    assert max_drawdown_duration([1, 2]) == 0


def test_a_sum_that_returns_to_its_peak_is_above_water():
    # 0.1 - 0.7 + 0.7 is less than 0.1 by the last digit.
    assert max_drawdown_duration([0.1, -0.7, 0.7, 0.0]) == 1


@settings(deadline=None, max_examples=60)
@given(profits=series)
def test_hit_rate_and_profit_factor_count_gains_and_losses(profits):
    gains, losses = profits[profits > 0], profits[profits < 0]
    if len(gains) + len(losses) == 0:
        assert np.isnan(hit_rate(profits))
        assert np.isnan(profit_factor(profits))
        return
    assert hit_rate(profits) == len(gains) / (len(gains) + len(losses))
    if len(losses) == 0:
        assert profit_factor(profits) == np.inf
    else:
        assert profit_factor(profits) == pytest.approx(gains.sum() / -losses.sum())


@settings(deadline=None, max_examples=40)
@given(profits=series, scale=st.floats(0.1, 10))
def test_ratios_do_not_depend_on_the_size_of_the_bet(profits, scale):
    for ratio in (sharpe_ratio, sortino_ratio, calmar_ratio, profit_factor, hit_rate):
        np.testing.assert_allclose(ratio(profits * scale), ratio(profits), rtol=1e-6)


def test_sortino_is_measured_from_the_target():
    profits = np.array([0.03, 0.01, 0.02, 0.0])
    assert sortino_ratio(profits) == np.inf
    assert sortino_ratio(profits, target=0.01) == pytest.approx(0.005 / 0.005)


def test_turnover_counts_every_change_from_nothing_on():
    assert turnover([0.5, 0.5, -0.5, 0.0]) == (0.5 + 0 + 1 + 0.5) / 4
    assert turnover([[0.5, 0.0], [0.0, 0.5]]) == (0.5 + 1) / 2
    assert turnover([0, 0]) == 0


@pytest.mark.parametrize("flat", [[0.0] * 5, [0.0]])
def test_nothing_earned_is_undefined_rather_than_good(flat):
    for ratio in (sharpe_ratio, sortino_ratio, calmar_ratio, hit_rate, profit_factor):
        assert np.isnan(ratio(flat))
    assert max_drawdown(flat) == 0


def test_constant_gains_have_no_risk_to_compare_with():
    assert np.isnan(sharpe_ratio([0.01] * 5))
    assert sortino_ratio([0.01] * 5) == np.inf
    assert calmar_ratio([0.01] * 5) == np.inf
    assert sortino_ratio([-0.01] * 5) == pytest.approx(-1)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize(
    ("profits", "message"),
    [
        ([0.1, np.nan], "finite, got nan in row 1.*write 0 if nothing was held"),
        ([0.1, -np.inf, np.nan], r"got -inf in row 1 \(2 such"),
        ([], "are empty"),
    ],
)
def test_profits_that_are_none_are_refused(statistic, profits, message):
    with pytest.raises(DataError, match=message):
        statistic(profits)


def test_more_than_everything_cannot_be_lost_and_compounded():
    with pytest.raises(DataError, match=r"got -4\.0 in row 1.*not percent"):
        max_drawdown([2.0, -4.0], compound=True)
    assert max_drawdown([2.0, -4.0]) == 4
