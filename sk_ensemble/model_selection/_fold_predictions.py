"""Fit an estimator on each fold and predict what the fold tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed

from sk_ensemble._typing import IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection._parameters import check_choice
from sk_ensemble.panel import refuse_other_index
from sk_ensemble.utils.rows import count_rows, take_params, take_rows
from sk_ensemble.utils.sklearn_api import routing_enabled

__all__ = ["FoldPredictions", "predict_folds", "shown"]

#: Value of a class that the training rows of a fold lack.
_MISSING_CLASS = {
    "predict_proba": 0.0,
    "predict_log_proba": -np.inf,
    "decision_function": -np.inf,
}
_METHODS = ("predict", *_MISSING_CLASS)


@dataclass(frozen=True)
class FoldPredictions:
    """Predictions of each fold, made while they are iterated over.

    Parameters
    ----------
    tests : list of ndarray of int64
        Rows that each fold tests.
    values : iterator of ndarray of shape (n_test, ...)
        Predictions of each fold, in the order of `tests`.
    classes : ndarray of shape (n_classes,) or None
        Classes of the columns; None for regressors.
    splitter : cross-validator
        What made the folds.
    n_rows : int
        Rows of X.
    """

    tests: list[IntArray]
    values: Iterator[np.ndarray]
    classes: np.ndarray | None
    splitter: Any
    n_rows: int

    def times_tested(self) -> IntArray:
        """Return how many folds test each row, shape (n_rows,)."""
        return np.bincount(np.concatenate(self.tests), minlength=self.n_rows)


def _align_classes(
    values: np.ndarray, own: np.ndarray, classes: np.ndarray, method: str
) -> np.ndarray:
    """Put the columns of a fold in the places of all classes."""
    if len(own) == len(classes) and (own == classes).all():
        return values
    if values.ndim != 2:
        msg = (
            f"{method} of a fold trained on the classes {own.tolist()} gives one score "
            f"per row, which cannot be lined up with the classes {classes.tolist()}. "
            "Use method='predict_proba', or fewer or longer folds."
        )
        raise DataError(msg)
    aligned = np.full((len(values), len(classes)), _MISSING_CLASS[method])
    aligned[:, np.searchsorted(classes, own)] = values
    return aligned.astype(values.dtype, copy=False)


def _fit_and_predict(
    estimator: Any,
    X: Any,
    y: Any,
    fold: tuple[IntArray, IntArray],
    params: dict[str, Any],
    method: str,
    classes: np.ndarray | None,
) -> np.ndarray:
    """Fit a clone on the training rows of a fold and predict its test rows."""
    train, test = fold
    given = take_params(params, train, count_rows(X))
    target = [] if y is None else [take_rows(y, train)]
    estimator.fit(take_rows(X, train), *target, **given)
    values = np.asarray(getattr(estimator, method)(take_rows(X, test)))
    if classes is None or method == "predict":
        return values
    return _align_classes(values, np.asarray(estimator.classes_), classes, method)


def _route(
    estimator: Any, splitter: Any, params: dict[str, Any], owner: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is passed to split and what to fit."""
    if not routing_enabled():
        return {}, params
    router = MetadataRouter(owner=owner)
    router.add(
        splitter=splitter,
        method_mapping=MethodMapping().add(caller="fit", callee="split"),
    ).add(
        estimator=estimator,
        method_mapping=MethodMapping().add(caller="fit", callee="fit"),
    )
    routed = process_routing(router, "fit", **params)
    return routed.splitter.split, routed.estimator.fit


def _read_classes(estimator: Any, y: Any, method: str) -> np.ndarray | None:
    """Return the classes of y, None where there are none."""
    if not is_classifier(estimator):
        return None
    labels = np.asarray(y)
    if labels.ndim != 1:
        msg = (
            f"{method} of a classifier needs one label per row, got y of shape "
            f"{labels.shape}."
        )
        raise DataError(msg)
    return np.unique(labels)


def _refuse_method(estimator: Any, method: str) -> None:
    """Raise if an estimator does not have the method."""
    check_choice(method, "method", _METHODS)
    if not hasattr(estimator, method):
        has = [name for name in _METHODS if hasattr(estimator, name)]
        msg = f"{type(estimator).__name__} has no {method}. Use one of {has}."
        raise AttributeError(msg)


def _run(tasks: Iterator[Any], n_jobs: int | None) -> Iterator[np.ndarray]:
    """Yield the results of tasks in their order, starting when the first is wanted."""
    yield from Parallel(n_jobs=n_jobs, return_as="generator")(tasks)


def predict_folds(
    estimator: Any,
    X: Any,
    y: Any,
    cv: Any,
    *,
    method: str,
    n_jobs: int | None,
    params: dict[str, Any] | None,
    owner: str,
) -> FoldPredictions:
    """Check everything and prepare the predictions of each fold.

    Parameters
    ----------
    estimator, X, y, cv, method, n_jobs, params
        As in `cross_val_paths`.
    owner : str
        Function that is called, for messages.

    Returns
    -------
    folds : FoldPredictions
        The folds; nothing is fitted before their values are iterated over.
    """
    _refuse_method(estimator, method)
    X, y = indexable(X, y)
    params = {} if params is None else params
    for name, value in {"y": y, **params}.items():
        refuse_other_index(X, value, name=name)
    splitter = check_cv(cv, y, classifier=is_classifier(estimator))
    split_params, fit_params = _route(estimator, splitter, params, owner)
    classes = _read_classes(estimator, y, method)
    folds = list(splitter.split(X, y, **split_params))
    tasks = (
        delayed(_fit_and_predict)(
            clone(estimator), X, y, fold, fit_params, method, classes
        )
        for fold in folds
    )
    tests = [test for _, test in folds]
    return FoldPredictions(tests, _run(tasks, n_jobs), classes, splitter, count_rows(X))


def shown(folds: FoldPredictions, progress: Callable[..., Any] | None) -> Any:
    """Return a context in which the values can be iterated over, shown or not."""
    if progress is None:
        return nullcontext(folds.values)
    return progress(folds.values, len(folds.tests))
