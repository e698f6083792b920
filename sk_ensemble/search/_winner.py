"""Write what a search has found as the configuration of a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone

from sk_ensemble.preprocessing import Windower
from sk_ensemble.registry import model_parameters
from sk_ensemble.search._registered import RegisteredModel, find_registered

__all__ = ["winner_as_model_config"]

#: Parameters that the configuration of a model has under other names.
_TRAINING = {"random_state": "random_seed", "n_jobs": "n_jobs"}
_LEFT_OUT = ("verbose",)


def _plain(name: str, value: Any) -> Any:
    """Return a value as YAML has it."""
    if isinstance(value, np.generic):
        return _plain(name, value.item())
    if isinstance(value, Mapping):
        return {str(key): _plain(name, item) for key, item in value.items()}
    is_number = isinstance(value, int | float) and math.isfinite(value)
    if value is None or isinstance(value, str) or is_number:
        return value
    if isinstance(value, list | tuple):
        return [_plain(name, item) for item in value]
    msg = (
        f"{name}={value!r} cannot be written in a configuration, which has numbers, "
        "texts, and lists and mappings of them."
    )
    raise ValueError(msg)


def _changed(found: RegisteredModel) -> dict[str, Any]:
    """Return the parameters that are not the model's defaults."""
    defaults = model_parameters(found.name)
    return {
        name: _plain(name, value)
        for name, value in found.parameters().items()
        if name not in _LEFT_OUT and value != defaults[name]
    }


def _windower(estimator: Any, found: RegisteredModel) -> dict[str, int]:
    """Return what the steps before a model make of the bars."""
    if estimator is found.estimator:
        return {"sequence_length": 1, "lag": 0}
    before = [step for _, step in estimator.steps[:-1]]
    is_plain = estimator.steps[-1][1] is found.estimator
    if not is_plain or len(before) != 1 or not isinstance(before[0], Windower):
        names = [type(step).__name__ for step in before]
        msg = (
            "The configuration of a model knows a Windower and the model, but the "
            f"search has the steps {names} before it. Save best_estimator_ instead."
        )
        raise ValueError(msg)
    return {
        "sequence_length": int(before[0].window_length),
        "lag": int(before[0].lag),
    }


def winner_as_model_config(search: Any) -> dict[str, Any]:
    """Return the best model of a search as the content of a model's YAML file.

    Parameters
    ----------
    search : fitted search
        A search over a registered model, or over a Pipeline of a `Windower` and one.
        It need not have refitted the winner.

    Returns
    -------
    config : dict
        With the keys ``model``, ``hyperparameters``, ``training`` and ``dataset``;
        plain values, only those that differ from the model's defaults.

    Raises
    ------
    RegistryError
        If the model is not registered.
    ValueError
        If the Pipeline has other steps, or a value has no place in YAML.

    See Also
    --------
    OptunaSearchCV : Such a search.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import Windower, XGBoostClassifier
    >>> from sk_ensemble.search import winner_as_model_config
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> model = make_pipeline(Windower(3), XGBoostClassifier(n_estimators=5))
    >>> grid = {"xgboostclassifier__max_depth": [2]}
    >>> search = GridSearchCV(model, grid, cv=2).fit(X, X[:, 0] > 0)
    >>> for key, value in winner_as_model_config(search).items():
    ...     print(key, value)
    model {'name': 'xgboost', 'family': 'boosting'}
    hyperparameters {'n_estimators': 5, 'max_depth': 2}
    training {}
    dataset {'sequence_length': 3, 'lag': 0}
    """
    best = clone(search.estimator).set_params(**search.best_params_)
    found = find_registered(best)
    changed = _changed(found)
    family, _, name = found.name.partition(":")
    return {
        "model": {"name": name, "family": family},
        "hyperparameters": {k: v for k, v in changed.items() if k not in _TRAINING},
        "training": {_TRAINING[k]: v for k, v in changed.items() if k in _TRAINING},
        "dataset": _windower(best, found),
    }
