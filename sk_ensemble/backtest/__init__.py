"""From probabilities to profit and loss, with costs and without looking ahead."""

from __future__ import annotations

from sk_ensemble.backtest._backtest import backtest
from sk_ensemble.backtest._positions import positions_from_proba
from sk_ensemble.backtest._result import BacktestResult
from sk_ensemble.backtest._scorer import BacktestScorer
from sk_ensemble.backtest._sharpe import daily_sharpe
from sk_ensemble.utils.bootstrap import Interval

__all__ = [
    "BacktestResult",
    "BacktestScorer",
    "Interval",
    "backtest",
    "daily_sharpe",
    "positions_from_proba",
]
