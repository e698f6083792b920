"""Ensembles by name, of members by name, for the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sk_ensemble.ensemble._greedy import GreedyEnsembleClassifier
from sk_ensemble.ensemble._stacking import PurgedStackingClassifier
from sk_ensemble.model_selection import PurgedSplit
from sk_ensemble.registry import create

__all__ = ["greedy", "stacking"]

_MEMBERS = ("logistic", "xgboost")


def _made(
    members: Sequence[str] | Mapping[str, Mapping[str, Any]],
) -> list[tuple[str, Any]]:
    """Make the members; a mapping gives each its parameters."""
    params = members if isinstance(members, Mapping) else {name: {} for name in members}
    return [(name.replace(":", "_"), create(name, **params[name])) for name in params]


def stacking(
    *,
    members: Sequence[str] | Mapping[str, Mapping[str, Any]] = _MEMBERS,
    n_splits: int = 5,
    purged_size: int | None = None,
    embargo_size: int | float | str = 0,
    refit: str = "full",
    n_jobs: int | None = None,
    memory: str | None = None,
) -> PurgedStackingClassifier:
    """Make a stack of registered models over purged blocks of time.

    Parameters
    ----------
    members : sequence of str or dict of dict, default=("logistic", "xgboost")
        Names of registered models; a dict gives each its parameters, such as
        ``{"logistic": {"C": 0.1}, "xgboost": {}}``.
    n_splits : int, default=5
        Blocks of time.
    purged_size : int or None, default=None
        Bars that a label lasts, where the samples do not carry label ends.
    embargo_size : int, float or str, default=0
        What follows a block and is not trained on, as in `PurgedSplit`; at least the
        window length.
    refit : {"full", "folds"}, default="full"
        What predicts new samples, as in `PurgedStackingClassifier`.
    n_jobs : int or None, default=None
        Fits at a time; None means 1.
    memory : str or None, default=None
        Folder in which fits of members are remembered.

    Returns
    -------
    model : PurgedStackingClassifier
        It takes what its members take, windows above all.

    See Also
    --------
    PurgedStackingClassifier : For members with windows of their own, and any splitter.

    Notes
    -----
    A prediction sees the bars of its window and no others.

    Examples
    --------
    >>> from sk_ensemble import create
    >>> model = create("stacking", members=["logistic", "prior"], n_splits=3)
    >>> [name for name, _ in model.estimators], model.cv
    (['logistic', 'prior'], PurgedSplit(n_splits=3))
    """
    return PurgedStackingClassifier(
        _made(members),
        cv=PurgedSplit(n_splits, purged_size=purged_size, embargo_size=embargo_size),
        refit=refit,
        n_jobs=n_jobs,
        memory=memory,
    )


def greedy(
    *,
    members: Sequence[str] | Mapping[str, Mapping[str, Any]] = _MEMBERS,
    n_splits: int = 5,
    purged_size: int | None = None,
    embargo_size: int | float | str = 0,
    metric: str = "log_loss",
    n_rounds: int = 100,
    n_iter_no_change: int = 10,
    tol: float = 1e-5,
    n_bags: int = 20,
    bag_fraction: float | str = "auto",
    refit: str = "full",
    n_jobs: int | None = None,
    memory: str | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> GreedyEnsembleClassifier:
    """Make a greedy ensemble of registered models over purged blocks of time.

    Parameters
    ----------
    members : sequence of str or dict of dict, default=("logistic", "xgboost")
        Names of registered models; a dict gives each its parameters.
    n_splits : int, default=5
        Blocks of time.
    purged_size : int or None, default=None
        Bars that a label lasts, where the samples do not carry label ends.
    embargo_size : int, float or str, default=0
        What follows a block and is not trained on, as in `PurgedSplit`; at least the
        window length.
    metric : {"log_loss", "brier_score"}, default="log_loss"
        What is minimised.
    n_rounds : int, default=100
        Most members taken in a bag, repetitions counted.
    n_iter_no_change : int, default=10
        Rounds without a better loss after which a bag stops.
    tol : float, default=1e-05
        By how much a loss must be less to count as better.
    n_bags : int, default=20
        Number of bags.
    bag_fraction : "auto" or float, default="auto"
        Share of the members in each bag, as in `GreedyEnsembleClassifier`.
    refit : {"full", "folds"}, default="full"
        What predicts new samples, as in `GreedyEnsembleClassifier`.
    n_jobs : int or None, default=None
        Fits at a time; None means 1.
    memory : str or None, default=None
        Folder in which fits of members are remembered.
    random_state : int, RandomState or None, default=None
        Seed of the bags.

    Returns
    -------
    model : GreedyEnsembleClassifier
        It takes what its members take, windows above all.

    See Also
    --------
    GreedyEnsembleClassifier : For members with windows of their own, and any splitter.

    Notes
    -----
    A prediction sees the bars of its window and no others.

    Examples
    --------
    >>> from sk_ensemble import create
    >>> model = create("greedy", members={"logistic": {"C": 0.1}, "prior": {}})
    >>> model.estimators[0][1][-1].C
    0.1
    """
    return GreedyEnsembleClassifier(
        _made(members),
        cv=PurgedSplit(n_splits, purged_size=purged_size, embargo_size=embargo_size),
        metric=metric,
        n_rounds=n_rounds,
        n_iter_no_change=n_iter_no_change,
        tol=tol,
        n_bags=n_bags,
        bag_fraction=bag_fraction,
        refit=refit,
        n_jobs=n_jobs,
        memory=memory,
        random_state=random_state,
    )
