"""Permute features that say the same together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata
from sklearn.utils import check_scalar

from sk_ensemble._typing import FloatArray
from sk_ensemble.inspection._importance import FeatureImportance
from sk_ensemble.inspection._permutation import permute_groups
from sk_ensemble.panel import Panel, Windows

__all__ = ["clustered_importance"]

_MOST_ROWS = 50_000


def _rank_correlations(table: FloatArray) -> FloatArray:
    """Return Spearman's correlations; a constant column correlates with nothing."""
    ranks = rankdata(table, axis=0)
    ranks -= ranks.mean(axis=0)
    lengths = np.sqrt((ranks**2).sum(axis=0))
    lengths[lengths == 0] = 1
    unit = ranks / lengths
    return np.clip(unit.T @ unit, -1, 1)


def _name(names: list[str]) -> str:
    """Name a cluster by its first feature and the number of the others."""
    return names[0] if len(names) == 1 else f"{names[0]} + {len(names) - 1}"


def _bars_for_correlation(X: Any) -> FloatArray:
    """Return the samples' own bars without missing values, at most 50,000."""
    step = max(len(X) // _MOST_ROWS, 1)
    table = X.history.block[X.positions[::step]].astype(np.float64)
    return table[np.isfinite(table).all(axis=1)]


def find_clusters(X: Any, max_distance: float) -> dict[str, tuple[str, ...]]:
    """Join features by average linkage of 1 - |Spearman correlation|."""
    names = list(X.columns or (f"x{i}" for i in range(X.history.n_features)))
    if len(names) == 1:
        return {names[0]: (names[0],)}
    distances = 1 - np.abs(_rank_correlations(_bars_for_correlation(X)))
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), method="average")
    numbers = fcluster(tree, max_distance, criterion="distance")
    first = dict.fromkeys(numbers)
    groups = [
        [name for name, own in zip(names, numbers, strict=True) if own == number]
        for number in first
    ]
    return {_name(group): tuple(group) for group in groups}


def clustered_importance(
    model: Any,
    X: Any,
    y: Any,
    cv: Any,
    *,
    clusters: Mapping[str, Sequence[str]] | None = None,
    max_distance: float = 0.5,
    scoring: Any = "neg_log_loss",
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> FeatureImportance:
    """Measure how much worse a model predicts without each cluster of features.

    Features that say the same stand in for each other, so that each alone seems worth
    nothing. Here they are shuffled together, by the same permutation of bars.

    Parameters
    ----------
    model : classifier
        Cloned for each fold.
    X : Panel or Windows of n_samples samples
        The samples.
    y : array-like of shape (n_samples,)
        Their targets.
    cv : splitter, int or iterable of (train, test)
        The folds. Take one that purges, such as `PurgedSplit`.
    clusters : dict of str to list of str, or None, default=None
        Features of each cluster by name. None: features are joined by average linkage
        of the distance ``1 - |Spearman correlation|``, without looking at y, and named
        by their first member.
    max_distance : float, default=0.5
        Join clusters up to this mean distance, between 0 and 1; 0.5 is a correlation of
        0.5. Not used if `clusters` are given.
    scoring : str or callable, default="neg_log_loss"
        As in `purged_permutation_importance`.
    n_repeats : int, default=5
        How often each cluster is shuffled.
    n_jobs : int or None, default=None
        Folds at a time; None means one.
    random_state : int, RandomState or None, default=None
        Seed of the models and the shuffling.

    Returns
    -------
    importance : FeatureImportance
        One column per cluster; `clusters` says what is in each.

    Raises
    ------
    TypeError
        If X has no history.
    ValueError
        If a cluster is empty or names an unknown feature.

    See Also
    --------
    purged_permutation_importance : Each feature alone.

    Notes
    -----
    Correlations are those of all samples' own bars, test samples among them. They
    decide only what is shuffled together; no model sees them.

    References
    ----------
    M. Lopez de Prado, "Machine Learning for Asset Managers", Cambridge University
    Press, 2020, section 6.5.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import Panel, PurgedSplit, Windower
    >>> from sk_ensemble.datasets import make_bars
    >>> from sk_ensemble.inspection import clustered_importance
    >>> data = make_bars(1000, 1, random_state=0)
    >>> frame = data.signal.to_frame().assign(
    ...     copy=data.signal * 2, noise=np.random.default_rng(0).normal(size=1000)
    ... )
    >>> X, y = Panel.from_frame(frame).align(data.labels)
    >>> model = make_pipeline(Windower(1, flatten=True), LogisticRegression())
    >>> importance = clustered_importance(
    ...     model, X, y, PurgedSplit(3, embargo_size=1), random_state=0
    ... )
    >>> importance.clusters
    {'signal + 1': ('signal', 'copy'), 'noise': ('noise',)}
    """
    if clusters is None and isinstance(X, Panel | Windows):
        check_scalar(max_distance, "max_distance", (int, float), min_val=0, max_val=1)
        clusters = find_clusters(X, max_distance)
    return permute_groups(
        model,
        X,
        y,
        cv,
        clusters,
        scoring=scoring,
        n_repeats=n_repeats,
        n_jobs=n_jobs,
        random_state=random_state,
    )
