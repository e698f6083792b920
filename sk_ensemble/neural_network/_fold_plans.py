"""Fits of many folds, in which the training of all networks is put together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import Rounds, TrainingSet, n_threads
from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._fold import Fold
from sk_ensemble.neural_network._shared_bars import SharedBars
from sk_ensemble.neural_network._stacked_training import StackedTraining
from sk_ensemble.neural_network._torch_state import (
    import_optimizers,
    pick_device,
    seeded,
    torch_threads,
)
from sk_ensemble.panel import Windows

__all__ = ["plan_fold", "train_plans"]


def _fit_around_network(
    estimator: NetworkClassifier, *given: Any, **validation: Any
) -> list[Fold]:
    """Do all that a fit does except training, and return what is to be trained.

    That is nothing for one class, and twice something with `refit_tail`.
    """
    folds: list[Fold] = []

    def put_off(
        training: TrainingSet, validation: TrainingSet | None, rounds: Rounds
    ) -> None:
        folds.append(Fold(estimator, training, validation, rounds))

    # Found before the method of the class, for this one call.
    estimator.__dict__["_fit_rounds"] = put_off
    try:
        estimator.fit(*given, **validation)
    finally:
        del estimator.__dict__["_fit_rounds"]
    return folds


def plan_fold(
    model: NetworkClassifier,
    windows: Windows,
    y: np.ndarray,
    weights: FloatArray | None,
    train: IntArray,
    held_out: IntArray | None,
) -> list[Fold]:
    """Return what is to be trained for one fold."""

    def part(rows: IntArray) -> tuple[Any, Any, Any]:
        return windows[rows], y[rows], None if weights is None else weights[rows]

    if held_out is None:
        return _fit_around_network(model, *part(train))
    names = ("X_val", "y_val", "sample_weight_val")
    validation = dict(zip(names, part(held_out), strict=True))
    return _fit_around_network(model, *part(train), **validation)


def _train(folds: Sequence[Fold]) -> None:
    """Train folds whose networks have one shape, then those of the next shape."""
    if not folds:
        return
    settings = folds[0].estimator
    device = pick_device(settings.device)
    import_optimizers()
    parts = [
        s.windows for f in folds for s in (f.training, f.validation) if s is not None
    ]
    with torch_threads(n_threads(settings.n_jobs)):
        bars = SharedBars(parts, device)
        for fold in folds:
            fold.learn_categories()
        for _, group in groupby(sorted(folds, key=_shape), key=_shape):
            alike = list(group)
            for fold in alike:
                fold.prepare(bars)
            with seeded(alike[0].seed, device):
                StackedTraining(alike).run()
            for fold in alike:
                fold.finish()


def _shape(fold: Fold) -> tuple[Any, ...]:
    return fold.shape


def _refit(first: Fold, second: Fold) -> Fold | None:
    """Return the training on everything, for as many epochs as the first found best."""
    if first.rounds.hit_time_limit:
        return None
    rounds = Rounds(first.rounds.n_best, deadline=first.rounds.deadline)
    return Fold(first.estimator, second.training, None, rounds)


def train_plans(plans: Sequence[Sequence[Fold]]) -> None:
    """Train, and train again on everything where that is asked for."""
    firsts = [plan[0] for plan in plans if plan]
    _train(firsts)
    seconds = [_refit(*plan) for plan in plans if len(plan) > 1]
    again = [fold for fold in seconds if fold is not None]
    finished = [dict(vars(fold.estimator)) for fold in again]
    histories = [fold.estimator.history_ for fold in again]
    _train(again)
    for fold, before, history in zip(again, finished, histories, strict=True):
        if fold.rounds.hit_time_limit:
            fold.estimator.__dict__.update(before | {"hit_time_limit_": True})
        fold.estimator.history_ = history
