from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import (
    ReturnMoments,
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    min_backtest_length,
    min_track_record_length,
    probabilistic_sharpe_ratio,
    sharpe_ratio,
)

# Two years of monthly returns: Bailey and López de Prado (2012), and again in López de
# Prado, Lipton and Zoonekynd (2025), with an autocorrelation of 0.2.
TWO_YEARS = ReturnMoments(0.458, 24, skewness=-2.448, kurtosis=10.164)
TWO_YEARS_2025 = ReturnMoments(
    0.036 / 0.079, 24, skewness=-2.448, kurtosis=10.164, autocorrelation=0.2
)
# Bailey and López de Prado (2014), "A numerical example": daily, 250 days a year.
CHOSEN = {"sharpe": 2.5 / 250**0.5, "n_observations": 1250}


def returns_of(seed: int, n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_t(5, size=n) * 0.01 + 0.001


@pytest.mark.parametrize(
    ("moments", "digits", "confidence"),
    [
        (ReturnMoments(0.458, 24), 3, 0.982),
        (TWO_YEARS, 3, 0.913),
        # Table of hedge fund indices, 134 months.
        (ReturnMoments(0.7079, 134, skewness=-0.2250, kurtosis=2.9570), 4, 1.0),
        (ReturnMoments(0.8183, 134, skewness=-1.4455, kurtosis=7.0497), 4, 1.0),
    ],
)
def test_published_probabilistic_sharpe_ratios_of_2012(moments, digits, confidence):
    assert round(probabilistic_sharpe_ratio(moments), digits) == confidence


@pytest.mark.parametrize(
    ("moments", "error"),
    [
        (ReturnMoments(0.7079, 134, skewness=-0.2250, kurtosis=2.9570), 0.1028),
        (ReturnMoments(0.8183, 134, skewness=-1.4455, kurtosis=7.0497), 0.1550),
    ],
)
def test_published_standard_errors_of_2012(moments, error):
    # One standard error below the estimate the confidence is that of one sigma.
    benchmark = moments.sharpe - error
    confidence = probabilistic_sharpe_ratio(moments, benchmark=benchmark)
    assert stats.norm.ppf(confidence) == pytest.approx(1, abs=5e-4)


@pytest.mark.parametrize(("benchmark", "confidence"), [(0.0, 0.966), (0.1, 0.900)])
def test_published_probabilistic_sharpe_ratios_of_2025(benchmark, confidence):
    found = probabilistic_sharpe_ratio(
        TWO_YEARS_2025, benchmark=benchmark, method="2025"
    )
    assert round(found, 3) == confidence


@pytest.mark.parametrize(("benchmark", "confidence"), [(0.0, 0.987), (0.1, 0.939)])
def test_published_probabilistic_sharpe_ratios_of_2025_without_autocorrelation(
    benchmark, confidence
):
    # From the tests of the authors' own code, github.com/zoonek/2025-sharpe-ratio.
    moments = ReturnMoments(0.036 / 0.079, 24, skewness=-2.448, kurtosis=10.164)
    found = probabilistic_sharpe_ratio(moments, benchmark=benchmark, method="2025")
    assert round(found, 3) == confidence


def test_confidence_of_returns_equals_that_of_another_library():
    # The example of rubenbriones/Probabilistic-Sharpe-Ratio is a csv file; its formula,
    # written out over scipy's estimates, is the oracle here.
    returns = returns_of(0)
    ratio = returns.mean() / returns.std(ddof=1)
    skewness, kurtosis = stats.skew(returns), stats.kurtosis(returns, fisher=False)
    error = np.sqrt(
        (1 + 0.5 * ratio**2 - skewness * ratio + (kurtosis - 3) / 4 * ratio**2) / 59
    )
    expected = stats.norm.cdf((ratio - 0.05) / error)
    found = probabilistic_sharpe_ratio(returns, benchmark=0.05)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("moments", "years"),
    [
        (ReturnMoments(0.7079, 134, skewness=-0.2250, kurtosis=2.9570), 0.7152),
        (ReturnMoments(0.8183, 134, skewness=-1.4455, kurtosis=7.0497), 1.1593),
    ],
)
def test_published_track_record_lengths_of_hedge_funds(moments, years):
    assert round(min_track_record_length(moments) / 12, 4) == years


@pytest.mark.parametrize(
    ("per_year", "shape", "years"),
    [
        (252, (0.0, 3.0), 2.73),
        (52, (0.0, 3.0), 2.83),
        (12, (0.0, 3.0), 3.24),
        (12, (-0.72, 5.78), 4.99),
    ],
)
def test_published_track_record_lengths_of_an_annual_sharpe_of_two(
    per_year, shape, years
):
    # Bailey and López de Prado (2012): a Sharpe ratio of 2 against one of 1.
    moments = ReturnMoments(2 / per_year**0.5, 100, *shape)
    length = min_track_record_length(moments, benchmark=1 / per_year**0.5)
    assert round(length / per_year, 2) == years


@pytest.mark.parametrize(("benchmark", "months"), [(0.0, 19.543), (0.1, 39.369)])
def test_published_track_record_lengths_of_2025(benchmark, months):
    found = min_track_record_length(TWO_YEARS_2025, benchmark=benchmark, method="2025")
    assert round(found, 3) == months


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 999),
    benchmark=st.floats(-0.2, 0.2),
    confidence=st.floats(0.6, 0.99),
    method=st.sampled_from(["2012", "2025"]),
)
def test_a_record_of_the_least_length_has_just_the_confidence(
    seed, benchmark, confidence, method
):
    moments = ReturnMoments.from_returns(returns_of(seed))
    length = min_track_record_length(
        moments, benchmark=benchmark, confidence=confidence, method=method
    )
    if moments.sharpe <= benchmark:
        assert length == np.inf
        return
    shape = (moments.skewness, moments.kurtosis, moments.autocorrelation)
    long = ReturnMoments(moments.sharpe, max(3, length), *shape)
    found = probabilistic_sharpe_ratio(long, benchmark=benchmark, method=method)
    assert found >= confidence - 1e-9
    if length >= 3:
        assert found == pytest.approx(confidence, abs=1e-9)


@pytest.mark.parametrize("method", ["2012", "2025"])
def test_confidence_in_worthless_returns_is_uniform(method):
    rng = np.random.default_rng(0)
    found = [
        probabilistic_sharpe_ratio(rng.normal(size=250), method=method)
        for _ in range(500)
    ]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_only_the_method_of_2025_allows_for_autocorrelation():
    def false_alarms(method):
        rng = np.random.default_rng(0)
        drawn = rng.normal(size=(500, 251))
        smoothed = drawn[:, 1:] + drawn[:, :-1] * 0.6
        found = [probabilistic_sharpe_ratio(row, method=method) for row in smoothed]
        return np.mean(np.array(found) > 0.95)

    assert false_alarms("2025") < 0.08
    assert false_alarms("2012") > 0.09


def test_moments_are_those_of_scipy():
    returns = returns_of(1)
    moments = ReturnMoments.from_returns(returns)
    assert moments.n_observations == 60
    assert moments.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert moments.skewness == pytest.approx(stats.skew(returns))
    assert moments.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))
    assert (
        abs(moments.autocorrelation - np.corrcoef(returns[1:], returns[:-1])[0, 1])
        < 0.05
    )


def test_ddof_of_the_sharpe_ratio_can_be_chosen():
    returns = returns_of(2)
    by_ddof = [ReturnMoments.from_returns(returns, ddof=ddof).sharpe for ddof in (0, 1)]
    assert by_ddof[0] / by_ddof[1] == pytest.approx((60 / 59) ** 0.5)


@pytest.mark.parametrize(
    ("n_trials", "skewness", "kurtosis", "benchmark", "confidence"),
    [
        (100, -3, 10, 0.1132, 0.9004),
        (46, -3, 10, 0.1004, 0.9505),
        (88, 0, 3, 0.1111, 0.9505),
    ],
)
def test_published_deflated_sharpe_ratios_of_2014(
    n_trials, skewness, kurtosis, benchmark, confidence
):
    variance = 0.5 / 250
    found = expected_maximum_sharpe(n_trials, variance=variance)
    assert round(found, 4) == benchmark
    chosen = ReturnMoments(**CHOSEN, skewness=skewness, kurtosis=kurtosis)
    found = deflated_sharpe_ratio(chosen, n_trials=n_trials, trial_variance=variance)
    assert round(found, 4) == confidence


def test_published_deflated_sharpe_ratio_of_2025():
    assert round(expected_maximum_sharpe(10, variance=0.1), 3) == 0.498
    found = deflated_sharpe_ratio(
        TWO_YEARS_2025, n_trials=10, trial_variance=0.1, method="2025"
    )
    assert round(found, 3) == 0.410


@pytest.mark.parametrize(
    ("n_trials", "factor"),
    [(2, 0.82565), (3, 0.74798), (10, 0.58681), (37, 0.48228), (100, 0.42942)],
)
def test_published_standard_deviations_of_the_maximum(n_trials, factor):
    # Exhibit 4 of the paper of 2025: a trial one such deviation over the benchmark.
    sharpe = expected_maximum_sharpe(n_trials) + factor
    found = deflated_sharpe_ratio(
        ReturnMoments(sharpe, 100), n_trials=n_trials, trial_variance=1.0, method="2025"
    )
    assert stats.norm.ppf(found) == pytest.approx(1, abs=2e-5)


@pytest.mark.parametrize("method", ["2014", "2025"])
def test_one_trial_has_a_benchmark_of_zero(method):
    returns = returns_of(3)
    plain = probabilistic_sharpe_ratio(
        returns, method={"2014": "2012", "2025": "2025"}[method]
    )
    for given_trials in (
        {"n_trials": 1},
        {"n_trials": 1, "trial_variance": 0.5},
        {"trials": [sharpe_ratio(returns)]},
    ):
        found = deflated_sharpe_ratio(returns, **given_trials, method=method)
        assert found == plain
        assert 0 < found < 1


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("method", ["2014", "2025"])
def test_trials_say_their_number_and_variance(ddof, method):
    trials = np.random.default_rng(4).normal(scale=0.1, size=30)
    options = {"method": method}
    found = deflated_sharpe_ratio(returns_of(4), trials=trials, ddof=ddof, **options)
    assert found == deflated_sharpe_ratio(
        returns_of(4), n_trials=30, trial_variance=np.var(trials, ddof=ddof), **options
    )
    fewer = deflated_sharpe_ratio(
        returns_of(4), trials=trials, n_trials=5.5, ddof=ddof, **options
    )
    assert fewer > found


def test_best_of_worthless_trials_passes_at_the_stated_rate_only():
    rng = np.random.default_rng(0)
    rates = {"single": [], "2014": [], "2025": []}
    for _ in range(300):
        returns = rng.normal(size=(120, 20))
        trials = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
        best = returns[:, trials.argmax()]
        rates["single"].append(probabilistic_sharpe_ratio(best) > 0.95)
        for method in ("2014", "2025"):
            confidence = deflated_sharpe_ratio(best, trials=trials, method=method)
            rates[method].append(confidence > 0.95)
    assert np.mean(rates["single"]) > 0.5
    assert np.mean(rates["2014"]) < 0.05
    assert np.mean(rates["2025"]) < 0.1


@pytest.mark.parametrize(
    ("n_trials", "maximum"), [(2, 1 / np.pi**0.5), (3, 1.5 / np.pi**0.5), (1, 0)]
)
def test_exact_maximum_of_few_trials_is_the_known_one(n_trials, maximum):
    found = expected_maximum_sharpe(n_trials, exact=True)
    assert found == pytest.approx(maximum, abs=1e-12)


@pytest.mark.parametrize("n_trials", [2, 5, 10, 100, 1000])
def test_exact_maximum_is_that_of_simulations(n_trials):
    rng = np.random.default_rng(n_trials)
    # The largest of N uniforms is a power of one uniform.
    largest = stats.norm.isf(-np.expm1(np.log(rng.uniform(size=200_000)) / n_trials))
    error = largest.std() / 200_000**0.5
    found = expected_maximum_sharpe(n_trials, exact=True)
    assert abs(found - largest.mean()) < 4 * error


def test_closed_form_errs_as_documented():
    errors = {2: -7.9, 3: 0.8, 5: 2.5, 10: 2.3, 100: 0.9, 10_000: 0.2}
    for n_trials, percent in errors.items():
        ratio = expected_maximum_sharpe(n_trials) / expected_maximum_sharpe(
            n_trials, exact=True
        )
        assert round(100 * (ratio - 1), 1) == percent


@settings(deadline=None, max_examples=40)
@given(
    n_trials=st.floats(1, 1e9),
    more=st.floats(1, 10),
    variance=st.floats(0, 4),
    exact=st.booleans(),
)
def test_expected_maximum_grows_with_trials_and_scales_with_the_deviation(
    n_trials, more, variance, exact
):
    found = expected_maximum_sharpe(n_trials, exact=exact)
    # Where two quadratures differ in the last digits only.
    assert 0 <= found <= expected_maximum_sharpe(n_trials * more, exact=exact) + 1e-9
    scaled = expected_maximum_sharpe(n_trials, variance=variance, exact=exact)
    assert scaled == pytest.approx(variance**0.5 * found)


def test_closed_form_is_not_negative_for_hardly_more_than_one_trial():
    assert expected_maximum_sharpe(1.05) == 0 < expected_maximum_sharpe(1.5)


def test_published_minimum_backtest_lengths():
    # Bailey et al. (2014), Pseudo-Mathematics: 1.57 for ten; 45 trials in five years.
    assert round(expected_maximum_sharpe(10), 2) == 1.57
    assert min_backtest_length(45) <= 5 < min_backtest_length(46)
    assert min_backtest_length(1) == 0


@settings(deadline=None, max_examples=30)
@given(n_trials=st.integers(2, 10**6), target=st.floats(0.1, 5))
def test_minimum_backtest_length_is_below_its_bound(n_trials, target):
    found = min_backtest_length(n_trials, target_sharpe=target)
    assert found < 2 * np.log(n_trials) / target**2


def test_best_of_short_backtests_reaches_the_target_by_luck():
    years = min_backtest_length(20, target_sharpe=1.0)
    n_days = round(years * 252)
    rng = np.random.default_rng(0)
    returns = rng.normal(size=(200, n_days, 20))
    annual = returns.mean(axis=1) / returns.std(axis=1) * 252**0.5
    assert annual.max(axis=1).mean() == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize(
    ("returns", "message"),
    [
        ([0.01] * 50, "All 50 returns are 0.01.*traded at all"),
        ([0.0] * 50, "All 50 returns are 0.0"),
        ([0.01, np.nan, 0.02, 0.0], r"finite, got nan in row 1 \(1 such.*Drop periods"),
        ([0.01, np.inf, 0.02, -np.inf], r"got inf in row 1 \(2 such"),
        ([0.01, 0.02], "from 3 returns on, got 2"),
        ([], r"empty, got shape \(0,\)"),
        ([[0.01, 0.02]] * 9, r"must have 1 dimension\(s\), got shape \(9, 2\)"),
    ],
)
@pytest.mark.parametrize(
    "test",
    [
        probabilistic_sharpe_ratio,
        min_track_record_length,
        lambda returns: deflated_sharpe_ratio(returns, n_trials=1),
    ],
)
def test_returns_that_cannot_be_tested_are_refused(test, returns, message):
    with pytest.raises(DataError, match=message):
        test(returns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sharpe": np.nan}, "must be finite"),
        ({"n_observations": 2}, "n_observations=2"),
        # The excess kurtosis of a normal distribution, the commonest mistake.
        ({"kurtosis": 0.0}, "3 for a normal distribution, not the excess"),
        ({"skewness": 2.0, "kurtosis": 4.9}, "at least 1 \\+ skewness \\*\\* 2"),
        ({"autocorrelation": 1.0}, r"must lie in \(-1, 1\)"),
    ],
)
def test_impossible_moments_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        ReturnMoments(**({"sharpe": 0.1, "n_observations": 100} | changes))


def test_returns_of_two_values_without_an_error_are_refused():
    coin = ReturnMoments(1.0, 100, skewness=0.0, kurtosis=1.0)
    assert 0 < probabilistic_sharpe_ratio(coin) <= 1
    loaded = ReturnMoments(1.0, 100, skewness=2.0, kurtosis=5.0)
    with pytest.raises(DataError, match="two values only"):
        probabilistic_sharpe_ratio(loaded)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "how many strategies were tried"),
        ({"n_trials": 10}, ValueError, "10 trials need trial_variance"),
        ({"trials": [0.1, 0.2], "trial_variance": 1.0}, ValueError, "not both"),
        ({"trials": [0.1, np.nan]}, DataError, "trials must be finite"),
        ({"trials": []}, DataError, "trials are empty"),
        (
            {"n_trials": 0, "trial_variance": 1},
            ValueError,
            "n_trials == 0, must be >= 1",
        ),
        ({"n_trials": 5, "trial_variance": -1}, ValueError, "trial_variance == -1"),
        ({"n_trials": 5, "trial_variance": 0.1, "method": "2012"}, ValueError, "2014"),
        (
            {"trials": [0.1, 0.1], "method": "2025"},
            DataError,
            "same Sharpe ratio.*n_trials=1",
        ),
    ],
)
def test_trials_that_cannot_be_counted_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        deflated_sharpe_ratio(returns_of(0), **options)


def test_unknown_methods_and_confidences_are_refused():
    with pytest.raises(ValueError, match=r"one of \['2012', '2025'\], got '2014'"):
        probabilistic_sharpe_ratio(returns_of(0), method="2014")
    with pytest.raises(ValueError, match=r"confidence == 0\.5"):
        min_track_record_length(returns_of(0), confidence=0.5)
