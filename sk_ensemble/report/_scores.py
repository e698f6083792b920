"""Figures of one model in the test period, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.metrics import Interval, direction_auc
from sk_ensemble.report._day_draws import DayDraws

__all__ = ["Scores", "direction_scores", "score_rows"]

_DOWN, _NEUTRAL, _UP = range(len(LABELS))


@dataclass(frozen=True)
class Scores:
    """Hold the figures of one model on some rows.

    Attributes
    ----------
    log_loss, movement_log_loss, direction_log_loss, direction_gain : Interval
        Nats per bar.
    brier_score, direction_auc, mcc : Interval
        Without unit.
    """

    log_loss: Interval
    movement_log_loss: Interval
    direction_log_loss: Interval
    direction_gain: Interval
    brier_score: Interval
    direction_auc: Interval
    mcc: Interval


def direction_scores(proba: FloatArray) -> FloatArray:
    """Return p(up) / (p(up) + p(down)), 1/2 where both are zero."""
    up, down = proba[:, _UP], proba[:, _DOWN]
    total = up + down
    scores = np.full(len(total), 0.5)
    np.divide(up, total, out=scores, where=total > 0)
    return scores


def _auc(places: IntArray, proba: FloatArray, draws: DayDraws) -> Interval:
    """Return the direction AUC; NaN where only one side occurs."""
    sides = np.array([0.0, np.nan, 1.0])[places]
    if not {0.0, 1.0} <= set(np.unique(sides[~np.isnan(sides)])):
        return Interval(np.nan, np.nan, np.nan, draws.n_days)
    estimate = direction_auc(np.array(LABELS)[places], proba, labels=LABELS)
    return draws.auc(float(estimate), sides, direction_scores(proba))


def score_rows(
    losses: pd.DataFrame, places: IntArray, proba: FloatArray, draws: DayDraws
) -> Scores:
    """Score rows whose losses are known.

    Parameters
    ----------
    losses : DataFrame of n_rows rows
        As :func:`~sk_ensemble.metrics.loss_table` returns it.
    places : ndarray of int of shape (n_rows,)
        Place of the true class among the labels.
    proba : ndarray of shape (n_rows, 3)
        Probabilities.
    draws : DayDraws
        Resamples of the same rows.
    """
    means = {name: draws.mean(losses[name].to_numpy()) for name in losses.columns}
    return Scores(
        means["log_loss"],
        means["movement_log_loss"],
        means["direction_log_loss"],
        means["direction_gain"],
        means["brier_score"],
        _auc(places, proba, draws),
        draws.mcc(places, proba.argmax(axis=1), len(LABELS)),
    )
