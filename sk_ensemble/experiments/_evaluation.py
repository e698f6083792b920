"""Figures of one model at one horizon, with intervals over days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import matthews_corrcoef

from sk_ensemble._typing import FloatArray
from sk_ensemble.backtest import backtest, positions_from_proba
from sk_ensemble.datasets import contract_specs
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.experiments._predictions import labelled, proba_table
from sk_ensemble.metrics import day_block_bootstrap, direction_auc, loss_table

__all__ = [
    "score_fold",
    "score_predictions",
    "score_probabilities",
    "score_trading",
]

_LOSSES = ("log_loss", "movement_log_loss", "direction_log_loss", "brier_score")


def score_probabilities(
    y: np.ndarray, proba: FloatArray, times: Any
) -> dict[str, float]:
    """Score probabilities of -1, 0, 1 against labels.

    Parameters
    ----------
    y : ndarray of int64 of shape (n_samples,)
        Labels.
    proba : ndarray of shape (n_samples, 3)
        Probabilities.
    times : array-like of datetime64 of shape (n_samples,)
        Times of the bars; whole days are resampled for the intervals.

    Returns
    -------
    figures : dict of float
        Losses in nats per bar, direction gain with its interval, direction AUC, MCC.
    """
    losses = loss_table(y, proba, labels=LABELS)
    gain = day_block_bootstrap(losses["direction_gain"].to_numpy(), times)
    return {
        **{name: float(losses[name].mean()) for name in _LOSSES},
        "direction_gain": gain.estimate,
        "direction_gain_low": gain.low,
        "direction_gain_high": gain.high,
        "direction_auc": float(direction_auc(y, proba, labels=LABELS)),
        "mcc": float(matthews_corrcoef(y, np.array(LABELS)[proba.argmax(axis=1)])),
        "n_samples": len(y),
    }


def score_predictions(frame: pd.DataFrame) -> dict[str, float]:
    """Score the labelled rows of a frame of predictions, as `period_frame` makes it."""
    frame = labelled(frame)
    return score_probabilities(
        frame["y"].to_numpy(dtype=np.int64),
        proba_table(frame).to_numpy(),
        frame.index.get_level_values("datetime"),
    )


def score_fold(y: np.ndarray, proba: FloatArray) -> float:
    """Return the log loss of one fold, nats."""
    return float(loss_table(y, proba, labels=LABELS)["log_loss"].mean())


def score_trading(
    frame: pd.DataFrame, bars: pd.DataFrame, horizon: int
) -> dict[str, float]:
    """Trade the predictions of every bar of a period, after costs.

    Parameters
    ----------
    frame : DataFrame
        Predictions of every bar, labelled or not.
    bars : DataFrame
        The bars of the period.
    horizon : int
        Bars a signal is held.

    Returns
    -------
    figures : dict
        Sharpe ratio with interval, turnover per day, gross and net return, costs.
    """
    positions = positions_from_proba(proba_table(frame), horizon, bars=bars)
    result = backtest(positions, bars, costs=contract_specs())
    return {
        "sharpe": result.sharpe,
        "sharpe_low": result.sharpe_interval.low,
        "sharpe_high": result.sharpe_interval.high,
        "turnover": result.turnover,
        "gross_return": result.gross_return,
        "net_return": result.net_return,
        "total_cost": result.total_cost,
        "n_days": result.n_days,
    }
