from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.backtest import backtest, daily_sharpe, positions_from_proba
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bootstrap import day_block_bootstrap

COSTS = pd.DataFrame({"tick": [0.2, 1.0], "fee": [2e-5, 5e-5]}, index=["A", "B"])


def make_bars(seed: int, n_bars: int = 40, symbols: str = "AB") -> pd.DataFrame:
    """Random closes on a calendar with nights and contract changes, shuffled."""
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
                    "new_contract": rng.random(n_bars) < 0.05,
                }
            )
        )
    return pd.concat(parts).sample(frac=1, random_state=seed).reset_index(drop=True)


def keys_of(bars: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])


def make_proba(bars: pd.DataFrame, seed: int, share: float = 0.7) -> pd.DataFrame:
    rng = np.random.default_rng(seed + 1)
    proba = pd.DataFrame(
        rng.dirichlet([1, 1, 1], size=len(bars)),
        columns=[-1, 0, 1],
        index=keys_of(bars),
    )
    return proba.sample(frac=share, random_state=seed)


def hourly_bars(closes, *, night_before=(), new_contract=()) -> pd.DataFrame:
    """Bars of symbol A, one an hour, with a night of 12 hours before some of them."""
    n = len(closes)
    nights = np.cumsum(np.isin(np.arange(n), night_before))
    return pd.DataFrame(
        {
            "symbol": "A",
            "datetime": pd.Timestamp("2021-01-04", tz="UTC")
            + pd.to_timedelta(np.arange(n) + 12 * nights, unit="h"),
            "close": np.asarray(closes, dtype=float),
            "new_contract": np.isin(np.arange(n), new_contract),
        }
    )


def always(bars: pd.DataFrame, position: float) -> pd.Series:
    return pd.Series(position, index=keys_of(bars))


def trade_list(proba, bars, horizon, *, threshold, delay, overnight):
    """Book every slice as a trade of its own; net them only to count the costs."""
    gross, cost, exposure = {}, {}, {}
    for symbol, of_symbol in bars.groupby("symbol"):
        rows = list(of_symbol.sort_values("datetime").itertuples())
        held = [0.0] * len(rows)
        earned = [0.0] * len(rows)
        for t, row in enumerate(rows):
            if (symbol, row.datetime) not in proba.index:
                continue
            p = proba.loc[(symbol, row.datetime)]
            if abs(p[1] - p[-1]) <= threshold:
                continue
            size = (1 if p[1] > p[-1] else -1) / horizon
            for s in range(t + delay, min(t + delay + horizon, len(rows) - 1)):
                night = rows[s + 1].datetime - rows[s].datetime > pd.Timedelta("4h")
                if rows[s + 1].new_contract or (night and not overnight):
                    continue
                held[s] += size
                earned[s + 1] += size * (rows[s + 1].close / rows[s].close - 1)
        for s, row in enumerate(rows):
            key = symbol, row.datetime
            rate = COSTS.loc[symbol, "tick"] / 2 / row.close + COSTS.loc[symbol, "fee"]
            cost[key] = abs(held[s] - (held[s - 1] if s else 0.0)) * rate
            gross[key], exposure[key] = earned[s], held[s]
    return exposure, gross, cost


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    horizon=st.integers(1, 8),
    delay=st.integers(0, 2),
    overnight=st.booleans(),
)
def test_profit_and_cost_equal_those_of_a_trade_list(seed, horizon, delay, overnight):
    bars = make_bars(seed, n_bars=15)
    proba = make_proba(bars, seed)
    positions = positions_from_proba(proba, horizon, bars=bars, delay=delay)
    result = backtest(positions, bars, costs=COSTS, overnight=overnight)
    expected = trade_list(
        proba, bars, horizon, threshold=0.05, delay=delay, overnight=overnight
    )
    for column, values in zip(["position", "gross", "cost"], expected, strict=True):
        found = result.bars[column]
        np.testing.assert_allclose(
            found, [values[key] for key in found.index], atol=1e-15
        )


def test_constant_probabilities_earn_minus_the_costs_where_nothing_moves():
    bars = hourly_bars(np.full(12, 100.0), night_before=[4, 8])
    proba = pd.DataFrame(
        [[0.2, 0.3, 0.5]] * 12, columns=[-1, 0, 1], index=keys_of(bars)
    )
    positions = positions_from_proba(proba, 1, bars=bars)
    result = backtest(positions, bars, costs=COSTS)
    assert result.gross_return == 0
    # Three sessions, each opened and closed, at half a tick of 0.2 and the fee.
    assert result.net_return == pytest.approx(-6 * (0.1 / 100 + 2e-5))
    assert result.net_return == -result.total_cost


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), horizon=st.integers(1, 6))
def test_constant_probabilities_earn_the_market_less_the_costs(seed, horizon):
    bars = make_bars(seed)
    proba = make_proba(bars, seed, share=1.0)
    proba[:] = [0.2, 0.3, 0.5]
    positions = positions_from_proba(proba, horizon, bars=bars)
    result = backtest(positions, bars, costs=COSTS)
    market = backtest(always(bars, 1.0), bars, costs=0)
    rank = bars.groupby("symbol")["datetime"].rank().to_numpy()
    settled = rank > horizon + 1
    np.testing.assert_array_equal(
        result.bars["gross"][settled], market.bars["gross"][settled]
    )
    assert result.net_return == pytest.approx(
        result.gross_return - result.total_cost, abs=1e-12
    )


def test_even_probabilities_do_not_trade():
    bars = make_bars(0)
    proba = make_proba(bars, 0)
    proba[:] = [0.4, 0.2, 0.4]
    positions = positions_from_proba(proba, 4, bars=bars, threshold=0)
    result = backtest(positions, bars, costs=COSTS)
    assert result.net_return == result.turnover == result.total_cost == 0
    assert np.isnan(result.sharpe)
    assert np.isnan(result.sharpe_interval.low)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), overnight=st.booleans())
def test_reversed_probabilities_reverse_the_gross_profit_exactly(seed, overnight):
    bars = make_bars(seed)
    proba = make_proba(bars, seed)
    one, other = (
        backtest(
            positions_from_proba(table, 5, bars=bars),
            bars,
            costs=COSTS,
            overnight=overnight,
        )
        for table in (proba, proba.rename(columns={-1: 1, 1: -1}))
    )
    assert one.gross_return == -other.gross_return
    pd.testing.assert_series_equal(one.bars["gross"], -other.bars["gross"])
    pd.testing.assert_series_equal(one.bars["cost"], other.bars["cost"])


@pytest.mark.parametrize(
    ("jump_at", "delay", "earned"),
    [(3, 1, 0), (4, 1, 0), (5, 1, 1), (3, 0, 0), (4, 0, 1)],
)
def test_nothing_is_earned_before_the_delay_is_over(jump_at, delay, earned):
    """The signal comes at bar 3; the price doubles in the step into bar `jump_at`."""
    bars = hourly_bars(np.where(np.arange(10) >= jump_at, 200.0, 100.0))
    proba = pd.DataFrame(
        [[0.0, 0.0, 1.0]], columns=[-1, 0, 1], index=keys_of(bars)[3:4]
    )
    positions = positions_from_proba(proba, 2, bars=bars, delay=delay)
    assert backtest(positions, bars, costs=0).gross_return == earned / 2


def test_no_step_into_a_session_is_earned_unless_overnight():
    bars = hourly_bars([100, 100, 100, 200, 200, 200], night_before=[3])
    assert backtest(always(bars, 1.0), bars, costs=0).gross_return == 0
    assert backtest(always(bars, 1.0), bars, costs=0, overnight=True).gross_return == 1
    unbroken = hourly_bars([100, 100, 100, 200, 200, 200])
    assert backtest(always(unbroken, 1.0), unbroken, costs=0).gross_return == 1
    wide = backtest(always(bars, 1.0), bars, costs=0, session_gap="14h")
    assert wide.gross_return == 1


@pytest.mark.parametrize("overnight", [False, True])
@pytest.mark.parametrize("night", [[], [3]])
def test_no_step_into_a_new_contract_is_ever_earned(overnight, night):
    closes = [100, 100, 100, 200, 200, 200]
    bars = hourly_bars(closes, night_before=night, new_contract=[3])
    result = backtest(always(bars, 1.0), bars, costs=0, overnight=overnight)
    assert result.gross_return == 0
    assert result.turnover * result.n_days == 4


def test_closing_and_reopening_is_paid_for():
    bars = hourly_bars([100.0, 100.0, 50.0, 50.0], night_before=[2])
    flat = backtest(always(bars, 0.5), bars, costs=0.01)
    assert flat.bars["position"].tolist() == [0.5, 0, 0.5, 0]
    assert flat.bars["cost"].tolist() == [0.005] * 4
    through = backtest(always(bars, 0.5), bars, costs=0.01, overnight=True)
    assert through.bars["cost"].tolist() == [0.005, 0, 0, 0.005]
    ticks = pd.DataFrame({"tick": [1.0], "fee": [0.001]}, index=["A"])
    by_tick = backtest(always(bars, 1.0), bars, costs=ticks)
    rates = [0.005 + 0.001] * 2 + [0.01 + 0.001] * 2
    assert by_tick.bars["cost"].tolist() == pytest.approx(rates)


def test_overlapping_opposite_signals_net_and_cost_nothing():
    bars = hourly_bars(np.full(8, 100.0))
    proba = pd.DataFrame(
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], columns=[-1, 0, 1], index=keys_of(bars)[:2]
    )
    positions = positions_from_proba(proba, 2, bars=bars)
    assert positions.tolist() == [0, 0.5, 0, -0.5, 0, 0, 0, 0]
    assert backtest(positions, bars, costs=0.01).total_cost == pytest.approx(0.02)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), cut=st.floats(0.2, 0.8))
def test_profits_up_to_a_bar_use_no_later_price(seed, cut):
    bars = make_bars(seed)
    positions = positions_from_proba(make_proba(bars, seed), 4, bars=bars)
    known = (bars["datetime"] <= bars["datetime"].quantile(cut)).to_numpy()
    noise = np.random.default_rng(seed).uniform(50, 200, len(bars))
    changed = bars.assign(close=bars["close"].where(known, noise))
    one = backtest(positions, bars, costs=COSTS).bars
    two = backtest(positions, changed, costs=COSTS).bars
    pd.testing.assert_frame_equal(one[known], two[known], check_exact=True)
    assert not one[~known].equals(two[~known])


def test_row_order_of_bars_and_positions_does_not_matter():
    bars = make_bars(1)
    positions = positions_from_proba(make_proba(bars, 1), 4, bars=bars)
    one = backtest(positions, bars, costs=COSTS)
    two = backtest(
        positions.sample(frac=1, random_state=0), bars.sort_values("close"), costs=COSTS
    )
    pd.testing.assert_frame_equal(one.bars.sort_index(), two.bars.sort_index())
    pd.testing.assert_series_equal(one.daily, two.daily)


def test_symbols_do_not_touch_each_other():
    bars = make_bars(2)
    positions = positions_from_proba(make_proba(bars, 2), 4, bars=bars)
    together = backtest(positions, bars, costs=COSTS)
    for symbol in "AB":
        alone = backtest(
            positions.xs(symbol, drop_level=False),
            bars[bars["symbol"] == symbol],
            costs=COSTS,
        )
        np.testing.assert_array_equal(
            together.bars.xs(symbol, drop_level=False), alone.bars
        )
        row = together.by_symbol.loc[symbol]
        assert row["net_return"] == pytest.approx(alone.net_return)
        assert row["sharpe"] == pytest.approx(alone.sharpe)
        assert row["turnover"] == pytest.approx(alone.turnover)
        assert row["n_days"] == alone.n_days


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Shanghai"])
def test_bars_add_up_to_days_symbols_and_the_portfolio(timezone):
    bars = make_bars(3)
    positions = positions_from_proba(make_proba(bars, 3), 4, bars=bars)
    result = backtest(positions, bars, costs=COSTS, timezone=timezone)
    local = bars["datetime"].dt.tz_convert(timezone).dt.tz_localize(None)
    by_hand = (
        result.bars.assign(day=local.dt.normalize().to_numpy())
        .groupby(["day", "symbol"])["net"]
        .sum()
        .unstack()
    )
    np.testing.assert_allclose(result.daily_by_symbol, by_hand)
    assert result.daily.index.tolist() == by_hand.index.tolist()
    np.testing.assert_allclose(result.daily, by_hand.fillna(0).mean(axis=1))
    means = result.by_symbol.mean()
    for name in ("gross_return", "net_return", "total_cost"):
        assert getattr(result, name) == pytest.approx(means[name])
    assert result.net_return == pytest.approx(result.daily.sum())
    assert result.n_days == len(by_hand)
    moved = result.bars["position"].sort_index().groupby("symbol").diff().abs()
    assert result.turnover == pytest.approx(moved.sum() / 2 / result.n_days)


def test_sharpe_is_that_of_the_daily_profits_with_a_bootstrap_of_days():
    bars = make_bars(4, n_bars=300)
    positions = positions_from_proba(make_proba(bars, 4), 4, bars=bars)
    result = backtest(positions, bars, costs=COSTS)
    daily = result.daily
    expected = daily.mean() / daily.std() * np.sqrt(252)
    assert result.sharpe == pytest.approx(expected)
    interval = result.sharpe_interval
    assert interval == day_block_bootstrap(daily, daily.index, statistic=daily_sharpe)
    assert interval.low < result.sharpe < interval.high
    assert interval.n_blocks == result.n_days
    assert f"sharpe={result.sharpe:.2f}" in repr(result)


def test_sharpe_of_profits_that_do_not_vary_is_undefined():
    assert np.isnan(daily_sharpe([0.01, 0.01]))
    assert np.isnan(daily_sharpe([0.01]))


def test_bars_without_a_position_are_refused():
    bars = make_bars(5)
    positions = always(bars, 1.0)
    first = bars.sort_values(["symbol", "datetime"]).index[0]
    stamp = bars.loc[first, "datetime"].tz_localize(None)
    with pytest.raises(
        DataError, match=f"1 of 80 bars have no position.*'A' at {stamp}"
    ):
        backtest(positions.drop(positions.index[first]), bars, costs=0)


def test_positions_without_a_bar_are_refused():
    bars = make_bars(6)
    with pytest.raises(DataError, match="5 of 80 positions belong to no bar"):
        backtest(always(bars, 1.0), bars[5:], costs=0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_positions_must_be_finite(wrong):
    bars = make_bars(7)
    positions = always(bars, 1.0)
    positions.iloc[2] = wrong
    with pytest.raises(DataError, match="positions must be finite"):
        backtest(positions, bars, costs=0)


def test_positions_without_times_are_refused():
    bars = make_bars(8)
    with pytest.raises(DataError, match="must be a Series of numbers"):
        backtest(np.ones(len(bars)), bars, costs=0)
    with pytest.raises(DataError, match="No column or index level"):
        backtest(pd.Series(np.ones(len(bars))), bars, costs=0)


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        (None, "costs must be stated, got None"),
        (-0.1, "not negative"),
        (np.nan, "must be finite"),
        (True, "costs must be stated"),
        (COSTS[:1], r"no row for symbols \['B'\]"),
        (COSTS[["tick"]], r"no column \['fee'\]"),
        (COSTS.assign(fee=-1.0), "'fee' in costs .* not negative"),
        (COSTS.assign(tick=[0.2, np.nan]), r"'tick' in costs .*\{'B': nan\}"),
        (pd.concat([COSTS, COSTS]), r"more than one row for \['A', 'B'\]"),
    ],
)
def test_costs_must_be_stated_for_every_symbol(costs, message):
    bars = make_bars(9)
    with pytest.raises(DataError, match=message):
        backtest(always(bars, 1.0), bars, costs=costs)


def test_costs_have_no_default():
    bars = make_bars(10)
    with pytest.raises(TypeError, match="costs"):
        backtest(always(bars, 1.0), bars)
