"""Fit one network to many folds at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from sklearn.base import clone

from sk_ensemble.estimator import check_labels
from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._fold_checks import (
    refuse_other_length,
    refuse_settings,
    refuse_unlike,
    rows_of,
)
from sk_ensemble.neural_network._fold_plans import plan_fold, train_plans
from sk_ensemble.panel import as_windows, refuse_other_index

__all__ = ["fit_folds"]

_Network = TypeVar("_Network", bound=NetworkClassifier)


def fit_folds(
    estimator: _Network,
    X: Any,
    y: Any,
    folds: Iterable[Any],
    *,
    validation_folds: Iterable[Any] | None = None,
    sample_weight: Any = None,
    random_states: Iterable[Any] | None = None,
) -> list[_Network]:
    """Fit clones of a network to many folds, training all of them at once.

    The weights of the networks lie side by side, and every operation computes for all
    folds. It is meant for GPUs, most of which a small network leaves idle. On a CPU it
    takes about as long as one fit after the other, with an LSTM twice as long.

    Parameters
    ----------
    estimator : NetworkClassifier
        Cloned for each fold.
    X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
        The samples of all folds.
    y : array-like of shape (n_samples,)
        Their labels.
    folds : iterable of array-like
        Numbers of the training rows of each fold, or masks of shape (n_samples,). The
        same rows for each make an ensemble over `random_states`.
    validation_folds : iterable of array-like or None, default=None
        Rows that decide when to stop, for each fold: numbers of shape (n_val,), or
        masks of shape (n_samples,). None: the last training samples, if
        `early_stopping` says so, as in `fit`.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        Non-negative weights.
    random_states : iterable or None, default=None
        Seed of each fold. None: that of the estimator for all, as in cross-validation.

    Returns
    -------
    estimators : list of NetworkClassifier
        A fitted classifier for each fold, as `fit` on its rows would give it.

    Raises
    ------
    DataError
        For samples, labels or weights that cannot be used as they are.
    FloatingPointError
        If the training of a fold diverges.
    TypeError
        If the architecture trains in a way of its own, which none of this package
        does, or has layers that cannot be run for many networks.
    ValueError
        If folds are no arrays of rows, or the estimator has `compile`,
        `checkpoint_dir` or callbacks, which are not offered here.

    See Also
    --------
    NetworkClassifier : What all networks have in common.
    sk_ensemble.model_selection.CombinatorialPurgedSplit : Many folds.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Mean and scale of the features are
    those of the training bars of each fold.

    Each fold has its own batches, in the order that it would have alone, its own
    gradient limit, learning rate, early stopping and running statistics. A fold that
    has stopped leaves the stack with the bits it had, and one with fewer batches takes
    no more steps than it has batches. Folds that lack a class, or know another number
    of symbols, have networks of another shape, and are trained together with their
    like, after the others. Of `InceptionTimeClassifier` each member is computed for all
    folds at once, one member after the other.

    Sums are added in another order than alone. In double precision, without dropout,
    losses agree with those of separate fits to 1e-5 over the first 20 steps, and the
    folds trained beside a fold make no more difference; rounding grows with the number
    of steps as in any training. Which units are dropped depends on all folds that are
    trained, so that with dropout a fold is another draw from the same distribution.
    Equal input gives equal bits on a CPU.

    All bars are brought to the device once. Memory grows with the number of folds:
    weights, optimizer and the activations of one batch are held for each. `time_limit`
    counts from the beginning, for all folds together. Nothing is shown of progress.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import MLPNetClassifier
    >>> from sk_ensemble.model_selection import CombinatorialPurgedSplit
    >>> from sk_ensemble.neural_network import fit_folds
    >>> X = np.random.default_rng(0).normal(size=(120, 5, 2))
    >>> y = np.where(X.sum(axis=(1, 2)) > 0, "up", "down")
    >>> splits = list(CombinatorialPurgedSplit(6, 2, purged_size=4).split(X))
    >>> model = MLPNetClassifier(hidden_sizes=[8], max_epochs=20, random_state=0)
    >>> model.set_params(learning_rate=0.01)
    MLPNetClassifier(...)
    >>> models = fit_folds(model, X, y, [train for train, test in splits])
    >>> scores = [m.score(X[t], y[t]) for m, (_, t) in zip(models, splits)]
    >>> len(scores), float(np.mean(scores)) > 0.8
    (15, True)
    """
    refuse_unlike(estimator)
    refuse_settings(estimator)
    windows = as_windows(clone(estimator), X, reset=True)
    labels = check_labels(estimator, X, y)
    refuse_other_index(X, sample_weight, name="sample_weight")
    rows = rows_of(folds, "folds", len(windows))
    if not rows:
        msg = "folds is empty: there is nothing to fit."
        raise ValueError(msg)
    held_out: list[Any] = [None] * len(rows)
    if validation_folds is not None:
        held_out = rows_of(validation_folds, "validation_folds", len(windows))
        refuse_other_length("validation_folds", held_out, len(rows))
    models = [clone(estimator) for _ in rows]
    if random_states is not None:
        states = list(random_states)
        refuse_other_length("random_states", states, len(rows))
        for model, state in zip(models, states, strict=True):
            model.set_params(random_state=state)
    weights = None if sample_weight is None else np.asarray(sample_weight)
    train_plans(
        [
            plan_fold(model, windows, labels, weights, train, test)
            for model, train, test in zip(models, rows, held_out, strict=True)
        ]
    )
    return models
