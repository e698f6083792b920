"""Put the outcomes of fits together to cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd
from sklearn.pipeline import Pipeline

from sk_ensemble._typing import FloatArray
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._evaluation import (
    score_fold,
    score_predictions,
    score_trading,
)
from sk_ensemble.experiments._fit import OUT_OF_FOLD, FitResult, FitTask
from sk_ensemble.experiments._predictions import out_of_fold_frame, period_frame
from sk_ensemble.experiments._samples import PERIODS, HorizonSamples

__all__ = ["Source", "frames_of", "model_cell", "score_frames"]


class Source(Protocol):
    """Where the samples of an experiment come from."""

    def samples(self, horizon: int) -> HorizonSamples:
        """Return the samples of one horizon."""

    def trading_bars(self, period: str) -> pd.DataFrame | None:
        """Return the bars of a period, or None where there are no prices."""


def _score_period(
    frame: pd.DataFrame, period: str, horizon: int, source: Source
) -> dict[str, Any]:
    """Score predictions of a period, and trade on them where there are prices."""
    figures = score_predictions(frame)
    bars = source.trading_bars(period)
    if bars is None:
        return figures
    return figures | score_trading(frame, bars, horizon)


def score_frames(
    frames: Mapping[str, pd.DataFrame], horizon: int, source: Source
) -> dict[str, Any]:
    """Score the predictions of each part of an experiment."""
    figures = {
        period: _score_period(frames[period], period, horizon, source)
        for period in PERIODS
    }
    if OUT_OF_FOLD in frames:
        figures[OUT_OF_FOLD] = score_predictions(frames[OUT_OF_FOLD])
    return figures


def _fold_losses(
    samples: HorizonSamples, folds: Sequence[tuple[FitTask, FitResult]]
) -> list[float]:
    return [
        score_fold(samples.y[task.test], result.proba[OUT_OF_FOLD])
        for task, result in folds
    ]


def _params(pipeline: Pipeline) -> dict[str, str]:
    """Return the parameters of a model as text."""
    return {key: repr(value) for key, value in sorted(pipeline.get_params().items())}


def frames_of(
    samples: HorizonSamples,
    out_of_fold: pd.DataFrame,
    proba: Mapping[str, FloatArray],
) -> dict[str, pd.DataFrame]:
    """Return the predictions of all parts as frames."""
    later = {period: period_frame(samples, period, proba[period]) for period in PERIODS}
    return {OUT_OF_FOLD: out_of_fold, **later}


def model_cell(
    outcomes: Sequence[tuple[FitTask, FitResult]],
    samples: HorizonSamples,
    source: Source,
    pipeline: Pipeline,
) -> Cell:
    """Put together the folds and the refit of one model.

    Parameters
    ----------
    outcomes : sequence of (FitTask, FitResult)
        All fits of the cell, in any order.
    samples : HorizonSamples
        The samples they were made on.
    source : Source
        Where these come from.
    pipeline : Pipeline
        The unfitted model.
    """
    refit = next(result for task, result in outcomes if task.fold is None)
    folds = [pair for pair in outcomes if pair[0].fold is not None]
    folds.sort(key=lambda pair: pair[0].fold or 0)
    frames = frames_of(samples, out_of_fold_frame(samples, folds), refit.proba)
    metrics = score_frames(frames, samples.horizon, source)
    metrics[OUT_OF_FOLD]["fold_log_loss"] = _fold_losses(samples, folds)
    hits = [bool(result.training.get("hit_time_limit")) for _, result in outcomes]
    return Cell(
        outcomes[0][0].model,
        samples.horizon,
        predictions=frames,
        metrics=metrics,
        seconds=refit.seconds,
        training={**refit.training, "fits_at_time_limit": sum(hits)},
        params=_params(pipeline),
        importances=refit.importances,
        model_files=refit.model_files,
        not_saved=refit.not_saved,
    )
