"""Fit members on folds and on all samples, and predict what each fold tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Memory
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_memory

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._folds import Fold
from sk_ensemble.ensemble._proba import normalised
from sk_ensemble.estimator import encode_labels
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import align_proba
from sk_ensemble.utils.rows import count_rows, take_params, take_rows

__all__ = [
    "Execution",
    "FoldFit",
    "Member",
    "TrainingRows",
    "fit_folds",
    "fit_whole",
    "predict_member",
]


@dataclass(frozen=True, eq=False)
class Member:
    """One of the classifiers that are combined.

    Parameters
    ----------
    name : str
        Its name.
    estimator : classifier
        Cloned for each fit.
    method : str
        What is called to predict: "predict_proba", "decision_function" or "predict".
    params : dict
        Parameters of its fit.
    """

    name: str
    estimator: Any
    method: str
    params: dict[str, Any]


@dataclass(frozen=True, eq=False)
class FoldFit:
    """What one member gives in one fold.

    Parameters
    ----------
    values : ndarray of float64 of shape (n_test, n_outputs)
        Its predictions of the test rows.
    estimator : classifier or None
        The fitted member, where it is kept.
    """

    values: FloatArray
    estimator: Any


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """What members are fitted on."""

    X: Any
    y: np.ndarray
    classes: np.ndarray


def _refuse_missing_classes(own: np.ndarray, classes: np.ndarray, name: str) -> None:
    """Raise if scores cannot be lined up with the classes."""
    if len(own) != len(classes):
        msg = (
            f"The decision_function of {name} was fitted on the classes {own.tolist()} "
            f"and cannot be lined up with {classes.tolist()}. Use members with "
            "predict_proba, or fewer or longer folds."
        )
        raise DataError(msg)


def predict_member(
    estimator: Any, X: Any, method: str, classes: np.ndarray
) -> FloatArray:
    """Return a member's predictions, columns in the order of all classes.

    Parameters
    ----------
    estimator : classifier
        The fitted member.
    X : Panel, Windows, DataFrame or array-like of n_samples rows
        The samples.
    method : {"predict_proba", "decision_function", "predict"}
        What is called.
    classes : ndarray of shape (n_classes,)
        All classes. One that the member never saw has probability 0.

    Returns
    -------
    values : ndarray of float64 of shape (n_samples, n_outputs)
        Probabilities; scores; or 1 in the column of the predicted class and 0 else.
    """
    values = np.asarray(getattr(estimator, method)(X))
    if method == "predict":
        return np.eye(len(classes))[encode_labels(values, classes)]
    if method == "predict_proba":
        return normalised(align_proba(values, estimator.classes_, classes))
    _refuse_missing_classes(estimator.classes_, classes, type(estimator).__name__)
    return values.reshape(len(values), -1).astype(np.float64)


@contextmanager
def _announced(
    context: Any, caller: Any, estimator: Any, X: Any, y: Any
) -> Iterator[None]:
    """Tell the callbacks of the ensemble that one of its members is fitted."""
    with context.propagate_callback_context(estimator):
        context.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        yield
        context.call_on_fit_task_end(estimator=caller, X=X, y=y)


def _fit(member: Member, X: Any, y: Any, params: Any, caller: Any, context: Any) -> Any:
    """Fit a clone of a member."""
    estimator = clone(member.estimator)
    with _announced(context, caller, estimator, X, y):
        estimator.fit(X, y, **params)
    return estimator


def _fit_fold(
    member: Member,
    rows: TrainingRows,
    fold: Fold,
    keep: bool,
    caller: Any,
    context: Any,
) -> FoldFit:
    """Fit a member on a fold's training rows and predict its test rows."""
    params = take_params(member.params, fold.train, count_rows(rows.X))
    X, y = take_rows(rows.X, fold.train), rows.y[fold.train]
    fitted = _fit(member, X, y, params, caller, context)
    X_test = take_rows(rows.X, fold.test)
    values = predict_member(fitted, X_test, member.method, rows.classes)
    return FoldFit(values, fitted if keep else None)


def _fit_whole(member: Member, rows: TrainingRows, caller: Any, context: Any) -> Any:
    """Fit a member on all samples."""
    return _fit(member, rows.X, rows.y, member.params, caller, context)


@dataclass(frozen=True, eq=False)
class Execution:
    """How and for whom members are fitted.

    Parameters
    ----------
    memory : str, Memory or None
        Where results are remembered.
    n_jobs : int or None
        Fits at a time.
    caller : estimator
        The ensemble.
    context : CallbackContext
        Its callback context.
    """

    memory: str | Memory | None
    n_jobs: int | None
    caller: Any
    context: Any

    def run(self, function: Any, tasks: Sequence[tuple[str, tuple[Any, ...]]]) -> list:
        """Call a function with the arguments of each task; tasks have names."""
        remembered = check_memory(self.memory).cache(
            function, ignore=["caller", "context"]
        )
        # Contexts are made beforehand: a task cannot add to a tree that is being sent.
        contexts = [self.context.subcontext(task_name=name) for name, _ in tasks]
        return list(
            Parallel(n_jobs=self.n_jobs)(
                delayed(remembered)(*arguments, caller=self.caller, context=context)
                for (_, arguments), context in zip(tasks, contexts, strict=True)
            )
        )


def fit_folds(
    members: Sequence[Member],
    rows: TrainingRows,
    folds: Sequence[Fold],
    *,
    keep: bool,
    execution: Execution,
) -> list[list[FoldFit]]:
    """Fit every member on every fold.

    Parameters
    ----------
    members : sequence of Member
        What is fitted.
    rows : TrainingRows
        What it is fitted on.
    folds : sequence of Fold
        Rows to train on and to predict.
    keep : bool
        Whether the fitted members are returned too.
    execution : Execution
        How.

    Returns
    -------
    fits : list of list of FoldFit
        One list per member, one entry per fold.
    """
    tasks = [
        (f"fold-{number}-{member.name}", (member, rows, fold, keep))
        for member in members
        for number, fold in enumerate(folds)
    ]
    results = execution.run(_fit_fold, tasks)
    n_folds = len(folds)
    return [results[i : i + n_folds] for i in range(0, len(results), n_folds)]


def fit_whole(
    members: Sequence[Member], rows: TrainingRows, execution: Execution
) -> list[Any]:
    """Fit every member on all samples.

    Parameters
    ----------
    members, rows, execution
        As in `fit_folds`.

    Returns
    -------
    estimators : list of classifier
        The fitted members.
    """
    tasks = [(f"refit-{member.name}", (member, rows)) for member in members]
    return execution.run(_fit_whole, tasks)
