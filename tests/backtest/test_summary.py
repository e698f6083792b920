from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import metrics
from sk_ensemble.backtest import backtest, daily_sharpe


def result_of(seed: int, cost: float = 1e-4):
    """Backtest random positions in two symbols, of which B begins later."""
    rng = np.random.default_rng(seed)
    frames = [
        pd.DataFrame(
            {
                "symbol": symbol,
                "datetime": pd.date_range(start, periods=120, freq="4h"),
                "close": 100 * np.exp(rng.normal(scale=0.01, size=120).cumsum()),
            }
        )
        for symbol, start in [("A", "2021-01-04"), ("B", "2021-01-11")]
    ]
    bars = pd.concat(frames, ignore_index=True)
    positions = pd.Series(
        rng.uniform(-1, 1, size=len(bars)),
        index=pd.MultiIndex.from_frame(bars[["symbol", "datetime"]]),
    )
    return backtest(positions, bars, costs=cost, session_gap="5h")


def test_summary_has_the_portfolio_and_each_symbol():
    result = result_of(0)
    figures = result.summary()
    assert figures.index.tolist() == ["portfolio", "A", "B"]
    for name in ("net_return", "gross_return", "total_cost", "turnover", "n_days"):
        assert figures.loc["portfolio", name] == getattr(result, name)
        assert figures[name].iloc[1:].tolist() == result.by_symbol[name].tolist()
    assert figures.loc["portfolio", "sharpe"] == result.sharpe
    assert figures["sharpe"].iloc[1:].tolist() == result.by_symbol["sharpe"].tolist()


@pytest.mark.parametrize("row", ["portfolio", "A", "B"])
def test_summary_is_that_of_the_daily_profits(row):
    result = result_of(1)
    daily = result.daily if row == "portfolio" else result.daily_by_symbol[row].dropna()
    figures = result.summary().loc[row]
    expected = {
        "sharpe": metrics.sharpe_ratio(daily, periods_per_year=252),
        "sortino": metrics.sortino_ratio(daily, periods_per_year=252),
        "calmar": metrics.calmar_ratio(daily),
        "max_drawdown": metrics.max_drawdown(daily),
        "drawdown_days": metrics.max_drawdown_duration(daily),
        "hit_rate": metrics.hit_rate(daily),
        "profit_factor": metrics.profit_factor(daily),
    }
    assert figures[list(expected)].to_dict() == expected
    assert figures["n_days"] == len(daily)


def test_turnover_of_positions_is_that_of_the_backtest():
    result = result_of(2)
    held = result.bars["position"].unstack("symbol").fillna(0.0)
    per_bar = metrics.turnover(held) * len(held) / 2
    assert result.turnover == pytest.approx(per_bar / result.n_days)


def test_without_a_trade_the_ratios_are_undefined_and_nothing_is_lost():
    result = result_of(3)
    bars = result.bars.reset_index().assign(close=100.0)
    index = pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])
    idle = backtest(pd.Series(0.0, index=index), bars, costs=1.0).summary()
    ratios = ["sharpe", "sortino", "calmar", "hit_rate", "profit_factor"]
    assert idle[ratios].isna().all(axis=None)
    assert (idle[["net_return", "turnover", "max_drawdown", "drawdown_days"]] == 0).all(
        axis=None
    )


def test_daily_sharpe_is_the_annualised_one():
    daily = result_of(4).daily
    by_hand = daily.mean() / daily.std() * 252**0.5
    assert daily_sharpe(daily) == pytest.approx(by_hand, rel=1e-12)
    assert np.isnan(daily_sharpe([]))
    assert np.isnan(daily_sharpe([0.1]))
