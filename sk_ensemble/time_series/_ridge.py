"""Ridge regression on more features than samples, and its probabilities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from sk_ensemble._typing import FloatArray
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.time_series._head import Head, column_scale

__all__ = ["PENALTIES", "RidgeChoice", "fit_ridge"]

#: Penalties tried. Those of the authors of MiniRocket end at 1000; on bars, where
#: there is little to be known, they are too light, and the best are near 100,000.
PENALTIES = np.logspace(-3, 6, 19)

#: Share of the largest variance below which a direction is rounding.
_NO_VARIANCE = 1e-12

#: Most that scores are multiplied with, and least share of a class.
_MOST, _LEAST_SHARE = 1000.0, 1e-9

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
        n_samples, n_columns = shares.shape
        decompose = self._by_columns if n_columns < n_samples else self._by_samples
        self.values, self.vectors = decompose()
        wanted = self.roots * (targets - self.base)
        self.turned = self.vectors.T @ wanted
        # What no combination of columns reaches; rounding, where there are more of
        # these than samples.
        self.beyond = wanted - self.vectors @ self.turned

    def _by_samples(self) -> tuple[FloatArray, FloatArray]:
        """Decompose the products of all pairs of samples."""
        n_samples, n_columns = self.shares.shape
        gram = np.zeros((n_samples, n_samples))
        for part in _column_parts(n_columns):
            columns = self._scaled(part) * self.roots
            gram += columns @ columns.T
        values, vectors = eigh(gram, overwrite_a=True, driver="evd")
        return np.maximum(values, 0), vectors

    def _by_columns(self) -> tuple[FloatArray, FloatArray]:
        """Decompose the products of all pairs of columns, which are the fewer."""
        columns = self._scaled(slice(None)) * self.roots
        values, vectors = eigh(columns.T @ columns, overwrite_a=True, driver="evd")
        kept = values > values[-1] * _NO_VARIANCE
        return values[kept], columns @ vectors[:, kept] / np.sqrt(values[kept])

    def _scaled(self, part: slice) -> FloatArray:
        shares = self.shares[:, part].astype(np.float64)
        return (shares - self.mean[part]) / self.scale[part]

    def _dual(self, penalty: float) -> FloatArray:
        within = self.vectors @ (self.turned / (self.values + penalty)[:, None])
        return within + self.beyond / penalty

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


def _fit_factor(
    scores: FloatArray, base: FloatArray, targets: FloatArray, weights: FloatArray
) -> float:
    """Return the factor of scores that gives the likeliest probabilities.

    Scores are counted from the shares of the classes, which stay those of the training
    samples: a short stretch of time knows little of the shares in another one. A
    penalty with the weight of one sample keeps the factor finite where scores tell the
    classes apart without error.
    """
    weights = weights / weights.mean()
    logits_without, moves = _log_shares(base), scores - base

    def loss(factor: float) -> float:
        logits = logits_without + factor * moves
        likely = (targets * logits).sum(axis=1) - logsumexp(logits, axis=1)
        return float(factor**2 / 200 - weights @ likely)

    return float(minimize_scalar(loss, bounds=(0, _MOST), method="bounded").x)


def _log_shares(base: FloatArray) -> FloatArray:
    return np.log(np.maximum(base, _LEAST_SHARE))


class RidgeChoice(NamedTuple):
    """What unseen samples have shown.

    Parameters
    ----------
    penalty : float
        The penalty that predicts them best.
    factor : float
        Factor of the scores that gives likely probabilities.
    """

    penalty: float
    factor: float


def _choose(
    model: _Ridge,
    penalties: FloatArray,
    targets: FloatArray,
    unseen: tuple[FloatArray, TrainingSet] | None,
) -> RidgeChoice:
    """Choose by samples that the model has not seen, or by each without itself."""
    if unseen is None:
        truth, weights = targets, model.weights
    else:
        truth, weights = np.eye(targets.shape[1])[unseen[1].codes], unseen[1].weights

    def unseen_scores(penalty: float) -> FloatArray:
        if unseen is None:
            return model.left_out_scores(penalty)
        head = model.head(penalty)
        return unseen[0] @ head.coef.T + head.intercept

    scores = [unseen_scores(float(penalty)) for penalty in penalties]
    errors = [weights @ ((one - truth) ** 2).sum(axis=1) for one in scores]
    best = int(np.argmin(errors))
    factor = _fit_factor(scores[best], model.base, truth, weights)
    return RidgeChoice(float(penalties[best]), factor)


def fit_ridge(
    shares: FloatArray,
    samples: TrainingSet,
    *,
    penalties: FloatArray,
    unseen: tuple[FloatArray, TrainingSet] | None,
    choice: RidgeChoice | None = None,
) -> tuple[Head, RidgeChoice]:
    """Fit the regression, with the penalty that predicts unseen samples best.

    Parameters
    ----------
    shares : ndarray of float32 of shape (n_samples, n_kernels)
        Features.
    samples : TrainingSet
        Their classes and weights.
    penalties : ndarray of shape (n_penalties,)
        Penalties to try.
    unseen : tuple of ndarray and TrainingSet, or None
        Features and classes to try penalties on. None: each sample by a model of all
        others.
    choice : RidgeChoice or None, default=None
        What was found before, so that nothing is tried.

    Returns
    -------
    head : Head
        The model, scaled so that its scores are log probabilities.
    choice : RidgeChoice
        The penalty chosen, and the scale.
    """
    targets = np.eye(samples.n_classes)[samples.codes]
    model = _Ridge(shares, targets, samples.weights)
    if choice is None:
        choice = _choose(model, penalties, targets, unseen)
    coef, intercept = model.head(choice.penalty)
    moved = _log_shares(model.base) + choice.factor * (intercept - model.base)
    return Head(choice.factor * coef, moved), choice
