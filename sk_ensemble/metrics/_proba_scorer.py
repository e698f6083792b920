"""Scorers of probabilities that know all classes.

scikit-learn's ``make_scorer(..., response_method="predict_proba")`` hands a metric the
columns of whatever classes the estimator saw, and a single column if it saw two. A
fold that lacks a class then scores NaN or, worse, compares the wrong columns. The
scorer here looks at ``estimator.classes_`` and lines the columns up first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.metrics._scorer import _BaseScorer
from sklearn.utils.metadata_routing import MetadataRequest

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics._align import align_proba

__all__ = ["ProbaScorer", "make_proba_scorer"]


def _classes(estimator: Any) -> np.ndarray:
    """Return the classes of a fitted classifier."""
    if not hasattr(estimator, "classes_"):
        msg = (
            f"{type(estimator).__name__} has no classes_, so its probabilities cannot "
            "be lined up with labels. Pass a fitted classifier."
        )
        raise DataError(msg)
    return np.asarray(estimator.classes_)


class ProbaScorer(_BaseScorer):
    """Score ``predict_proba`` with the columns in the order of given labels.

    Made by :func:`make_proba_scorer`. Several of these (and scikit-learn's own)
    in one ``scoring=`` dictionary share one call of ``predict_proba``.

    Parameters
    ----------
    score_func : callable
        Metric with signature ``(y, proba, *, labels, sample_weight=None)``.
    sign : {1, -1}
        -1 turns a loss into a score.
    kwargs : dict
        Keyword arguments of the metric, ``labels`` among them.

    Examples
    --------
    >>> from sk_ensemble.metrics import log_loss, make_proba_scorer
    >>> make_proba_scorer(log_loss, labels=(-1, 0, 1), greater_is_better=False)
    make_proba_scorer(log_loss, labels=(-1, 0, 1), greater_is_better=False)
    """

    def __init__(
        self, score_func: Callable[..., float], sign: int, kwargs: dict[str, Any]
    ) -> None:
        super().__init__(score_func, sign, kwargs, response_method="predict_proba")

    def __repr__(self) -> str:
        metric = getattr(self._score_func, "__name__", repr(self._score_func))
        shown = "".join(f", {name}={value!r}" for name, value in self._kwargs.items())
        return f"make_proba_scorer({metric}{shown}, greater_is_better={self._sign > 0})"

    def _aligned_proba(
        self, method_caller: Callable[..., Any], estimator: Any, X: Any
    ) -> FloatArray:
        """Return probabilities in the order of the labels."""
        classes = _classes(estimator)
        if len(classes) == 1:
            # scikit-learn's caller refuses a classifier that saw one class.
            proba = np.asarray(estimator.predict_proba(X))
        else:
            proba = np.asarray(
                method_caller(estimator, "predict_proba", X, pos_label=None)
            )
        if proba.ndim == 1:
            proba = np.column_stack((1 - proba, proba))
        return align_proba(proba, classes, self._kwargs["labels"])

    def _score(
        self,
        method_caller: Callable[..., Any],
        estimator: Any,
        X: Any,
        y_true: Any,
        **kwargs: Any,
    ) -> float:
        """Return the signed metric of the aligned probabilities."""
        proba = self._aligned_proba(method_caller, estimator, X)
        score = self._score_func(np.asarray(y_true), proba, **self._kwargs, **kwargs)
        return self._sign * score

    def _get_metadata_request(self) -> MetadataRequest:
        """Offer `sample_weight` alone for routing, not the metric's own settings."""
        if not hasattr(self, "_metadata_request"):
            request = MetadataRequest(owner=self)
            if self._accept_sample_weight():
                request.score.add_request(param="sample_weight", alias=None)
            return request
        return super()._get_metadata_request()


def make_proba_scorer(
    metric: Callable[..., float],
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    greater_is_better: bool,
    **kwargs: Any,
) -> ProbaScorer:
    """Make a scorer that lines up the probabilities with given labels.

    Parameters
    ----------
    metric : callable
        Metric with signature ``(y, proba, *, labels, sample_weight=None)``.
    labels : sequence of n_labels classes, default=(-1, 0, 1)
        All classes there are; an estimator may have seen fewer, in any order.
    greater_is_better : bool
        False for losses, whose sign is turned.
    **kwargs
        Further keyword arguments of the metric, such as ``neutral=0``.

    Returns
    -------
    scorer : ProbaScorer
        Callable ``scorer(estimator, X, y)`` for ``scoring=`` in cross-validation and
        searches. It can be pickled and takes routed sample weights.

    Notes
    -----
    scikit-learn gives `X` and `y` of a fold to the scorer by position, so an index of
    `y` is not compared with anything.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sk_ensemble.metrics import brier_score, make_proba_scorer
    >>> scorer = make_proba_scorer(brier_score, greater_is_better=False)
    >>> scorer
    make_proba_scorer(brier_score, labels=(-1, 0, 1), greater_is_better=False)
    >>> model = DummyClassifier().fit([[0], [0]], [1, -1])
    >>> scorer(model, [[0], [0]], [1, 0])
    -1.0
    """
    sign = 1 if greater_is_better else -1
    return ProbaScorer(metric, sign, {"labels": tuple(labels), **kwargs})
