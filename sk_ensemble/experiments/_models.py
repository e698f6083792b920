"""Pipelines for the models of a comparison."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from sk_ensemble.experiments._config import ComparisonConfig
from sk_ensemble.model_selection import PurgedSplit
from sk_ensemble.preprocessing import Windower
from sk_ensemble.registry import create, model_info

__all__ = ["SKLEARN_STACK", "build_model", "is_baseline", "make_splitter"]

#: Row of the leaderboard for scikit-learn's own stacking of pipelines.
SKLEARN_STACK = "sklearn_stack"

_STACKED = ("logistic", "xgboost")


def make_splitter(config: ComparisonConfig) -> PurgedSplit:
    """Return the cross-validation of a comparison."""
    return PurgedSplit(
        config.n_splits,
        purged_size=config.purged_size,
        embargo_size=config.embargo_size,
    )


def is_baseline(name: str) -> bool:
    """Tell whether a model is there to be beaten only."""
    return name != SKLEARN_STACK and model_info(name).family == "baseline"


def _seeded(model: Any, random_state: int) -> Any:
    """Set every `random_state` of a model and its parts."""
    seeds = {
        name: random_state
        for name in model.get_params()
        if name == "random_state" or name.endswith("__random_state")
    }
    return model.set_params(**seeds)


def _stack(config: ComparisonConfig) -> StackingClassifier:
    """Return scikit-learn's stacking over our pipelines and splitter."""
    members = [(name, build_model(name, config)) for name in _STACKED]
    return StackingClassifier(
        members,
        LogisticRegression(),
        cv=make_splitter(config),
        stack_method="predict_proba",
    )


def build_model(name: str, config: ComparisonConfig) -> Any:
    """Return an unfitted model that takes a panel."""
    if name == SKLEARN_STACK:
        return _stack(config)
    length = config.window_length if model_info(name).needs_windows else 1
    model = create(name, **config.model_params.get(name, {}))
    return Pipeline(
        [("window", Windower(length)), ("clf", _seeded(model, config.random_state))]
    )
