"""What is searched of each family, and between which bounds.

The bounds suit noisy bars: strong regularisation is inside them, and what learns bars
by heart is outside. Numbers that act by factors are searched by factors (log scales).
The number of rounds is not searched where a model stops early by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["SPACES", "is_network", "network_space"]


def _xgboost(trial: Any) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "max_depth": trial.suggest_int("max_depth", 2, 6),
        "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 100, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.1, 1.0, log=True),
        "reg_alpha": trial.suggest_float("reg_alpha", 1e-3, 10.0, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-2, 100.0, log=True),
    }


def _lightgbm(trial: Any) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 64, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 20, 1000, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.1, 1.0, log=True),
        "reg_alpha": trial.suggest_float("reg_alpha", 1e-3, 10.0, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-2, 100.0, log=True),
    }


def _catboost(trial: Any) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "depth": trial.suggest_int("depth", 2, 8),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 0.1, 100.0, log=True),
        "random_strength": trial.suggest_float("random_strength", 0.0, 10.0),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "rsm": trial.suggest_float("rsm", 0.1, 1.0, log=True),
    }


def _logistic(trial: Any) -> dict[str, Any]:
    return {"C": trial.suggest_float("C", 1e-5, 10.0, log=True)}


def _random_forest(trial: Any) -> dict[str, Any]:
    return {
        "max_depth": trial.suggest_int("max_depth", 3, 12),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 10, 1000, log=True),
        "max_features": trial.suggest_float("max_features", 0.05, 1.0, log=True),
        "max_samples": trial.suggest_float("max_samples", 0.1, 1.0),
    }


def _hist_gradient_boosting(trial: Any) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "max_iter": trial.suggest_int("max_iter", 25, 400, log=True),
        "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 64, log=True),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 20, 1000, log=True),
        "l2_regularization": trial.suggest_float(
            "l2_regularization", 1e-2, 100.0, log=True
        ),
        "max_features": trial.suggest_float("max_features", 0.1, 1.0, log=True),
    }


def _volatility(trial: Any) -> dict[str, Any]:
    return {"C": trial.suggest_float("C", 1e-3, 100.0, log=True)}


_OF_NETWORKS: dict[str, Callable[[Any], Any]] = {
    "learning_rate": lambda t: t.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
    "weight_decay": lambda t: t.suggest_float("weight_decay", 1e-6, 1e-1, log=True),
    "batch_size": lambda t: t.suggest_categorical("batch_size", [256, 512, 1024, 2048]),
    "dropout": lambda t: t.suggest_float("dropout", 0.0, 0.5),
    "hidden_size": lambda t: t.suggest_categorical("hidden_size", [16, 32, 64, 128]),
    "num_layers": lambda t: t.suggest_int("num_layers", 1, 3),
}


def is_network(known: Mapping[str, Any]) -> bool:
    """Tell by the names of its parameters whether a model is one of our networks."""
    return {"max_epochs", "learning_rate", "weight_decay", "batch_size"} <= set(known)


def network_space(known: Mapping[str, Any]) -> Callable[[Any], dict[str, Any]]:
    """Return the space of a network: what it has of what all of them have.

    Parameters
    ----------
    known : mapping of str to object
        Parameters of the network, with their defaults.

    Returns
    -------
    space : callable
        Turns a trial into parameters. What is a whole number by default is searched.
    """

    def space(trial: Any) -> dict[str, Any]:
        return {
            name: suggest(trial)
            for name, suggest in _OF_NETWORKS.items()
            if isinstance(known.get(name), int | float)
        }

    return space


#: Spaces by the full name of the model.
SPACES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "boosting:xgboost": _xgboost,
    "boosting:lightgbm": _lightgbm,
    "boosting:catboost": _catboost,
    "sklearn:logistic": _logistic,
    "sklearn:random_forest": _random_forest,
    "sklearn:hist_gradient_boosting": _hist_gradient_boosting,
    "baseline:volatility": _volatility,
}
