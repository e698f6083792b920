"""scikit-learn's histogram boosting on windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from sk_ensemble.preprocessing import WindowFlattener
from sk_ensemble.tabular._ordered_pipeline import OrderedPipeline

__all__ = ["hist_gradient_boosting"]


def hist_gradient_boosting(
    *,
    learning_rate: float = 0.05,
    max_iter: int = 100,
    max_leaf_nodes: int | None = 8,
    max_depth: int | None = None,
    min_samples_leaf: int = 100,
    l2_regularization: float = 1.0,
    max_features: float = 1.0,
    max_bins: int = 255,
    class_weight: str | Mapping[Any, float] | None = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> Pipeline:
    """Make a Pipeline of flattening and scikit-learn's histogram boosting.

    Its early stopping is off, because it validates on rows drawn at random: of
    overlapping labels these are no test. `XGBoostClassifier` and `LightGBMClassifier`
    stop on the last stretch of time.

    Parameters
    ----------
    learning_rate : float, default=0.05
        Factor of each tree.
    max_iter : int, default=100
        Rounds of boosting.
    max_leaf_nodes : int or None, default=8
        Leaves of each tree; None means no limit.
    max_depth : int or None, default=None
        Levels of each tree; None means no limit.
    min_samples_leaf : int, default=100
        Least number of samples in a leaf.
    l2_regularization : float, default=1.0
        L2 penalty on the scores of leaves.
    max_features : float, default=1.0
        Fraction of the columns looked at for each split.
    max_bins : int, default=255
        Bins per column.
    class_weight : {"balanced"}, dict or None, default=None
        Weights of the classes.
    random_state : int, RandomState or None, default=None
        Seed of the draws.
    verbose : int, default=0
        How much is printed.

    Returns
    -------
    model : Pipeline
        With the steps ``flatten`` and ``clf``. It takes windows, panels, tables and
        3-D arrays; weights are passed as ``clf__sample_weight``.

    Notes
    -----
    A prediction sees the bars of its window and no others. Missing values are
    allowed. The number of threads is set by OpenMP, not by a parameter.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import Windower
    >>> from sk_ensemble.tabular import hist_gradient_boosting
    >>> bars = np.random.default_rng(0).normal(size=(300, 2))
    >>> windows = Windower(3).transform(bars)
    >>> model = hist_gradient_boosting(max_iter=20, min_samples_leaf=5)
    >>> model.fit(windows, bars[:, 0] > 0).score(windows, bars[:, 0] > 0) > 0.95
    True
    """
    classifier = HistGradientBoostingClassifier(
        learning_rate=learning_rate,
        max_iter=max_iter,
        max_leaf_nodes=max_leaf_nodes,
        max_depth=max_depth,
        min_samples_leaf=min_samples_leaf,
        l2_regularization=l2_regularization,
        max_features=max_features,
        max_bins=max_bins,
        class_weight=class_weight,
        early_stopping=False,
        random_state=random_state,
        verbose=verbose,
    )
    return OrderedPipeline([("flatten", WindowFlattener()), ("clf", classifier)])
