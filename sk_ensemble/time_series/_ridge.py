"""Ridge regression on more features than samples, and its probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.time_series._head import Head, column_scale

__all__ = ["PENALTIES", "fit_ridge"]

#: Penalties tried, those of the authors of MiniRocket.
PENALTIES = np.logspace(-3, 3, 10)

#: Features handled together, to bound the memory that float64 takes.
_COLUMNS = 1024


def _column_parts(n_columns: int) -> list[slice]:
    return [slice(at, at + _COLUMNS) for at in range(0, n_columns, _COLUMNS)]


class _Ridge:
    """Solve one ridge regression for every penalty by one decomposition.

    Parameters
    ----------
    shares : ndarray of float32 of shape (n_samples, n_kernels)
        Features.
    targets : ndarray of shape (n_samples, n_classes)
        1 for the class of a sample, else 0.
    weights : ndarray of shape (n_samples,)
        Sample weights.
    """

    def __init__(
        self, shares: FloatArray, targets: FloatArray, weights: FloatArray
    ) -> None:
        self.shares, self.targets = shares, targets
        self.weights = weights / weights.mean()
        self.roots = np.sqrt(self.weights)[:, None]
        self.mean, self.scale = column_scale(shares, weights)
        self.base = self.weights @ targets / self.weights.sum()
        gram = np.zeros((len(shares), len(shares)))
        for part in _column_parts(shares.shape[1]):
            columns = self._scaled(part) * self.roots
            gram += columns @ columns.T
        self.values, self.vectors = eigh(gram, overwrite_a=True, driver="evd")
        self.values = np.maximum(self.values, 0)
        self.turned = self.vectors.T @ (self.roots * (targets - self.base))

    def _scaled(self, part: slice) -> FloatArray:
        shares = self.shares[:, part].astype(np.float64)
        return (shares - self.mean[part]) / self.scale[part]

    def _dual(self, penalty: float) -> FloatArray:
        return self.vectors @ (self.turned / (self.values + penalty)[:, None])

    def left_out_scores(self, penalty: float) -> FloatArray:
        """Return each sample's scores by the model of all others."""
        shrunk = self.values / (self.values + penalty)
        leverage = self.vectors**2 @ shrunk + self.weights / self.weights.sum()
        rest = np.maximum(1 - leverage, 1e-12)[:, None]
        return self.targets - penalty * self._dual(penalty) / (self.roots * rest)

    def head(self, penalty: float) -> Head:
        """Return the linear map to scores."""
        dual = self._dual(penalty) * self.roots
        parts = _column_parts(self.shares.shape[1])
        coef = np.concatenate([dual.T @ self._scaled(part) for part in parts], axis=1)
        return Head.of_scaled(coef, self.base, self.mean, self.scale)


def _fit_probabilities(
    scores: FloatArray, targets: FloatArray, weights: FloatArray
) -> tuple[float, FloatArray]:
    """Return the factor of scores and the additions that give likely probabilities.

    A penalty with the weight of one sample keeps them finite where scores tell the
    classes apart without error.
    """
    weights = weights / weights.mean()

    def loss(params: FloatArray) -> tuple[float, FloatArray]:
        logits = params[0] * scores + params[1:]
        likely = (targets * logits).sum(axis=1) - logsumexp(logits, axis=1)
        value = params[0] ** 2 / 200 + params[1:] @ params[1:] / 2 - weights @ likely
        errors = weights[:, None] * (softmax(logits, axis=1) - targets)
        slope = params[0] / 100 + (errors * scores).sum()
        return float(value), np.append(slope, errors.sum(axis=0) + params[1:])

    start = np.append(1.0, np.zeros(scores.shape[1]))
    bounds: list[Any] = [(0, None)] + [(None, None)] * scores.shape[1]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), found[1:]


def fit_ridge(
    shares: FloatArray,
    codes: IntArray,
    weights: FloatArray,
    n_classes: int,
    *,
    penalties: FloatArray,
    tail: tuple[IntArray, IntArray] | None,
) -> tuple[Head, float]:
    """Fit the regression, with the penalty that predicts unseen samples best.

    Parameters
    ----------
    shares : ndarray of float32 of shape (n_samples, n_kernels)
        Features.
    codes : ndarray of int64 of shape (n_samples,)
        Class numbers.
    weights : ndarray of shape (n_samples,)
        Sample weights.
    n_classes : int
        Number of classes.
    penalties : ndarray of shape (n_penalties,)
        Penalties to try.
    tail : tuple of two ndarrays of int64, or None
        Rows to learn from and rows to try penalties on. None: each row by a model of
        all others.

    Returns
    -------
    head : Head
        Of a model of all samples, scaled so that its scores are log probabilities.
    penalty : float
        The penalty chosen.
    """
    targets = np.eye(n_classes)[codes]
    rows = np.arange(len(codes)) if tail is None else tail[0]
    held_out = rows if tail is None else tail[1]
    model = _Ridge(shares[rows], targets[rows], weights[rows])
    truth, shown = targets[held_out], weights[held_out]

    def unseen_scores(penalty: float) -> FloatArray:
        if tail is None:
            return model.left_out_scores(penalty)
        head = model.head(penalty)
        return shares[held_out] @ head.coef.T + head.intercept

    scores = [unseen_scores(float(penalty)) for penalty in penalties]
    errors = [shown @ ((one - truth) ** 2).sum(axis=1) for one in scores]
    best = int(np.argmin(errors))
    factor, additions = _fit_probabilities(scores[best], truth, shown)
    if tail is not None:
        model = _Ridge(shares, targets, weights)
    head = model.head(float(penalties[best]))
    scaled = Head(factor * head.coef, factor * head.intercept + additions)
    return scaled, float(penalties[best])
