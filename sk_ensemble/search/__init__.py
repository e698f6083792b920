"""Search for parameters without fooling oneself.

:class:`OptunaSearchCV` searches with Optuna on folds that respect time, goes on where
it was cut short, and reports what its winner is worth. :func:`search_space` knows what
to search of the registered models, and :func:`winner_as_model_config` writes what was
found as the configuration of a model.
"""

from __future__ import annotations

from sk_ensemble.search._optuna_search import OptunaSearchCV
from sk_ensemble.search._overfitting_report import OverfittingReport
from sk_ensemble.search._search_space import search_space
from sk_ensemble.search._winner import winner_as_model_config

__all__ = [
    "OptunaSearchCV",
    "OverfittingReport",
    "search_space",
    "winner_as_model_config",
]
