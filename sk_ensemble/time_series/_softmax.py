"""Logistic regression on features that are made anew for every batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import log_softmax

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.time_series._head import Head, column_scale

__all__ = ["softmax_epochs"]

#: Samples from which the scale of the features is taken.
_SCALE_ROWS = 2048

#: Constants of Adam.
_MEMORY, _SQUARE_MEMORY, _SMALL = 0.9, 0.999, 1e-8


class _Adam:
    """Move weights against their gradients, and keep the mean of where they were.

    Parameters
    ----------
    start : ndarray of shape (n_classes, n_kernels + 1)
        Where to begin; the last column is the intercept.
    rate : float
        Size of a step.
    decay : float
        Decoupled weight decay.
    """

    def __init__(self, start: FloatArray, rate: float, decay: float) -> None:
        self.weights = start
        self.rate, self.decay = rate, decay
        self._first, self._second = np.zeros_like(start), np.zeros_like(start)
        self._n_steps = 0
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Forget the mean."""
        self.mean, self._n_averaged = np.zeros_like(self.weights), 0

    def step(self, gradient: FloatArray) -> None:
        """Take one step; the last column, the intercept, does not decay."""
        self._n_steps += 1
        self._first += (1 - _MEMORY) * (gradient - self._first)
        self._second += (1 - _SQUARE_MEMORY) * (gradient**2 - self._second)
        first = self._first / (1 - _MEMORY**self._n_steps)
        second = self._second / (1 - _SQUARE_MEMORY**self._n_steps)
        self.weights[:, :-1] *= 1 - self.rate * self.decay
        self.weights -= self.rate * first / (np.sqrt(second) + _SMALL)
        self._n_averaged += 1
        self.mean += (self.weights - self.mean) / self._n_averaged


def _start(samples: TrainingSet, weights: FloatArray, n_columns: int) -> FloatArray:
    """Return weights that predict the shares of the classes, half a sample added."""
    totals = np.bincount(samples.codes, weights, samples.n_classes) + 0.5
    start = np.zeros((samples.n_classes, n_columns + 1))
    start[:, -1] = np.log(totals / totals.sum())
    return start


def _loss_and_gradient(
    parameters: FloatArray, columns: FloatArray, codes: IntArray, weights: FloatArray
) -> tuple[float, FloatArray]:
    """Return the summed log loss of a batch, and the gradient of its mean."""
    logits = columns @ parameters[:, :-1].T + parameters[:, -1]
    log_proba = log_softmax(logits, axis=1)
    rows = np.arange(len(codes))
    loss = -float(weights @ log_proba[rows, codes])
    errors = np.exp(log_proba)
    errors[rows, codes] -= 1
    errors *= weights[:, None] / len(codes)
    return loss, np.column_stack([errors.T @ columns, errors.sum(axis=0)])


def softmax_epochs(
    shares_of: Callable[[IntArray], FloatArray],
    samples: TrainingSet,
    *,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    chunk_size: int,
    random_state: np.random.RandomState,
) -> Iterator[tuple[Head, float]]:
    """Train multinomial logistic regression by Adam, in batches drawn at random.

    It begins with the shares of the classes, and goes on for as long as it is asked.

    Parameters
    ----------
    shares_of : callable
        Makes the features of rows, float32 of shape (n_rows, n_kernels).
    samples : TrainingSet
        The samples, whose windows are not looked at.
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

    Yields
    ------
    head : Head
        The mean of the weights over the epoch that has ended.
    loss : float
        Weighted mean log loss in this epoch, of each batch before its step.
    """
    n_samples = len(samples)
    shown = np.unique(np.linspace(0, n_samples - 1, _SCALE_ROWS).astype(np.int64))
    mean, scale = column_scale(shares_of(shown), samples.weights[shown])
    weights = samples.weights / samples.weights.mean()
    adam = _Adam(_start(samples, weights, len(mean)), learning_rate, weight_decay)
    while True:
        adam.begin_epoch()
        order, total = random_state.permutation(n_samples), 0.0
        for start in range(0, n_samples, chunk_size):
            rows = order[start : start + chunk_size]
            columns = (shares_of(rows) - mean) / scale
            for first in range(0, len(rows), batch_size):
                batch = slice(first, first + batch_size)
                part, chosen = columns[batch], rows[batch]
                loss, gradient = _loss_and_gradient(
                    adam.weights, part, samples.codes[chosen], weights[chosen]
                )
                adam.step(gradient)
                total += loss
        head = Head.of_scaled(adam.mean[:, :-1], adam.mean[:, -1], mean, scale)
        yield head, total / n_samples
