"""The space in which the parameters of a model are searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sk_ensemble.exceptions import RegistryError
from sk_ensemble.registry import create, model_info, model_parameters
from sk_ensemble.search._registered import find_registered
from sk_ensemble.search._spaces import SPACES, is_network, network_space

__all__ = ["as_space", "search_space"]

Space = Callable[[Any], dict[str, Any]]


def search_space(name: str) -> Space:
    """Return the search space of a registered model.

    Parameters
    ----------
    name : str
        Short or full name of the model.

    Returns
    -------
    space : callable
        Turns a trial of Optuna into parameters that `create` takes.

    Raises
    ------
    RegistryError
        If there is no such model, or it has no search space. A class of one's own has
        one if it defines ``search_space(trial)`` as a static or class method that
        returns parameters of its constructor.

    See Also
    --------
    OptunaSearchCV : Uses it where ``param_distributions="auto"``.

    Notes
    -----
    =========================== ================================================
    model                       parameters and bounds (``*``: by factors)
    =========================== ================================================
    xgboost                     learning_rate* 0.01-0.2, max_depth 2-6,
                                min_child_weight* 1-100, subsample 0.5-1,
                                colsample_bytree* 0.1-1, reg_alpha* 0.001-10,
                                reg_lambda* 0.01-100
    lightgbm                    learning_rate* 0.01-0.2, num_leaves* 4-64,
                                min_child_samples* 20-1000, subsample 0.5-1,
                                colsample_bytree* 0.1-1, reg_alpha* 0.001-10,
                                reg_lambda* 0.01-100
    catboost                    learning_rate* 0.01-0.2, depth 2-8,
                                l2_leaf_reg* 0.1-100, random_strength 0-10,
                                subsample 0.5-1, rsm* 0.1-1
    hist_gradient_boosting      learning_rate* 0.01-0.2, max_iter* 25-400,
                                max_leaf_nodes* 4-64, min_samples_leaf* 20-1000,
                                l2_regularization* 0.01-100, max_features* 0.1-1
    random_forest               max_depth 3-12, min_samples_leaf* 10-1000,
                                max_features* 0.05-1, max_samples 0.1-1
    logistic                    C* 0.00001-10
    volatility                  C* 0.001-100
    all networks                learning_rate* 0.0001-0.01, weight_decay*
                                0.000001-0.1, batch_size 256-2048; and, where
                                they have it, dropout 0-0.5, hidden_size 16-128,
                                num_layers 1-3
    =========================== ================================================

    Examples
    --------
    >>> import optuna
    >>> from sk_ensemble import create
    >>> from sk_ensemble.search import search_space
    >>> trial = optuna.trial.FixedTrial({"C": 0.1})
    >>> params = search_space("logistic")(trial)
    >>> params
    {'C': 0.1}
    >>> create("logistic", **params).named_steps["clf"].C
    0.1
    """
    info = model_info(name)
    if info.full_name in SPACES:
        return SPACES[info.full_name]
    own = getattr(type(create(info.full_name)), "search_space", None)
    if own is not None:
        return _checked(own)
    known = model_parameters(info.full_name)
    if is_network(known):
        return network_space(known)
    msg = (
        f"{info.full_name} has no search space. Pass param_distributions, or define "
        "search_space(trial) in its class, as a static method."
    )
    raise RegistryError(msg)


def _checked(own: Callable[[Any], Any]) -> Space:
    """Return a space of one's own, whose result is checked."""

    def space(trial: Any) -> dict[str, Any]:
        params = own(trial)
        if not isinstance(params, dict):
            msg = (
                "search_space(trial) must return parameters as a dict, got "
                f"{type(params).__name__}."
            )
            raise TypeError(msg)
        return params

    return space


def _of_distributions(distributions: Mapping[str, Any]) -> Space:
    """Return the space of distributions by name."""

    def space(trial: Any) -> dict[str, Any]:
        return {
            name: trial._suggest(name, distribution)
            for name, distribution in distributions.items()
        }

    return space


def _automatic(estimator: Any) -> Space:
    """Return the space of the registered model that an estimator ends in."""
    found = find_registered(estimator)
    inner = search_space(found.name)

    def space(trial: Any) -> dict[str, Any]:
        return {f"{found.prefix}{name}": v for name, v in inner(trial).items()}

    return space


def as_space(distributions: Any, estimator: Any) -> Space:
    """Return a search space, however it is given.

    Parameters
    ----------
    distributions : "auto", dict or callable
        As for `OptunaSearchCV`.
    estimator : estimator
        What is tuned.

    Returns
    -------
    space : callable
        Turns a trial into parameters of `set_params`.
    """
    if isinstance(distributions, str):
        return _automatic(estimator)
    if isinstance(distributions, Mapping):
        return _of_distributions(distributions)
    return _checked(distributions)
