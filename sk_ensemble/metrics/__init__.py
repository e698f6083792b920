"""Scores of predicted probabilities and of profits, and what they are worth.

**Probabilities, with direction apart from movement.**
On bars most of what a model gains in log loss over the class shares is knowledge of
how much the price will move, not which way. The log loss is therefore also given in
two parts that add up to it: :func:`movement_log_loss` (neutral or not) and
:func:`direction_log_loss` (up or down, given movement). All functions take ``labels=``,
so a fold that lacks a class is no obstacle.

**Profits.** Sharpe and Sortino ratio, drawdown and the like are plain functions of one
number per period; :meth:`~sk_ensemble.backtest.BacktestResult.summary` has them all for
a backtest.

**Luck.** How sure one may be of a Sharpe ratio (:func:`probabilistic_sharpe_ratio`), of
the best of many (:func:`deflated_sharpe_ratio`), and of the way it was chosen
(:func:`probability_of_backtest_overfitting`).
"""

from __future__ import annotations

from sk_ensemble.metrics._align import align_proba
from sk_ensemble.metrics._auc import direction_auc
from sk_ensemble.metrics._backtest_overfitting import BacktestOverfitting
from sk_ensemble.metrics._best_of_trials import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    min_backtest_length,
)
from sk_ensemble.metrics._calibration import (
    classwise_calibration_error,
    top_label_calibration_error,
)
from sk_ensemble.metrics._cscv import probability_of_backtest_overfitting
from sk_ensemble.metrics._loss_table import loss_table
from sk_ensemble.metrics._losses import (
    brier_score,
    direction_gain,
    direction_log_loss,
    log_loss,
    movement_log_loss,
)
from sk_ensemble.metrics._proba_scorer import ProbaScorer, make_proba_scorer
from sk_ensemble.metrics._return_moments import ReturnMoments
from sk_ensemble.metrics._scorers import (
    direction_auc_scorer,
    direction_gain_scorer,
    neg_brier_score_scorer,
    neg_classwise_calibration_error_scorer,
    neg_direction_log_loss_scorer,
    neg_log_loss_scorer,
    neg_movement_log_loss_scorer,
    neg_top_label_calibration_error_scorer,
    proba_scorers,
)
from sk_ensemble.metrics._sharpe_tests import (
    min_track_record_length,
    probabilistic_sharpe_ratio,
)
from sk_ensemble.utils.bootstrap import Interval, day_block_bootstrap
from sk_ensemble.utils.profits import (
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

__all__ = [
    "BacktestOverfitting",
    "Interval",
    "ProbaScorer",
    "ReturnMoments",
    "align_proba",
    "brier_score",
    "calmar_ratio",
    "classwise_calibration_error",
    "day_block_bootstrap",
    "deflated_sharpe_ratio",
    "direction_auc",
    "direction_auc_scorer",
    "direction_gain",
    "direction_gain_scorer",
    "direction_log_loss",
    "drawdowns",
    "expected_maximum_sharpe",
    "hit_rate",
    "log_loss",
    "loss_table",
    "make_proba_scorer",
    "max_drawdown",
    "max_drawdown_duration",
    "min_backtest_length",
    "min_track_record_length",
    "movement_log_loss",
    "neg_brier_score_scorer",
    "neg_classwise_calibration_error_scorer",
    "neg_direction_log_loss_scorer",
    "neg_log_loss_scorer",
    "neg_movement_log_loss_scorer",
    "neg_top_label_calibration_error_scorer",
    "proba_scorers",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "profit_factor",
    "sharpe_ratio",
    "sortino_ratio",
    "top_label_calibration_error",
    "turnover",
]
