"""One fit: a model, rows to train on, rows to predict; and what comes out of it."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError, EmptyFoldError, PersistenceError
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.metrics import align_proba
from sk_ensemble.panel import Panel
from sk_ensemble.persistence import model_files
from sk_ensemble.utils.text import one_line
from sk_ensemble.utils.time import format_ns

__all__ = [
    "OUT_OF_FOLD",
    "FitFailure",
    "FitInput",
    "FitResult",
    "FitTask",
    "failure_of",
    "run_fit",
]

#: Name of the predictions of a fold; those of a refit are named by their periods.
OUT_OF_FOLD = "oof"


@dataclass(frozen=True, eq=False)
class FitTask:
    """Ask for one fit.

    Attributes
    ----------
    model : str
        Key of the model in the experiment.
    horizon : int
        Bars.
    fold : int or None
        Number of the fold; None for the refit on all training samples.
    train, test : ndarray of int64
        Rows to train on and to predict. A refit predicts whole periods instead.
    digest : str
        What the outcome depends on, as a hash.
    device : str, default="cpu"
        Where the model trains.
    exclude_neutrals : bool, default=False
        Whether samples with label 0 are left out of training.
    """

    model: str
    horizon: int
    fold: int | None
    train: IntArray
    test: IntArray
    digest: str
    device: str = "cpu"
    exclude_neutrals: bool = False

    @property
    def name(self) -> str:
        """Name for people, such as ``xgboost_h5 fold 2``."""
        part = "refit" if self.fold is None else f"fold {self.fold}"
        return f"{self.model}_h{self.horizon} {part}"


@dataclass(frozen=True, eq=False)
class FitInput:
    """Hold what the fits of one horizon read; workers have it as a memory map."""

    X: Panel
    y: np.ndarray
    periods: Mapping[str, Panel]

    @classmethod
    def of(cls, samples: HorizonSamples) -> FitInput:
        """Take from samples what a fit may see: no outcomes of later periods."""
        return cls(samples.X, samples.y, samples.periods)


@dataclass(frozen=True, eq=False)
class FitResult:
    """Hold what came out of a fit.

    Attributes
    ----------
    proba : dict of ndarray of shape (n_samples, 3)
        Probabilities of -1, 0, 1: ``"oof"`` of a fold, ``"val"`` and ``"test"`` of a
        refit.
    seconds : dict of float
        ``"fit"`` and ``"predict"``.
    training : dict
        ``n_iter``, ``hit_time_limit`` and ``history`` where the model has them.
    importances : dict of list or None
        Names and shares of the features, where the model has them.
    model_files : dict of bytes
        The refitted model as files; empty for a fold.
    not_saved : str or None
        Why the model could not be turned into files.
    warnings : tuple of str
        What was warned of, each in one line.
    """

    proba: Mapping[str, FloatArray]
    seconds: Mapping[str, float]
    training: Mapping[str, Any] = field(default_factory=dict)
    importances: Mapping[str, list[Any]] | None = None
    model_files: Mapping[str, bytes] = field(default_factory=dict)
    not_saved: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class FitFailure:
    """Hold why a fit failed.

    Attributes
    ----------
    task : str
        Name of the task.
    reason : str
        The error in one line.
    trace : str, default=""
        The whole traceback.
    """

    task: str
    reason: str
    trace: str = ""


def _training_rows(task: FitTask, data: FitInput) -> IntArray:
    """Return the rows to train on, refusing a fold that has one class only."""
    rows = task.train
    if task.exclude_neutrals:
        rows = rows[data.y[rows] != 0]
    labels, counts = np.unique(data.y[rows], return_counts=True)
    if len(labels) < 2:
        times = data.X.times_ns
        span = ""
        if times is not None and len(rows):
            first, last = times[rows].min(), times[rows].max()
            span = f" from {format_ns(first)} to {format_ns(last)}"
        msg = (
            f"{task.name}: the {len(rows)} training samples{span} have the classes "
            f"{dict(zip(labels.tolist(), counts.tolist(), strict=True))}, and at least "
            "two are needed. Use fewer folds, a longer period or a lower threshold."
        )
        raise EmptyFoldError(msg)
    return rows


def _targets(task: FitTask, data: FitInput) -> Mapping[str, Panel]:
    if task.fold is None:
        return data.periods
    return {OUT_OF_FOLD: data.X[task.test]}


def _final_step(pipeline: Any) -> Any:
    return pipeline[-1] if isinstance(pipeline, Pipeline) else pipeline


def _training_record(model: Any) -> dict[str, Any]:
    """Collect what the trained model knows about its training."""
    step = _final_step(model)
    names = ("n_iter", "hit_time_limit", "history")
    found = {name: getattr(step, f"{name}_", None) for name in names}
    if not isinstance(found["history"], dict):
        return {}
    return {name: value for name, value in found.items() if value is not None}


def _importances(model: Any) -> dict[str, list[Any]] | None:
    """Return the share of each feature, where the model has such a thing."""
    step = _final_step(model)
    values = getattr(step, "feature_importances_", None)
    names = getattr(step, "feature_names_in_", None)
    if values is None or names is None or len(values) != len(names):
        return None
    return {"names": list(map(str, names)), "shares": np.asarray(values).tolist()}


def _files(
    task: FitTask, model: Any, data: FitInput
) -> tuple[Mapping[str, bytes], str | None]:
    """Turn a refitted model into files, or say why that cannot be done."""
    if task.fold is not None:
        return {}, None
    times = data.X.times_ns
    until = None if times is None else format_ns(times[task.train].max())
    metadata = {"horizon": task.horizon, "trained_until": until}
    try:
        return model_files(model, metadata=metadata), None
    except PersistenceError as error:
        return {}, str(error)


def _fit(pipeline: Any, task: FitTask, data: FitInput) -> FitResult:
    rows = _training_rows(task, data)
    model = clone(pipeline)
    started = time.perf_counter()
    model.fit(data.X[rows], data.y[rows])
    fitted_at = time.perf_counter()
    proba = {
        name: align_proba(model.predict_proba(X), model.classes_, LABELS)
        for name, X in _targets(task, data).items()
    }
    done = time.perf_counter()
    files, not_saved = _files(task, model, data)
    return FitResult(
        proba=proba,
        seconds={"fit": fitted_at - started, "predict": done - fitted_at},
        training=_training_record(model),
        importances=_importances(model),
        model_files=files,
        not_saved=not_saved,
    )


def _in_one_line(message: Exception | str) -> str:
    return one_line(" ".join(str(message).split()))


def _reason(error: Exception) -> str:
    """Return an error in one line, with its kind where that is not one of ours."""
    text = _in_one_line(error)
    if isinstance(error, DataError | EmptyFoldError):
        return text
    return f"{type(error).__name__}: {text}"


def failure_of(name: str, error: Exception) -> FitFailure:
    """Return an error that is being handled as the outcome of what it ended.

    Parameters
    ----------
    name : str
        What failed.
    error : Exception
        The error.
    """
    return FitFailure(name, _reason(error), traceback.format_exc())


def run_fit(pipeline: Any, task: FitTask, data: FitInput) -> FitResult | FitFailure:
    """Fit a copy of the model and predict; an error is an outcome, too.

    Parameters
    ----------
    pipeline : estimator
        Unfitted; takes a panel.
    task : FitTask
        What to do.
    data : FitInput
        Samples of the task's horizon.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            result = _fit(pipeline, task, data)
    except Exception as error:
        return failure_of(task.name, error)
    texts = (_in_one_line(warning.message) for warning in caught)
    return replace(result, warnings=tuple(dict.fromkeys(texts)))
