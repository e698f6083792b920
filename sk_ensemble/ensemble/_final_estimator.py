"""A classifier that combines the members' predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._meta_features import meta_features, n_columns
from sk_ensemble.ensemble._meta_samples import MemberPredictions, MetaSamples
from sk_ensemble.metrics import align_proba

__all__ = ["FinalChooser", "FinalModel", "member_weights"]


@dataclass(frozen=True, eq=False)
class FinalModel:
    """A fitted final estimator.

    Parameters
    ----------
    estimator : classifier
        The final estimator, fitted.
    methods : tuple of str
        How each member's predictions are read.
    classes : ndarray of shape (n_classes,)
        All classes; those that the final estimator never saw have probability 0.
    """

    estimator: Any
    methods: tuple[str, ...]
    classes: np.ndarray

    def combine(self, predictions: MemberPredictions) -> FloatArray:
        """Return the final estimator's probabilities."""
        features = meta_features(predictions, self.methods)
        proba = np.asarray(self.estimator.predict_proba(features), dtype=np.float64)
        return align_proba(proba, self.estimator.classes_, self.classes)


@dataclass(frozen=True, eq=False)
class FinalChooser:
    """Fit a final estimator.

    Parameters
    ----------
    estimator : classifier
        Cloned for each fit.
    methods : tuple of str
        How each member's predictions are read.
    classes : ndarray of shape (n_classes,)
        All classes.
    """

    estimator: Any
    methods: tuple[str, ...]
    classes: np.ndarray

    def choose(self, samples: MetaSamples) -> FinalModel:
        """Return a final estimator fitted on the samples."""
        features = meta_features(samples.predictions, self.methods)
        fitted = clone(self.estimator)
        fitted.fit(features, self.classes[samples.codes], **samples.params)
        return FinalModel(fitted, self.methods, self.classes)


def _mean_response(block: FloatArray) -> float:
    """Return how far the ensemble's log odds follow those of a member, on average.

    Among coefficients of shape (n_classes, n_classes) that is the multiple of the
    identity which they are nearest to, seen on differences between classes alone.
    """
    n_classes = len(block)
    centred = np.eye(n_classes) - 1.0 / n_classes
    return float(np.trace(centred @ block @ centred) / (n_classes - 1))


def _weights_of_blocks(blocks: list[FloatArray]) -> list[float] | None:
    """Return the weight of each member, None unless each has a column per class."""
    if any(block.shape[0] != block.shape[1] for block in blocks):
        return None
    return [
        float(block[0, 0]) if block.size == 1 else _mean_response(block)
        for block in blocks
    ]


def member_weights(
    model: FinalModel, names: tuple[str, ...], n_outputs: tuple[int, ...]
) -> dict[str, float] | None:
    """Return the weight of each member, None where the final estimator has none.

    Parameters
    ----------
    model : FinalModel
        The final estimator, fitted.
    names : tuple of str
        Members.
    n_outputs : tuple of int
        Columns of each member's predictions.

    Returns
    -------
    weights : dict of str to float or None
        From `coef_`, how far the ensemble's log odds follow those of the member; from
        `feature_importances_`, the sum over the member's columns.
    """
    sizes = [n_columns(*pair) for pair in zip(model.methods, n_outputs, strict=True)]
    cuts = np.cumsum(sizes)
    weights = None
    # The last part holds the columns that were passed through.
    if hasattr(model.estimator, "coef_"):
        blocks = np.split(np.asarray(model.estimator.coef_), cuts, axis=1)[:-1]
        weights = _weights_of_blocks(blocks)
    elif hasattr(model.estimator, "feature_importances_"):
        parts = np.split(np.asarray(model.estimator.feature_importances_), cuts)[:-1]
        weights = [float(part.sum()) for part in parts]
    return None if weights is None else dict(zip(names, weights, strict=True))
