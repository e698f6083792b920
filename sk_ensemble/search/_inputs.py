"""What a search is given, checked and put in form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import column_or_1d

from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.metrics import neg_log_loss_scorer
from sk_ensemble.utils.rows import count_rows
from sk_ensemble.utils.sklearn_api import routing_enabled

__all__ = [
    "default_scorer",
    "has_probabilities",
    "labels_of",
    "one_dimensional",
    "profits_of",
    "refuse_empty",
    "refuse_one_sample",
]


def has_probabilities(estimator: Any) -> bool:
    """Tell whether an estimator is a classifier with probabilities."""
    return is_classifier(estimator) and hasattr(estimator, "predict_proba")


def default_scorer(labels: np.ndarray | None) -> Any:
    """Return minus the log loss over all classes, which takes weights."""
    scorer = neg_log_loss_scorer((-1, 0, 1) if labels is None else labels.tolist())
    # Nobody else could ask for them on its behalf.
    return scorer.set_score_request(sample_weight=True) if routing_enabled() else scorer


def labels_of(estimator: Any, y: Any) -> np.ndarray | None:
    """Return the classes of a classifier's targets."""
    return np.unique(np.asarray(y)) if is_classifier(estimator) else None


def one_dimensional(y: Any) -> Any:
    """Return a column of targets as one dimension, with scikit-learn's warning."""
    is_column = getattr(y, "ndim", 1) == 2 and y.shape[1] == 1
    return column_or_1d(y, warn=True) if is_column else y


def refuse_one_sample(X: Any) -> None:
    """Raise where there is nothing to split."""
    if count_rows(X) < 2:
        msg = f"A search needs two or more samples, got n_samples={count_rows(X)}."
        raise ValueError(msg)


def refuse_empty(folds: list[tuple[Any, Any]]) -> None:
    """Raise before any fit if a fold has nothing to train on or to test."""
    for number, (train, test) in enumerate(folds):
        if len(train) == 0 or len(test) == 0:
            msg = (
                f"Fold {number} has {len(train)} training and {len(test)} test rows. "
                "Use fewer or longer folds, or purge less."
            )
            raise EmptyFoldError(msg)
    if not folds:
        msg = "cv has made no folds. Pass a splitter that does."
        raise EmptyFoldError(msg)


def _daily_profits(scorer: Any, estimator: Any, X: Any, y: Any) -> Any:
    return scorer.backtest(estimator, X).daily


def profits_of(profits: Any) -> Callable[..., Any] | None:
    """Return a function that gives profits, also for a `BacktestScorer`."""
    if hasattr(profits, "backtest"):
        return partial(_daily_profits, profits)
    return profits
