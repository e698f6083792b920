"""Scores of predicted probabilities, with direction apart from movement.

On bars most of what a model gains in log loss over the class shares is knowledge of
how much the price will move, not which way. The log loss is therefore also given in
two parts that add up to it: :func:`movement_log_loss` (neutral or not) and
:func:`direction_log_loss` (up or down, given movement). All functions take ``labels=``,
so a fold that lacks a class is no obstacle.
"""

from __future__ import annotations

from sk_ensemble.metrics._align import align_proba
from sk_ensemble.metrics._auc import direction_auc
from sk_ensemble.metrics._loss_table import loss_table
from sk_ensemble.metrics._losses import (
    brier_score,
    direction_gain,
    direction_log_loss,
    log_loss,
    movement_log_loss,
)
from sk_ensemble.metrics._proba_scorer import ProbaScorer, make_proba_scorer
from sk_ensemble.metrics._scorers import (
    direction_auc_scorer,
    direction_gain_scorer,
    neg_brier_score_scorer,
    neg_direction_log_loss_scorer,
    neg_log_loss_scorer,
    neg_movement_log_loss_scorer,
    proba_scorers,
)
from sk_ensemble.utils.bootstrap import Interval, day_block_bootstrap

__all__ = [
    "Interval",
    "ProbaScorer",
    "align_proba",
    "brier_score",
    "day_block_bootstrap",
    "direction_auc",
    "direction_auc_scorer",
    "direction_gain",
    "direction_gain_scorer",
    "direction_log_loss",
    "log_loss",
    "loss_table",
    "make_proba_scorer",
    "movement_log_loss",
    "neg_brier_score_scorer",
    "neg_direction_log_loss_scorer",
    "neg_log_loss_scorer",
    "neg_movement_log_loss_scorer",
    "proba_scorers",
]
