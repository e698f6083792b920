from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bootstrap import Interval, day_block_bootstrap


def hours(n: int) -> pd.DatetimeIndex:
    return pd.date_range("2021-01-04", periods=n, freq="1h", tz="UTC")


def test_sums_per_day_give_the_same_as_gathering_rows():
    rng = np.random.default_rng(0)
    keep = rng.random(480) < 0.7
    values, times = rng.normal(size=480)[keep], hours(480)[keep]
    fast = day_block_bootstrap(values, times, n_resamples=50)
    slow = day_block_bootstrap(
        values, times, n_resamples=50, statistic=lambda rows: np.mean(rows)
    )
    for end in ("estimate", "low", "high"):
        assert getattr(fast, end) == pytest.approx(getattr(slow, end), abs=1e-12)


@pytest.mark.parametrize("most", [10, 2**20])
def test_all_resamples_at_once_give_the_same_bits(most, monkeypatch):
    monkeypatch.setattr("sk_ensemble.utils.bootstrap._MOST_DRAWS", most)
    values = np.random.default_rng(0).normal(size=60)
    days = pd.date_range("2021-01-04", periods=60, freq="1D", tz="UTC")
    slow = day_block_bootstrap(values, days, statistic=lambda rows: rows.std())
    fast = day_block_bootstrap(values, days, statistic=np.std, vectorized=True)
    assert fast == slow
    mean = day_block_bootstrap(values, days)
    assert mean == day_block_bootstrap(values, days, statistic=lambda x: x.mean())


def test_a_vectorized_statistic_of_days_with_several_rows_is_refused():
    with pytest.raises(DataError, match=r"one row for each day.*a day has 24"):
        day_block_bootstrap(
            np.arange(48.0), hours(48), statistic=np.std, vectorized=True
        )


def test_resamples_consist_of_whole_days():
    days = np.repeat(np.arange(10), 24)
    times = hours(240)
    seen = []

    def record(rows):
        seen.append(np.bincount(rows.astype(int), minlength=10))
        return rows.mean()

    day_block_bootstrap(days, times, statistic=record, n_resamples=20)
    assert all((counts % 24 == 0).all() and counts.sum() == 240 for counts in seen)
    assert len({tuple(counts) for counts in seen}) > 1


def test_row_order_does_not_matter():
    rng = np.random.default_rng(1)
    values, times = rng.normal(size=240), hours(240)
    order = rng.permutation(240)
    one = day_block_bootstrap(values, times)
    other = day_block_bootstrap(values[order], times[order])
    assert one.low == pytest.approx(other.low, abs=1e-12)
    assert one.high == pytest.approx(other.high, abs=1e-12)


def test_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    times = hours(24 * 40)
    covered = []
    for _ in range(100):
        level = np.repeat(rng.normal(size=40), 24)
        interval = day_block_bootstrap(
            level + rng.normal(size=960), times, n_resamples=200
        )
        covered.append(interval.low <= 0 <= interval.high)
    assert 0.86 <= np.mean(covered) <= 1.0


def test_rows_taken_as_independent_would_cover_far_less():
    rng = np.random.default_rng(2)
    apart = pd.date_range("1990-01-01", periods=960, freq="1D")
    covered = []
    for _ in range(100):
        level = np.repeat(rng.normal(size=40), 24)
        interval = day_block_bootstrap(
            level + rng.normal(size=960), apart, n_resamples=200
        )
        covered.append(interval.low <= 0 <= interval.high)
    assert np.mean(covered) < 0.6


def test_interval_widens_with_the_confidence():
    values = np.random.default_rng(3).normal(size=480)
    narrow = day_block_bootstrap(values, hours(480), confidence=0.5)
    wide = day_block_bootstrap(values, hours(480), confidence=0.99)
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high


def test_days_are_those_of_the_time_zone():
    times = pd.DatetimeIndex(["2021-01-04 15:00", "2021-01-04 17:00"])
    with pytest.raises(DataError, match="at least two days, got 1"):
        day_block_bootstrap([1.0, 2.0], times)
    assert (
        day_block_bootstrap([1.0, 2.0], times, timezone="Asia/Shanghai").n_blocks == 2
    )


def test_same_seed_same_interval():
    values = np.random.default_rng(4).normal(size=240)
    one = day_block_bootstrap(values, hours(240), random_state=1)
    assert one == day_block_bootstrap(values, hours(240), random_state=1)
    assert one != day_block_bootstrap(values, hours(240), random_state=2)


def test_undefined_statistic_gives_nan_ends():
    found = day_block_bootstrap(
        np.arange(48.0), hours(48), statistic=lambda rows: np.nan
    )
    assert np.isnan([found.estimate, found.low, found.high]).all()
    assert found.n_blocks == 2


def test_constant_values_have_no_width():
    assert day_block_bootstrap(np.ones(48), hours(48)) == Interval(1, 1, 1, 2)


def test_faults_are_refused():
    with pytest.raises(DataError, match="at least two days, got 1"):
        day_block_bootstrap(np.ones(5), hours(5))
    with pytest.raises(DataError, match="got nan in row 1"):
        day_block_bootstrap([1, np.nan], hours(2))
    with pytest.raises(DataError, match="differ in length: 3 and 2"):
        day_block_bootstrap([1, 2, 3], hours(2))
    with pytest.raises(DataError, match="one dimension"):
        day_block_bootstrap(np.ones((2, 2)), hours(2))
    with pytest.raises(DataError, match="missing in row 0"):
        day_block_bootstrap([1, 2], pd.DatetimeIndex(["NaT", "2021-01-04"]))
    with pytest.raises(ValueError, match="confidence"):
        day_block_bootstrap(np.ones(48), hours(48), confidence=1.0)
    with pytest.raises(ValueError, match="n_resamples"):
        day_block_bootstrap(np.ones(48), hours(48), n_resamples=0)
