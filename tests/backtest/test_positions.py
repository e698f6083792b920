from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.backtest import positions_from_proba
from sk_ensemble.exceptions import DataError


def make_bars(seed: int, n_bars: int = 30, symbols: str = "AB") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for symbol in symbols:
        hours = np.cumsum(rng.choice([1, 2, 9], size=n_bars, p=[0.8, 0.1, 0.1]))
        parts.append(
            pd.DataFrame(
                {
                    "datetime": pd.Timestamp("2021-01-04", tz="UTC")
                    + pd.to_timedelta(hours, unit="h"),
                    "symbol": symbol,
                    "close": 100 * np.exp(rng.normal(scale=0.01, size=n_bars).cumsum()),
                }
            )
        )
    return pd.concat(parts).sample(frac=1, random_state=seed).reset_index(drop=True)


def make_proba(bars: pd.DataFrame, seed: int, share: float = 0.7) -> pd.DataFrame:
    """Probabilities for some of the bars, in another row order."""
    rng = np.random.default_rng(seed + 1)
    proba = pd.DataFrame(
        rng.dirichlet([1, 1, 1], size=len(bars)),
        columns=[-1, 0, 1],
        index=pd.MultiIndex.from_frame(bars[["symbol", "datetime"]]),
    )
    return proba.sample(frac=share, random_state=seed)


def slow_positions(proba, horizon, bars, threshold, delay):
    """Walk through every bar and every slice that might be live on it."""
    found = {}
    for symbol, of_symbol in bars.groupby("symbol"):
        times = sorted(of_symbol["datetime"])
        for s, time in enumerate(times):
            live = []
            for t in range(len(times)):
                if not t + delay <= s < t + delay + horizon:
                    continue
                if (symbol, times[t]) not in proba.index:
                    continue
                row = proba.loc[(symbol, times[t])]
                edge = row[1] - row[-1]
                if abs(edge) > threshold:
                    live.append(1 if edge > 0 else -1)
            found[symbol, time] = sum(live) / horizon
    return found


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    horizon=st.integers(1, 8),
    threshold=st.floats(0, 0.5),
    delay=st.integers(0, 3),
)
def test_positions_equal_those_of_a_slow_loop(seed, horizon, threshold, delay):
    bars = make_bars(seed, n_bars=12)
    proba = make_proba(bars, seed)
    positions = positions_from_proba(
        proba, horizon, bars=bars, threshold=threshold, delay=delay
    )
    assert positions.to_dict() == slow_positions(proba, horizon, bars, threshold, delay)


def test_every_bar_has_a_position_in_the_row_order_of_the_bars():
    bars = make_bars(0)
    positions = positions_from_proba(make_proba(bars, 0)[:3], 4, bars=bars)
    expected = pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])
    assert positions.index.tolist() == expected.tolist()
    assert positions.name == "position"


def test_bars_without_a_prediction_count_towards_the_life_of_a_slice():
    bars = make_bars(1, symbols="A").sort_values("datetime", ignore_index=True)
    proba = make_proba(bars, 1, share=1.0).sort_index()[4:5]
    positions = positions_from_proba(proba, 3, bars=bars, threshold=0.0)
    assert np.flatnonzero(positions).tolist() == [5, 6, 7]


def test_a_row_of_nan_is_no_prediction():
    bars = make_bars(2)
    proba = make_proba(bars, 2, share=1.0)
    some = np.random.default_rng(2).random(len(proba)) < 0.5
    blank = proba.copy()
    blank[some] = np.nan
    pd.testing.assert_series_equal(
        positions_from_proba(blank, 4, bars=bars),
        positions_from_proba(proba[~some], 4, bars=bars),
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), horizon=st.integers(1, 8))
def test_reversed_probabilities_reverse_the_positions(seed, horizon):
    bars = make_bars(seed)
    proba = make_proba(bars, seed)
    mirrored = proba.rename(columns={-1: 1, 1: -1})
    pd.testing.assert_series_equal(
        positions_from_proba(mirrored, horizon, bars=bars),
        -positions_from_proba(proba, horizon, bars=bars),
        check_exact=True,
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), delay=st.integers(0, 3))
def test_positions_before_the_delay_is_over_know_nothing_of_a_prediction(seed, delay):
    bars = make_bars(seed, symbols="A").sort_values("datetime", ignore_index=True)
    proba = make_proba(bars, seed, share=1.0).sort_index()
    other = proba.copy()
    other.iloc[15:] = proba.iloc[15:, ::-1].to_numpy()
    one = positions_from_proba(proba, 4, bars=bars, delay=delay, threshold=0.0)
    two = positions_from_proba(other, 4, bars=bars, delay=delay, threshold=0.0)
    assert (one[: 15 + delay] == two[: 15 + delay]).all()
    assert one.iloc[15 + delay] != two.iloc[15 + delay]


def test_an_edge_of_the_threshold_itself_is_not_traded():
    bars = make_bars(3, symbols="A").sort_values("datetime", ignore_index=True)
    proba = make_proba(bars, 3, share=1.0).sort_index()
    proba[:] = [0.25, 0.25, 0.5]
    at = positions_from_proba(proba, 1, bars=bars, threshold=0.25)
    below = positions_from_proba(proba, 1, bars=bars, threshold=0.24)
    assert (at == 0).all()
    assert (below[1:] == 1).all()


def test_other_labels_name_their_sides():
    bars = make_bars(4)
    proba = make_proba(bars, 4)
    named = proba.rename(columns={-1: "down", 0: "flat", 1: "up"})
    pd.testing.assert_series_equal(
        positions_from_proba(named, 4, bars=bars, down="down", up="up"),
        positions_from_proba(proba, 4, bars=bars),
    )


def test_a_lost_class_is_refused_and_not_replaced_by_another():
    bars = make_bars(5)
    proba = make_proba(bars, 5)[[-1, 0]]
    with pytest.raises(DataError, match=r"no column for class \[1\].*\[-1, 0\]"):
        positions_from_proba(proba, 4, bars=bars)


def test_predictions_without_a_bar_are_refused():
    bars = make_bars(6)
    proba = make_proba(bars, 6, share=1.0)
    last = bars.sort_values(["symbol", "datetime"]).iloc[-1]
    stamp = last["datetime"].tz_localize(None)
    with pytest.raises(DataError, match=f"1 of 60 predictions.*'B' at {stamp}"):
        positions_from_proba(proba, 4, bars=bars[bars.index != last.name])
    with pytest.raises(DataError, match=r"30 of 60 predictions.*symbol 'B'"):
        positions_from_proba(proba, 4, bars=bars[bars["symbol"] == "A"])


def test_two_predictions_for_one_bar_are_refused():
    bars = make_bars(7)
    proba = make_proba(bars, 7)
    with pytest.raises(DataError, match=r"1 duplicate .* among the predictions"):
        positions_from_proba(pd.concat([proba, proba[:1]]), 4, bars=bars)


@pytest.mark.parametrize("row", [[0.5, 0.2, np.nan], [1.2, 0, -0.2], [np.inf, 0, 0]])
def test_no_probabilities_are_refused(row):
    bars = make_bars(8)
    proba = make_proba(bars, 8)
    proba.iloc[3] = row
    with pytest.raises(DataError, match="row 3"):
        positions_from_proba(proba, 4, bars=bars)


def test_an_array_is_refused_because_it_has_no_times():
    bars = make_bars(9)
    with pytest.raises(DataError, match="DataFrame with levels symbol and datetime"):
        positions_from_proba(make_proba(bars, 9).to_numpy(), 4, bars=bars)


@pytest.mark.parametrize(
    "options",
    [{"horizon": 0}, {"horizon": 4, "delay": -1}, {"horizon": 4, "threshold": -1}],
)
def test_parameters_out_of_range_are_refused(options):
    bars = make_bars(10)
    with pytest.raises(ValueError, match=list(options)[-1]):
        positions_from_proba(make_proba(bars, 10), bars=bars, **options)
