"""What both heads of MiniRocket learn: one linear map to scores of classes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import TrainingSet, predict_in_blocks
from sk_ensemble.panel import Windows
from sk_ensemble.time_series._columns import Columns

__all__ = ["Head", "column_scale", "head_loss", "predict_with_head"]

#: Samples predicted together; the sums of their scores are in float64.
_BLOCK = 256


class Head(NamedTuple):
    """A linear map from features of windows to the scores of classes.

    Parameters
    ----------
    coef : ndarray of float64 of shape (n_classes, n_kernels)
        Weights.
    intercept : ndarray of float64 of shape (n_classes,)
        Scores where all features are 0.
    """

    coef: FloatArray
    intercept: FloatArray

    @classmethod
    def of_scaled(
        cls,
        coef: FloatArray,
        intercept: FloatArray,
        mean: FloatArray,
        scale: FloatArray,
    ) -> Head:
        """Return the map of features that does what this does to scaled ones."""
        coef = coef / scale
        return cls(coef, intercept - coef @ mean)

    def as_attributes(self) -> dict[str, FloatArray]:
        """Return the head under the names that a fitted classifier gives it."""
        return {"coef_": self.coef, "intercept_": self.intercept}

    def probabilities(self, shares: FloatArray) -> FloatArray:
        """Return probabilities of windows, (n_windows, n_classes).

        Sums run over the features of one window in one order, whatever the number of
        windows, which a matrix product does not promise.

        Parameters
        ----------
        shares : ndarray of float32 of shape (n_kernels, n_windows)
            Features, of at least two windows: NumPy adds up a single one otherwise.
        """
        scores = [np.add.reduce(shares * row[:, None], axis=0) for row in self.coef]
        return softmax(np.stack(scores, axis=1) + self.intercept, axis=1)


def column_scale(
    shares: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return weighted mean and spread of each feature of windows.

    Parameters
    ----------
    shares : ndarray of shape (n_windows, n_kernels)
        Features.
    weights : ndarray of shape (n_windows,)
        Weights of the windows.

    Returns
    -------
    mean, scale : ndarrays of float64 of shape (n_kernels,)
        The scale of a constant feature is 1.
    """
    parts = weights / weights.sum()
    mean = parts @ shares.astype(np.float64)
    scale = np.sqrt(np.maximum(parts @ (shares.astype(np.float64) - mean) ** 2, 0))
    return mean, np.where(scale > 1e-8, scale, 1.0)


def predict_with_head(head: Head, columns: Columns, windows: Windows) -> FloatArray:
    """Return probabilities of windows, in blocks whose columns are dropped again.

    Parameters
    ----------
    head : Head
        The linear model.
    columns : Columns
        What makes its columns.
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples.

    Returns
    -------
    proba : ndarray of float64 of shape (n_samples, n_classes)
        Probabilities.
    """

    def predict(rows: IntArray) -> FloatArray:
        # A second window where there is one only, see `Head.probabilities`.
        padded = np.pad(rows, (0, max(2 - len(rows), 0)), mode="edge")
        shares = columns.side_by_side(windows, padded)
        return head.probabilities(shares)[: len(rows)]

    return predict_in_blocks(len(windows), _BLOCK, predict, pad=False)


def head_loss(head: Head, columns: Columns, samples: TrainingSet) -> float:
    """Return the weighted mean log loss of some samples."""
    proba = predict_with_head(head, columns, samples.windows)
    likely = proba[np.arange(len(samples)), samples.codes]
    losses = -np.log(np.maximum(likely, np.finfo(np.float64).tiny))
    return float(np.average(losses, weights=samples.weights))
