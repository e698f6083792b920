"""Fit and score one candidate on one fold."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.metrics import align_proba
from sk_ensemble.search._gains import day_sums, log_loss_gains, period_sums
from sk_ensemble.utils.rows import count_rows, take_params, take_rows

__all__ = ["Evaluation", "Outcome", "evaluate"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything that all trials of a search have in common.

    Parameters
    ----------
    X, y : objects
        The samples and targets.
    folds : list of (train, test)
        Rows of each fold.
    scorer : callable
        ``scorer(estimator, X, y)``.
    fit_params, score_params : dict
        What is passed to fit and to the scorer.
    with_train_scores : bool
        Whether training rows are scored, too.
    raises : bool
        Whether an error ends the search.
    classes : ndarray or None
        Classes of a classifier's targets.
    periods : ndarray of int64 of shape (n_samples,)
        Period that each row belongs to.
    profits : callable or None
        ``profits(estimator, X, y)`` gives a Series, or None for the gain in log loss.
    keeps_predictions : bool
        Whether probabilities of the test rows are returned, too.
    """

    X: Any
    y: Any
    folds: list[tuple[IntArray, IntArray]]
    scorer: Callable[..., Any]
    fit_params: dict[str, Any]
    score_params: dict[str, Any]
    with_train_scores: bool
    raises: bool
    classes: np.ndarray | None
    periods: IntArray
    profits: Callable[..., Any] | None
    keeps_predictions: bool

    def take(self, rows: IntArray) -> tuple[Any, Any]:
        """Return samples and targets of some rows."""
        return take_rows(self.X, rows), None if self.y is None else take_rows(
            self.y, rows
        )

    def cut(self, params: dict[str, Any], rows: IntArray) -> dict[str, Any]:
        """Return parameters for some rows."""
        return take_params(params, rows, count_rows(self.X))

    @property
    def n_tests(self) -> float:
        """How many folds test a row that is tested, on average."""
        tests = np.concatenate([test for _, test in self.folds])
        return len(tests) / len(np.unique(tests))


@dataclass(frozen=True)
class Outcome:
    """What became of a candidate on one fold; plain values for JSON.

    Parameters
    ----------
    test_score : float or None
        Score of the test rows; None if there is none.
    train_score : float or None
        Score of the training rows, where it was asked for.
    fit_time, score_time : float
        Seconds.
    error : str or None
        What went wrong, if anything.
    series : dict
        Gains or profits per period.
    proba : ndarray of float64 of shape (n_test, n_classes) or None
        Probabilities of the test rows; no plain value, so not kept with the rest.
    """

    test_score: float | None
    train_score: float | None = None
    fit_time: float = 0.0
    score_time: float = 0.0
    error: str | None = None
    series: dict[str, list] = field(default_factory=dict)
    proba: FloatArray | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        del values["proba"]
        return values


def _score(evaluation: Evaluation, estimator: Any, rows: IntArray) -> float:
    X, y = evaluation.take(rows)
    given = [X] if y is None else [X, y]
    params = evaluation.cut(evaluation.score_params, rows)
    return float(evaluation.scorer(estimator, *given, **params))


def _has_gains(evaluation: Evaluation, estimator: Any) -> bool:
    return (
        evaluation.classes is not None
        and is_classifier(estimator)
        and hasattr(estimator, "predict_proba")
    )


def _proba(evaluation: Evaluation, estimator: Any, X: Any) -> FloatArray | None:
    """Return probabilities of all classes, None where there are none."""
    if not _has_gains(evaluation, estimator):
        return None
    proba = np.asarray(estimator.predict_proba(X), dtype=np.float64)
    return align_proba(proba, estimator.classes_, np.asarray(evaluation.classes))


def _series(
    evaluation: Evaluation, estimator: Any, proba: FloatArray | None, fold: int
) -> dict[str, list]:
    """Return the gains or profits of the test rows; nothing where there are none."""
    train, test = evaluation.folds[fold]
    X, y = evaluation.take(test)
    if evaluation.profits is not None:
        return day_sums(evaluation.profits(estimator, X, y))
    if proba is None:
        return {}
    y_train = take_rows(evaluation.y, train)
    gains = log_loss_gains(proba, y, y_train, np.asarray(evaluation.classes))
    return period_sums(gains, evaluation.periods[test])


def _fit(evaluation: Evaluation, estimator: Any, train: IntArray) -> None:
    X, y = evaluation.take(train)
    params = evaluation.cut(evaluation.fit_params, train)
    estimator.fit(*([X] if y is None else [X, y]), **params)


def _fitted_outcome(
    evaluation: Evaluation, estimator: Any, fold: int, fit_time: float
) -> Outcome:
    """Score a fitted candidate."""
    train, test = evaluation.folds[fold]
    start = time.perf_counter()
    score = _score(evaluation, estimator, test)
    score_time = time.perf_counter() - start
    if not math.isfinite(score):
        return Outcome(None, None, fit_time, score_time, f"the score is {score}")
    train_score = None
    if evaluation.with_train_scores:
        train_score = _score(evaluation, estimator, train)
    proba = _proba(evaluation, estimator, evaluation.take(test)[0])
    series = _series(evaluation, estimator, proba, fold)
    kept = proba if evaluation.keeps_predictions else None
    return Outcome(score, train_score, fit_time, score_time, None, series, kept)


def _told(estimator: Any, context: Any, caller: Any, fit: Callable[[], None]) -> None:
    """Fit, and tell the callbacks of the search."""
    with context.propagate_callback_context(estimator):
        context.call_on_fit_task_begin(estimator=caller)
        fit()
    context.call_on_fit_task_end(estimator=caller)


def evaluate(
    evaluation: Evaluation,
    estimator: Any,
    params: dict[str, Any],
    fold: int,
    caller: Any,
    context: Any,
) -> Outcome:
    """Fit and score one candidate on one fold.

    Parameters
    ----------
    evaluation : Evaluation
        What all trials have in common.
    estimator : estimator
        A clone that nobody else uses.
    params : dict
        Parameters to set on it.
    fold : int
        Number of the fold.
    caller : estimator
        The search.
    context : CallbackContext
        The task that this is.

    Returns
    -------
    outcome : Outcome
        Scores, or what went wrong.
    """
    train, _ = evaluation.folds[fold]
    start = time.perf_counter()
    try:
        estimator.set_params(**clone(params, safe=False))
        _told(estimator, context, caller, lambda: _fit(evaluation, estimator, train))
        fit_time = time.perf_counter() - start
        return _fitted_outcome(evaluation, estimator, fold, fit_time)
    except Exception as error:
        if evaluation.raises:
            raise
        text = " ".join(str(error).split())
        return Outcome(None, error=f"{type(error).__name__}: {text}")
