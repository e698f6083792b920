"""Permute features among the bars of the test windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, check_scalar

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.inspection._folds import (
    Fold,
    Reach,
    bars_of_windows,
    reach_of,
    read_folds,
)
from sk_ensemble.inspection._importance import FeatureImportance
from sk_ensemble.inspection._perturb import replace_history
from sk_ensemble.inspection._session import with_fixed_seeds
from sk_ensemble.metrics import neg_log_loss_scorer
from sk_ensemble.panel import History, Panel, Windows, refuse_other_index

__all__ = ["permute_groups", "purged_permutation_importance"]

Scorer = Callable[[Any, Any, Any], float]

#: The best score there is, where the loss is told as a share of what is missing to it.
_BEST = {"accuracy": 1.0, "neg_log_loss": 0.0}


def _scorer_of(model: Any, scoring: Any, y: np.ndarray) -> Scorer:
    """Return the scorer; log loss takes folds that lack a class."""
    if isinstance(scoring, str) and scoring == "neg_log_loss":
        return neg_log_loss_scorer(np.unique(y).tolist())
    return check_scoring(model, scoring)


def _loss(before: float, after: float, scoring: Any) -> float:
    """Return the loss of score, as a share of what is missing to the best one."""
    best = _BEST.get(scoring) if isinstance(scoring, str) else None
    if best is None:
        return before - after
    return (before - after) / (best - after) if after != best else 0.0


def _permuted(
    history: History, bars: IntArray, columns: IntArray, rng: np.random.Generator
) -> History:
    """Shuffle some columns among some bars, the columns together."""
    block = history.block.copy()
    shuffled = rng.permutation(bars)
    block[np.ix_(bars, columns)] = history.block[np.ix_(shuffled, columns)]
    return history.with_block(block, history.columns)


def _losses_of_fold(
    model: Any,
    X: Any,
    y: np.ndarray,
    fold: Fold,
    groups: list[IntArray],
    reach: Reach,
    scorer: Scorer,
    scoring: Any,
    n_repeats: int,
    seed: int,
) -> tuple[float, list[float]]:
    """Fit on one fold and return its score, and the mean loss for each group."""
    fitted = with_fixed_seeds(model, seed).fit(X[fold.train], y[fold.train])
    test, target = X[fold.test], y[fold.test]
    before = float(scorer(fitted, test, target))
    held = bars_of_windows(X.history, test.positions, reach)
    bars = np.flatnonzero(held)
    rng = np.random.default_rng([seed, fold.number])
    losses = []
    for columns in groups:
        repeats = []
        for _ in range(n_repeats):
            changed = _permuted(X.history, bars, columns, rng)
            after = float(scorer(fitted, replace_history(test, changed), target))
            repeats.append(_loss(before, after, scoring))
        losses.append(float(np.mean(repeats)))
    return before, losses


def _feature_names(X: Any) -> list[str]:
    """Return the names of the features, refusing samples without a history."""
    if not isinstance(X, Panel | Windows):
        msg = (
            "Bars of the history are permuted, so X must be a Panel or Windows, got "
            f"{type(X).__name__}. Use Panel.from_frame(frame)."
        )
        raise TypeError(msg)
    return list(X.columns or (f"x{i}" for i in range(X.history.n_features)))


def _groups_of(
    names: list[str], clusters: Mapping[str, Sequence[str]]
) -> list[IntArray]:
    """Return the columns of each cluster."""
    unknown = {name for group in clusters.values() for name in group} - set(names)
    if unknown or not all(len(group) for group in clusters.values()):
        msg = (
            f"Each cluster must name features of X, {names}, got "
            f"{ {name: list(group) for name, group in clusters.items()} }."
        )
        raise ValueError(msg)
    return [np.array([names.index(n) for n in group]) for group in clusters.values()]


def permute_groups(
    model: Any,
    X: Any,
    y: Any,
    cv: Any,
    clusters: Mapping[str, Sequence[str]] | None,
    *,
    scoring: Any,
    n_repeats: int,
    n_jobs: int | None,
    random_state: Any,
) -> FeatureImportance:
    """Measure what each cluster of features is worth; None takes each feature alone."""
    names = _feature_names(X)
    refuse_other_index(X, y, name="y")
    check_scalar(n_repeats, "n_repeats", int, min_val=1)
    clusters = {name: (name,) for name in names} if clusters is None else clusters
    groups = _groups_of(names, clusters)
    y = np.asarray(y)
    folds = read_folds(check_cv(cv, y, classifier=is_classifier(model)), X, y, {})
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    shared = (groups, reach_of(model, X), _scorer_of(model, scoring, y))
    results = Parallel(n_jobs=n_jobs)(
        delayed(_losses_of_fold)(model, X, y, fold, *shared, scoring, n_repeats, seed)
        for fold in folds
    )
    baseline: FloatArray = np.array([before for before, _ in results])
    table = pd.DataFrame([losses for _, losses in results], columns=list(clusters))
    table.index.name = "fold"
    told = scoring if isinstance(scoring, str) else "score"
    members = {name: tuple(group) for name, group in clusters.items()}
    return FeatureImportance(table, baseline, told, members)


def purged_permutation_importance(
    model: Any,
    X: Any,
    y: Any,
    cv: Any,
    *,
    scoring: Any = "neg_log_loss",
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> FeatureImportance:
    """Measure how much worse a model predicts, out of sample, without each feature.

    In each fold the model is fitted on the training samples. Then one feature is
    shuffled among the bars that the test windows hold, and the test samples are scored
    again. Bars are shuffled, not windows, so neighbouring windows still agree on the
    bars they share.

    Parameters
    ----------
    model : classifier
        Cloned for each fold.
    X : Panel or Windows of n_samples samples
        The samples.
    y : array-like of shape (n_samples,)
        Their targets.
    cv : splitter, int or iterable of (train, test)
        The folds. Take one that purges, such as `PurgedSplit`: where training and test
        share labels, importance measures memory.
    scoring : str or callable, default="neg_log_loss"
        A scorer, or its name. For ``"neg_log_loss"`` and ``"accuracy"`` the loss is
        told as a share of what is missing to the best score, (s0 - s1) / (best - s1);
        for all others it is the difference s0 - s1.
    n_repeats : int, default=5
        How often each feature is shuffled.
    n_jobs : int or None, default=None
        Folds at a time; None means one.
    random_state : int, RandomState or None, default=None
        Seed of the models and the shuffling.

    Returns
    -------
    importance : FeatureImportance
        Mean over the folds, and its standard error, std x K^-0.5.

    Raises
    ------
    TypeError
        If X has no history.

    See Also
    --------
    clustered_importance : For features that can replace each other.
    audit_leakage : Look for leakage first.

    Notes
    -----
    Features that say the same replace each other: shuffle one, and the model reads the
    other, so both look worthless. The folds share training data, so the standard error
    is too small rather than too large. Shuffling takes the bars of all symbols
    together.

    The cost is one fit per fold and ``1 + n_features * n_repeats`` predictions of its
    test samples, with one copy of the bars at a time.

    References
    ----------
    M. Lopez de Prado, "Advances in Financial Machine Learning", Wiley, 2018, section
    8.3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import Panel, PurgedSplit, Windower
    >>> from sk_ensemble.datasets import make_bars
    >>> from sk_ensemble.inspection import purged_permutation_importance
    >>> data = make_bars(1000, 1, random_state=0)
    >>> noise = np.random.default_rng(0).normal(size=1000)
    >>> X, y = Panel.from_frame(data.signal.to_frame().assign(noise=noise)).align(
    ...     data.labels
    ... )
    >>> model = make_pipeline(Windower(2, flatten=True), LogisticRegression())
    >>> importance = purged_permutation_importance(
    ...     model, X, y, PurgedSplit(3, embargo_size=2), random_state=0
    ... )
    >>> list(importance.to_frame().index)
    ['signal', 'noise']
    """
    return permute_groups(
        model,
        X,
        y,
        cv,
        None,
        scoring=scoring,
        n_repeats=n_repeats,
        n_jobs=n_jobs,
        random_state=random_state,
    )
