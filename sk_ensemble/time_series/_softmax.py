"""Logistic regression on features that are made anew for every batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import softmax

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.time_series._head import Head, column_scale

__all__ = ["fit_softmax"]

#: Samples from which the scale of the features is taken.
_SCALE_ROWS = 2048

#: Constants of Adam.
_MEMORY, _SQUARE_MEMORY, _SMALL = 0.9, 0.999, 1e-8


class _Adam:
    """Move weights against their gradients, and keep the mean of where they were."""

    def __init__(self, shape: tuple[int, ...], rate: float, decay: float) -> None:
        self.weights, self.mean = np.zeros(shape), np.zeros(shape)
        self.rate, self.decay = rate, decay
        self._first, self._second = np.zeros(shape), np.zeros(shape)
        self._n_steps, self._n_averaged = 0, 0

    def step(self, gradient: FloatArray, *, average: bool) -> None:
        """Take one step; the last column, the intercept, does not decay."""
        self._n_steps += 1
        self._first += (1 - _MEMORY) * (gradient - self._first)
        self._second += (1 - _SQUARE_MEMORY) * (gradient**2 - self._second)
        first = self._first / (1 - _MEMORY**self._n_steps)
        second = self._second / (1 - _SQUARE_MEMORY**self._n_steps)
        self.weights[:, :-1] *= 1 - self.rate * self.decay
        self.weights -= self.rate * first / (np.sqrt(second) + _SMALL)
        if average:
            self._n_averaged += 1
            self.mean += (self.weights - self.mean) / self._n_averaged


def fit_softmax(
    shares_of: Callable[[IntArray], FloatArray],
    codes: IntArray,
    weights: FloatArray,
    n_classes: int,
    *,
    max_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    chunk_size: int,
    random_state: np.random.RandomState,
) -> Head:
    """Fit multinomial logistic regression by Adam, in batches drawn at random.

    The weights that are kept are the mean over the last epoch.

    Parameters
    ----------
    shares_of : callable
        Makes the features of rows, float32 of shape (n_rows, n_kernels).
    codes : ndarray of int64 of shape (n_samples,)
        Class numbers.
    weights : ndarray of shape (n_samples,)
        Sample weights.
    n_classes : int
        Number of classes.
    max_epochs : int
        Passes over the samples.
    batch_size : int
        Samples per step.
    learning_rate : float
        Size of a step.
    weight_decay : float
        Decoupled weight decay.
    chunk_size : int
        Samples of which the features are made together.
    random_state : RandomState
        Source of the orders.

    Returns
    -------
    head : Head
        The model.
    """
    n_samples = len(codes)
    shown = np.unique(np.linspace(0, n_samples - 1, _SCALE_ROWS).astype(np.int64))
    mean, scale = column_scale(shares_of(shown), weights[shown])
    weights = weights / weights.mean()
    adam = _Adam((n_classes, len(mean) + 1), learning_rate, weight_decay)
    for epoch in range(max_epochs):
        order = random_state.permutation(n_samples)
        for start in range(0, n_samples, chunk_size):
            rows = order[start : start + chunk_size]
            columns = (shares_of(rows) - mean) / scale
            for first in range(0, len(rows), batch_size):
                batch = slice(first, first + batch_size)
                part, chosen = columns[batch], rows[batch]
                logits = part @ adam.weights[:, :-1].T + adam.weights[:, -1]
                errors = softmax(logits, axis=1)
                errors[np.arange(len(chosen)), codes[chosen]] -= 1
                errors *= weights[chosen][:, None] / len(chosen)
                gradient = np.column_stack([errors.T @ part, errors.sum(axis=0)])
                adam.step(gradient, average=epoch == max_epochs - 1)
    return Head.of_scaled(adam.mean[:, :-1], adam.mean[:, -1], mean, scale)
