"""Predictions as frames: keys, outcome and one column per class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.experiments._fit import OUT_OF_FOLD, FitResult, FitTask
from sk_ensemble.experiments._labels import LABELS, PROBA_COLUMNS
from sk_ensemble.experiments._prediction_output import PredictionOutput
from sk_ensemble.experiments._samples import TRAINING, HorizonSamples

__all__ = [
    "file_pieces",
    "from_file_columns",
    "labelled",
    "out_of_fold_frame",
    "period_frame",
    "proba_table",
    "to_file_columns",
    "to_output",
    "training_frame",
]

#: Rows that are written to a file at a time.
_ROWS = 2**16

_OUTCOMES = ("fold", "y", "label_end", "forward_return")


def _frame(
    known: pd.DataFrame, fold: IntArray | int, proba: FloatArray
) -> pd.DataFrame:
    """Put predictions beside the outcomes of their bars, which are not copied."""
    columns = dict(zip(PROBA_COLUMNS, proba.T, strict=True))
    return known.assign(fold=fold, **columns)


def training_frame(
    samples: HorizonSamples, proba: FloatArray, fold: IntArray | int = -1
) -> pd.DataFrame:
    """Return predictions of the training samples, without those that have none."""
    known = samples.known[TRAINING]
    is_predicted = np.isfinite(proba).all(axis=1)
    if is_predicted.all():
        return _frame(known, fold, proba)
    rows = np.flatnonzero(is_predicted)
    folds = fold if isinstance(fold, int) else fold[rows]
    return _frame(known.iloc[rows], folds, proba[rows])


def out_of_fold_frame(
    samples: HorizonSamples, folds: Iterable[tuple[FitTask, FitResult]]
) -> pd.DataFrame:
    """Join the folds of one model.

    A sample that several folds predict, as in combinatorial cross-validation, gets
    the mean, and the number of the first of them.
    """
    total = np.zeros((len(samples.X), len(LABELS)))
    times = np.zeros(len(samples.X), dtype=np.int64)
    fold = np.full(len(samples.X), -1, dtype=np.int64)
    for task, result in folds:
        total[task.test] += result.proba[OUT_OF_FOLD]
        times[task.test] += 1
        first = task.test[fold[task.test] < 0]
        fold[first] = -1 if task.fold is None else task.fold
    proba = np.full_like(total, np.nan)
    known = times > 0
    proba[known] = total[known] / times[known, None]
    return training_frame(samples, proba, fold)


def period_frame(
    samples: HorizonSamples, period: str, proba: FloatArray
) -> pd.DataFrame:
    """Return the predictions of every bar of a period; its fold is -1."""
    return _frame(samples.known[period], -1, proba)


def labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose outcome is known."""
    is_known = frame["y"].notna()
    return frame if is_known.all() else frame[is_known]


def proba_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the probabilities with the labels themselves as columns."""
    table = frame[list(PROBA_COLUMNS)]
    return table.set_axis(list(LABELS), axis="columns")


def to_output(frame: pd.DataFrame, horizon: int) -> PredictionOutput:
    """Return a frame of predictions in the standard form."""
    times = pd.DatetimeIndex(frame.index.get_level_values("datetime"))
    return PredictionOutput.from_proba(
        frame[list(PROBA_COLUMNS)].to_numpy(),
        timestamps=times.tz_convert(None).to_numpy(),
        symbols=frame.index.get_level_values("symbol").to_numpy(),
        horizon=horizon,
    )


def to_file_columns(frame: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return predictions and outcomes as the columns of a file."""
    table = to_output(frame, horizon).to_dataframe()
    outcomes = frame[list(_OUTCOMES)].reset_index(drop=True)
    return pd.concat([table, outcomes], axis="columns")


def file_pieces(frame: pd.DataFrame, horizon: int) -> Iterator[pd.DataFrame]:
    """Yield what `to_file_columns` returns, so many rows at a time."""
    for start in range(0, max(len(frame), 1), _ROWS):
        yield to_file_columns(frame.iloc[start : start + _ROWS], horizon)


def from_file_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Undo `to_file_columns`."""
    return table.set_index(["symbol", "datetime"])[[*_OUTCOMES, *PROBA_COLUMNS]]
