"""Random forest on windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from sk_ensemble.preprocessing import WindowFlattener
from sk_ensemble.tabular._ordered_pipeline import OrderedPipeline

__all__ = ["random_forest"]


def random_forest(
    *,
    n_estimators: int = 300,
    criterion: str = "gini",
    max_depth: int | None = None,
    min_samples_leaf: int | float = 50,
    max_features: str | int | float | None = "sqrt",
    max_samples: int | float | None = None,
    max_leaf_nodes: int | None = None,
    bootstrap: bool = True,
    class_weight: str | Mapping[Any, float] | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Pipeline:
    """Make a Pipeline of flattening and a random forest.

    Parameters
    ----------
    n_estimators : int, default=300
        Number of trees.
    criterion : str, default="gini"
        How splits are valued, by scikit-learn's names.
    max_depth : int or None, default=None
        Levels of each tree; None means no limit.
    min_samples_leaf : int or float, default=50
        Least number (or fraction) of samples in a leaf. scikit-learn's own default of
        1 learns noisy bars by heart.
    max_features : str, int, float or None, default="sqrt"
        Columns looked at for each split.
    max_samples : int, float or None, default=None
        Samples (number or fraction) drawn for each tree; None means all.
    max_leaf_nodes : int or None, default=None
        Leaves of each tree; None means no limit.
    bootstrap : bool, default=True
        Whether each tree sees a draw with replacement. Labels of neighbouring bars
        overlap, so such draws differ less than they seem to.
    class_weight : {"balanced", "balanced_subsample"}, dict or None, default=None
        Weights of the classes.
    random_state : int, RandomState or None, default=None
        Seed of the draws.
    n_jobs : int or None, default=None
        Processes or threads; None means one.
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
    allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import Windower
    >>> from sk_ensemble.tabular import random_forest
    >>> bars = np.random.default_rng(0).normal(size=(300, 2))
    >>> windows = Windower(3).transform(bars)
    >>> model = random_forest(n_estimators=10, min_samples_leaf=5, random_state=0)
    >>> model.fit(windows, bars[:, 0] > 0).score(windows, bars[:, 0] > 0) > 0.95
    True
    """
    classifier = RandomForestClassifier(
        n_estimators=n_estimators,
        criterion=criterion,
        max_depth=max_depth,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features,
        max_samples=max_samples,
        max_leaf_nodes=max_leaf_nodes,
        bootstrap=bootstrap,
        class_weight=class_weight,
        random_state=random_state,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    return OrderedPipeline([("flatten", WindowFlattener()), ("clf", classifier)])
