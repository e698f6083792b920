"""Small searches, and what they find."""

from __future__ import annotations

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from sk_ensemble import PurgedSplit
from sk_ensemble.search import OptunaSearchCV

#: Columns that do not depend on the clock.
TIMES = ("fit_time", "score_time")


def untimed(results):
    """Return a table of results as comparable values, without times."""
    return {
        name: [str(value) for value in values]
        for name, values in results.items()
        if not name.endswith(TIMES)
    }


def rows(n=200, seed=0):
    """Return an array whose first column tells the class, noisily."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] + rng.normal(size=n) > 0).astype(int)


def searching(estimator=None, space=None, **options):
    """Return a small search over a linear model."""
    settings = {
        "n_trials": 6,
        "cv": PurgedSplit(3, purged_size=1),
        "storage": "memory",
        "random_state": 0,
    }
    estimator = LogisticRegression() if estimator is None else estimator
    space = {"C": FloatDistribution(1e-4, 1e2, log=True)} if space is None else space
    return OptunaSearchCV(estimator, space, **(settings | options))


def tree_search(**options):
    """Return a search over a tree, with two parameters of two kinds."""
    space = {
        "max_depth": IntDistribution(1, 8),
        "min_samples_leaf": IntDistribution(1, 50, log=True),
    }
    return searching(DecisionTreeClassifier(random_state=0), space, **options)
