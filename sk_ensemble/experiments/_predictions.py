"""Predictions as frames: keys, outcome and one column per class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.experiments._data import HorizonData
from sk_ensemble.experiments._tasks import LABELS, FitResult
from sk_ensemble.panel import Panel

__all__ = [
    "PROBA_COLUMNS",
    "labelled",
    "out_of_fold_frame",
    "proba_table",
    "test_period_frame",
]

#: Names of the probability columns in files.
PROBA_COLUMNS = tuple(f"p_{label}" for label in LABELS)


def _frame(
    X: Panel, outcomes: pd.DataFrame, fold: IntArray | int, proba: FloatArray
) -> pd.DataFrame:
    """Put predictions beside the outcomes of their bars; no label is missing data."""
    known = outcomes.reindex(X.index)
    return pd.DataFrame(
        {
            "fold": fold,
            "y": known["y"].astype("Int64"),
            "label_end": known["label_end"],
            "forward_return": known["forward_return"],
            **dict(zip(PROBA_COLUMNS, proba.T, strict=True)),
        },
        index=X.index,
    )


def out_of_fold_frame(data: HorizonData, results: list[FitResult]) -> pd.DataFrame:
    """Join the folds of one model: each development sample predicted once."""
    proba = np.full((len(data.X), len(LABELS)), np.nan)
    fold = np.full(len(data.X), -1)
    for result in results:
        proba[result.task.test] = result.proba
        fold[result.task.test] = result.task.fold
    return _frame(data.X, data.outcomes, fold, proba)


def test_period_frame(data: HorizonData, proba: FloatArray) -> pd.DataFrame:
    """Return the predictions of the test period; its fold is -1."""
    return _frame(data.X_test, data.outcomes, -1, proba)


def labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose outcome is known."""
    return frame[frame["y"].notna()]


def proba_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the probabilities with the labels themselves as columns."""
    table = frame[list(PROBA_COLUMNS)]
    return table.set_axis(list(LABELS), axis="columns")
