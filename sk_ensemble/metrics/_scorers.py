"""Ready scorers of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sk_ensemble.metrics._auc import direction_auc
from sk_ensemble.metrics._calibration import (
    classwise_calibration_error,
    top_label_calibration_error,
)
from sk_ensemble.metrics._losses import (
    brier_score,
    direction_gain,
    direction_log_loss,
    log_loss,
    movement_log_loss,
)
from sk_ensemble.metrics._proba_scorer import ProbaScorer, make_proba_scorer

__all__ = [
    "direction_auc_scorer",
    "direction_gain_scorer",
    "neg_brier_score_scorer",
    "neg_classwise_calibration_error_scorer",
    "neg_direction_log_loss_scorer",
    "neg_log_loss_scorer",
    "neg_movement_log_loss_scorer",
    "neg_top_label_calibration_error_scorer",
    "proba_scorers",
]


def neg_log_loss_scorer(labels: Sequence[Any] = (-1, 0, 1)) -> ProbaScorer:
    """Make a scorer of minus :func:`log_loss`.

    Parameters
    ----------
    labels : sequence of classes, default=(-1, 0, 1)
        All classes there are.

    Returns
    -------
    scorer : ProbaScorer
        For ``scoring=`` in cross-validation and searches.

    Examples
    --------
    >>> from sk_ensemble.metrics import neg_log_loss_scorer
    >>> neg_log_loss_scorer([0, 1])
    make_proba_scorer(log_loss, labels=(0, 1), greater_is_better=False)
    """
    return make_proba_scorer(log_loss, labels=labels, greater_is_better=False)


def neg_brier_score_scorer(labels: Sequence[Any] = (-1, 0, 1)) -> ProbaScorer:
    """Make a scorer of minus :func:`brier_score`.

    Parameters
    ----------
    labels : sequence of classes, default=(-1, 0, 1)
        All classes there are.

    Returns
    -------
    scorer : ProbaScorer
        For ``scoring=`` in cross-validation and searches.

    Examples
    --------
    >>> from sk_ensemble.metrics import neg_brier_score_scorer
    >>> neg_brier_score_scorer()
    make_proba_scorer(brier_score, labels=(-1, 0, 1), greater_is_better=False)
    """
    return make_proba_scorer(brier_score, labels=labels, greater_is_better=False)


def neg_movement_log_loss_scorer(
    labels: Sequence[Any] = (-1, 0, 1), *, neutral: Any = 0
) -> ProbaScorer:
    """Make a scorer of minus :func:`movement_log_loss`.

    Parameters
    ----------
    labels : sequence of classes, default=(-1, 0, 1)
        All classes there are.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    scorer : ProbaScorer
        For ``scoring=`` in cross-validation and searches.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sk_ensemble.metrics import neg_movement_log_loss_scorer
    >>> model = DummyClassifier().fit([[0]] * 4, [-1, 0, 0, 1])
    >>> round(neg_movement_log_loss_scorer()(model, [[0]], [1]), 4)
    -0.6931
    """
    return make_proba_scorer(
        movement_log_loss, labels=labels, greater_is_better=False, neutral=neutral
    )


def neg_direction_log_loss_scorer(
    labels: Sequence[Any] = (-1, 0, 1), *, neutral: Any = 0
) -> ProbaScorer:
    """Make a scorer of minus :func:`direction_log_loss`.

    Parameters
    ----------
    labels : sequence of 3 classes, default=(-1, 0, 1)
        All classes there are.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    scorer : ProbaScorer
        For ``scoring=`` in cross-validation and searches.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sk_ensemble.metrics import neg_direction_log_loss_scorer
    >>> model = DummyClassifier().fit([[0]] * 4, [-1, 0, 0, 1])
    >>> round(neg_direction_log_loss_scorer()(model, [[0]], [1]), 4)
    -0.6931
    """
    return make_proba_scorer(
        direction_log_loss, labels=labels, greater_is_better=False, neutral=neutral
    )


def direction_gain_scorer(
    labels: Sequence[Any] = (-1, 0, 1), *, neutral: Any = 0
) -> ProbaScorer:
    """Make a scorer of :func:`direction_gain`.

    Parameters
    ----------
    labels : sequence of 3 classes, default=(-1, 0, 1)
        All classes there are.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    scorer : ProbaScorer
        For ``scoring=`` in cross-validation and searches.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sk_ensemble.metrics import direction_gain_scorer
    >>> model = DummyClassifier().fit([[0]] * 4, [-1, 0, 0, 1])
    >>> direction_gain_scorer()(model, [[0]], [1])
    0.0
    """
    return make_proba_scorer(
        direction_gain, labels=labels, greater_is_better=True, neutral=neutral
    )


def direction_auc_scorer(
    labels: Sequence[Any] = (-1, 0, 1), *, neutral: Any = 0
) -> ProbaScorer:
    """Make a scorer of :func:`direction_auc`.

    Parameters
    ----------
    labels : sequence of 3 classes, default=(-1, 0, 1)
        All classes there are.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    scorer : ProbaScorer
        For ``scoring=`` in cross-validation and searches.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sk_ensemble.metrics import direction_auc_scorer
    >>> model = DummyClassifier().fit([[0]] * 4, [-1, 0, 0, 1])
    >>> direction_auc_scorer()(model, [[0]] * 2, [1, -1])
    0.5
    """
    return make_proba_scorer(
        direction_auc, labels=labels, greater_is_better=True, neutral=neutral
    )


def neg_classwise_calibration_error_scorer(
    labels: Sequence[Any] = (-1, 0, 1), *, n_bins: int = 10, binning: str = "width"
) -> ProbaScorer:
    """Make a scorer of minus :func:`classwise_calibration_error`.

    Look at it beside the log loss: alone it prefers models that say little.

    Parameters
    ----------
    labels : sequence of classes, default=(-1, 0, 1)
        All classes there are.
    n_bins : int, default=10
        Number of bins.
    binning : {"width", "mass"}, default="width"
        Bins of equal width or of equal weight.

    Returns
    -------
    scorer : ProbaScorer
        For ``scoring=`` in cross-validation and searches.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sk_ensemble.metrics import neg_classwise_calibration_error_scorer
    >>> model = DummyClassifier().fit([[0]] * 4, [-1, 0, 0, 1])
    >>> scorer = neg_classwise_calibration_error_scorer()
    >>> scorer(model, [[0]] * 4, [-1, 0, 0, 1])
    -0.0
    """
    return make_proba_scorer(
        classwise_calibration_error,
        labels=labels,
        greater_is_better=False,
        n_bins=n_bins,
        binning=binning,
    )


def neg_top_label_calibration_error_scorer(
    labels: Sequence[Any] = (-1, 0, 1), *, n_bins: int = 10, binning: str = "width"
) -> ProbaScorer:
    """Make a scorer of minus :func:`top_label_calibration_error`.

    Look at it beside the log loss: alone it prefers models that say little.

    Parameters
    ----------
    labels : sequence of classes, default=(-1, 0, 1)
        All classes there are.
    n_bins : int, default=10
        Number of bins.
    binning : {"width", "mass"}, default="width"
        Bins of equal width or of equal weight.

    Returns
    -------
    scorer : ProbaScorer
        For ``scoring=`` in cross-validation and searches.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sk_ensemble.metrics import neg_top_label_calibration_error_scorer
    >>> model = DummyClassifier().fit([[0]] * 4, [-1, 0, 0, 1])
    >>> scorer = neg_top_label_calibration_error_scorer()
    >>> scorer(model, [[0]] * 4, [-1, 0, 0, 1])
    -0.0
    """
    return make_proba_scorer(
        top_label_calibration_error,
        labels=labels,
        greater_is_better=False,
        n_bins=n_bins,
        binning=binning,
    )


def proba_scorers(
    labels: Sequence[Any] = (-1, 0, 1), *, neutral: Any = 0
) -> dict[str, ProbaScorer]:
    """Make all scorers of probabilities at once, for ``scoring=``.

    scikit-learn calls ``predict_proba`` once for all of them.

    Parameters
    ----------
    labels : sequence of 3 classes, default=(-1, 0, 1)
        All classes there are.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    scorers : dict of str to ProbaScorer
        Scorers by name; greater is better in each.

    Examples
    --------
    >>> from sk_ensemble.metrics import proba_scorers
    >>> for name in proba_scorers():
    ...     print(name)
    neg_log_loss
    neg_movement_log_loss
    neg_direction_log_loss
    direction_gain
    direction_auc
    neg_brier_score
    """
    return {
        "neg_log_loss": neg_log_loss_scorer(labels),
        "neg_movement_log_loss": neg_movement_log_loss_scorer(labels, neutral=neutral),
        "neg_direction_log_loss": neg_direction_log_loss_scorer(
            labels, neutral=neutral
        ),
        "direction_gain": direction_gain_scorer(labels, neutral=neutral),
        "direction_auc": direction_auc_scorer(labels, neutral=neutral),
        "neg_brier_score": neg_brier_score_scorer(labels),
    }
