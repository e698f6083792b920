from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.labeling import bar_volatility, cusum_events, triple_barrier_labels

STEPS = [pd.Timedelta("5min"), pd.Timedelta("4h"), pd.Timedelta("4h5min")]


def make_bars(seed: int, n_bars: int = 80, symbols: str = "AB") -> pd.DataFrame:
    """Random closes on a random calendar, in random row order."""
    rng = np.random.default_rng(seed)
    parts = []
    for symbol in symbols:
        steps = rng.choice(len(STEPS), size=n_bars, p=[0.9, 0.05, 0.05])
        times = pd.Timestamp("2021-01-04", tz="UTC") + np.cumsum(
            np.array(STEPS, dtype=object)[steps]
        )
        returns = rng.normal(scale=0.01, size=n_bars) * (rng.random(n_bars) > 0.15)
        part = {
            "datetime": pd.DatetimeIndex(times),
            "symbol": symbol,
            "close": 100 * np.exp(np.cumsum(returns)),
            "new_contract": rng.random(n_bars) < 0.03,
            "target": rng.choice([np.nan, 0.0, 0.01, 0.02, 0.03], size=n_bars),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts).sample(frac=1, random_state=seed).reset_index(drop=True)


def by_key(bars: pd.DataFrame, column: str) -> pd.Series:
    return bars.set_index(["symbol", "datetime"])[column]


def slow_events(bars: pd.DataFrame, threshold: float) -> dict:
    """The filter as the book states it, bar by bar, where limits do not change.

    Where they do, both sums may reach them at once: then both restart.
    """
    found = {}
    for symbol, of_symbol in bars.groupby("symbol"):
        rows = list(of_symbol.sort_values("datetime").itertuples())
        rise = fall = 0.0
        for before, row in pairwise(rows):
            gap = row.datetime - before.datetime > pd.Timedelta("4h")
            if not gap and not row.new_contract:
                step = math.log(row.close / before.close)
                rise, fall = max(0.0, rise + step), min(0.0, fall + step)
            if not row.target > 0:
                continue
            limit = threshold * row.target * (1 - 1e-9)
            if rise >= limit:
                rise = 0.0
                found[symbol, row.datetime] = 1
            if fall <= -limit:
                fall = 0.0
                found[symbol, row.datetime] = -1
    return found


@settings(max_examples=80)
@given(seed=st.integers(0, 10_000), threshold=st.floats(0.2, 5))
def test_events_equal_those_of_a_slow_loop(seed, threshold):
    bars = make_bars(seed)
    events = cusum_events(bars, threshold, target=by_key(bars, "target"))
    assert events.to_dict() == slow_events(bars, threshold)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), cut=st.floats(0.1, 0.9))
def test_later_bars_do_not_matter(seed, cut):
    bars = make_bars(seed)
    time = bars["datetime"].quantile(cut)
    noise = np.random.default_rng(seed).uniform(50, 200, len(bars))
    changed = bars.assign(close=bars["close"].where(bars["datetime"] <= time, noise))
    options = {"threshold": 2, "volatility_span": 10}
    before, after = cusum_events(bars, **options), cusum_events(changed, **options)
    known = before.index.get_level_values("datetime") <= time
    same = after.index.get_level_values("datetime") <= time
    pd.testing.assert_series_equal(after[same], before[known])


def test_the_default_target_is_the_volatility():
    bars = make_bars(1)
    expected = cusum_events(bars, 2, target=bar_volatility(bars, span=30))
    found = cusum_events(bars, 2, volatility_span=30)
    pd.testing.assert_series_equal(found, expected)
    assert len(found) > 10


def test_a_number_is_the_same_target_for_every_bar():
    bars = make_bars(2)
    expected = cusum_events(bars, 2, target=by_key(bars.assign(target=0.01), "target"))
    pd.testing.assert_series_equal(cusum_events(bars, 0.02, target=1.0), expected)


def test_a_sum_that_equals_the_limit_is_an_event():
    times = pd.date_range("2021-01-04", periods=8, freq="5min", tz="UTC")
    close = 100 * np.exp(0.1 * np.arange(8))
    bars = pd.DataFrame({"symbol": "A", "datetime": times, "close": close})
    events = cusum_events(bars, 0.3, target=1.0)
    assert events.index.get_level_values("datetime").tolist() == times[[3, 6]].tolist()
    assert events.tolist() == [1, 1]


def test_a_price_around_a_level_gives_one_event():
    close = np.where(np.arange(30) < 10, 100.0, 103 + np.arange(30) % 2)
    times = pd.date_range("2021-01-04", periods=30, freq="5min", tz="UTC")
    bars = pd.DataFrame({"symbol": "A", "datetime": times, "close": close})
    events = cusum_events(bars, 0.02, target=1.0)
    assert events.index.get_level_values("datetime").tolist() == [times[10]]


@pytest.mark.parametrize("kind", ["session", "contract"])
def test_steps_into_a_session_or_contract_add_nothing(kind):
    times = pd.date_range("2021-01-04", periods=20, freq="5min", tz="UTC")
    after = np.arange(20) >= 10
    shift = pd.Timedelta("10h") if kind == "session" else pd.Timedelta(0)
    bars = pd.DataFrame(
        {
            "symbol": "A",
            "datetime": times + shift * after,
            "close": 100.0 + 50 * after,
            "new_contract": (np.arange(20) == 10) & (kind == "contract"),
        }
    )
    assert cusum_events(bars, 0.1, target=1.0).empty
    blind = bars.assign(new_contract=False)
    assert len(cusum_events(blind, 0.1, target=1.0, session_gap="1000D")) == 1


def test_symbols_do_not_touch_each_other():
    bars = make_bars(3, symbols="ABC")
    together = cusum_events(bars, 2)
    for symbol in "ABC":
        alone = cusum_events(bars[bars["symbol"] == symbol], 2)
        assert together.xs(symbol, drop_level=False).to_dict() == alone.to_dict()


def test_events_are_sides_in_the_row_order_of_the_bars():
    bars = make_bars(4)
    events = cusum_events(bars, 1)
    assert events.name == "side"
    assert events.dtype == np.int64
    keys = pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])
    assert events.index.tolist() == keys[keys.isin(events.index)].tolist()
    labels = triple_barrier_labels(
        bars, 3, side=events, intrabar=False, across_sessions=True
    )
    assert labels.index.isin(events.index).all()
    assert len(labels) > 10


def test_wrong_arguments_are_refused():
    bars = make_bars(5)
    for wrong in (0, -1.0):
        with pytest.raises(ValueError, match="threshold"):
            cusum_events(bars, wrong)
    with pytest.raises(ValueError, match="volatility_span"):
        cusum_events(bars, volatility_span=0)
    with pytest.raises(DataError, match="target must be finite"):
        cusum_events(bars, target=by_key(bars.assign(target=-1.0), "target"))
    with pytest.raises(DataError, match="no column 'close'"):
        cusum_events(bars.drop(columns="close"))
