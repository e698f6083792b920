"""Logistic regression on windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sk_ensemble.preprocessing import WindowFlattener
from sk_ensemble.tabular._ordered_pipeline import OrderedPipeline

__all__ = ["logistic"]


def logistic(
    *,
    C: float = 1e-4,
    l1_ratio: float = 0.0,
    fit_intercept: bool = True,
    class_weight: str | Mapping[Any, float] | None = None,
    solver: str = "lbfgs",
    tol: float = 1e-4,
    max_iter: int = 1000,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> Pipeline:
    """Make a Pipeline of flattening, scaling and logistic regression.

    Parameters
    ----------
    C : float, default=0.0001
        Inverse strength of the penalty, next to a loss summed over samples.
        scikit-learn's own default of 1 hardly restrains a model of hundreds of
        columns on bars. Where there is more to be known than on bars, try 0.01.
    l1_ratio : float, default=0.0
        Share of the L1 penalty; above 0 needs ``solver="saga"``.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    class_weight : {"balanced"}, dict or None, default=None
        Weights of the classes.
    solver : str, default="lbfgs"
        Algorithm, by scikit-learn's names.
    tol : float, default=0.0001
        Tolerance at which the solver stops.
    max_iter : int, default=1000
        Most iterations of the solver.
    random_state : int, RandomState or None, default=None
        Seed of the solvers that shuffle.
    verbose : int, default=0
        How much the solver prints.

    Returns
    -------
    model : Pipeline
        With the steps ``flatten``, ``scale`` and ``clf``. It takes windows, panels,
        tables and 3-D arrays; weights are passed as ``clf__sample_weight``.

    Notes
    -----
    A prediction sees the bars of its window and no others. Missing values are
    refused. The matrix product of a prediction rounds by the number of rows that are
    asked for together, so their last digits may differ; those of the other families
    do not.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import Windower
    >>> from sk_ensemble.tabular import logistic
    >>> bars = np.random.default_rng(0).normal(size=(300, 2))
    >>> windows = Windower(3).transform(bars)
    >>> logistic(C=1.0).fit(windows, bars[:, 0] > 0).score(windows, bars[:, 0] > 0)
    0.99...
    """
    classifier = LogisticRegression(
        C=C,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        class_weight=class_weight,
        solver=solver,
        tol=tol,
        max_iter=max_iter,
        random_state=random_state,
        verbose=verbose,
    )
    return OrderedPipeline(
        [
            ("flatten", WindowFlattener(allow_nan=False)),
            ("scale", StandardScaler()),
            ("clf", classifier),
        ]
    )
