"""What both heads of MiniRocket learn: one linear map to scores of classes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from sk_ensemble._typing import FloatArray

__all__ = ["Head", "column_scale"]


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
