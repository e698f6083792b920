"""Register, create and list models."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import pandas as pd

from sk_ensemble.registry._entry import Entry, Factory
from sk_ensemble.registry._info import ModelInfo
from sk_ensemble.registry._names import ModelName
from sk_ensemble.registry._packages import missing_packages
from sk_ensemble.registry._registry import REGISTRY
from sk_ensemble.registry._validation import (
    check_classifier,
    check_description,
    check_family,
    check_name,
    check_parameters,
    check_signature,
)

__all__ = ["create", "list_models", "model_info", "model_parameters", "register"]

_Factory = TypeVar("_Factory", bound=Factory)


def _check_info(info: ModelInfo) -> None:
    check_name(info.name)
    check_family(info.family)
    check_description(info.description, info.full_name)


def _check_factory(factory: Factory, full_name: str) -> None:
    check_signature(factory, full_name)
    if isinstance(factory, type):
        check_classifier(factory(), full_name)


def register(
    name: str,
    *,
    family: str,
    requires_gpu: bool = False,
    description: str,
    multivariate: bool = True,
    needs_windows: bool = False,
    allows_nan: bool = False,
) -> Callable[[_Factory], _Factory]:
    """Register the decorated classifier under a name.

    What is decorated is a scikit-learn classifier with ``predict_proba``, or a
    function that returns one, say a Pipeline. All its parameters are
    keyword-only and have defaults. It should take what stands after a
    `Windower`: windows of shape (n_samples, window_length, n_features).

    Parameters
    ----------
    name : str
        Short name: 1 to 64 lower-case letters, digits and underscores.
    family : {"baseline", "sklearn", "boosting", "neural", "timeseries", "ensemble"}
        Family of the model. Family and name together must be free.
    requires_gpu : bool, default=False
        Whether the model cannot be fitted without a CUDA device.
    description : str
        One line that says what the model is.
    multivariate : bool, default=True
        Whether it takes several features per bar.
    needs_windows : bool, default=False
        Whether it is made for windows of several bars.
    allows_nan : bool, default=False
        Whether features may be missing.

    Returns
    -------
    decorator : callable
        Registers the class or function and returns it unchanged.

    Raises
    ------
    RegistryError
        If the name, the family or the description is not acceptable, the name
        is taken, or what is decorated is no such classifier. A class is tried
        at once, a function when the model is first created.

    See Also
    --------
    create : Make a registered model.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sk_ensemble.registry import create, register
    >>> @register("naive_bayes", family="sklearn", description="Independent normals")
    ... def naive_bayes(*, var_smoothing=1e-9):
    ...     return GaussianNB(var_smoothing=var_smoothing)
    >>> create("naive_bayes", var_smoothing=0.1)
    GaussianNB(var_smoothing=0.1)
    """
    info = ModelInfo(
        name=name,
        family=family,
        description=description,
        requires_gpu=requires_gpu,
        multivariate=multivariate,
        needs_windows=needs_windows,
        allows_nan=allows_nan,
    )
    _check_info(info)

    def decorate(factory: _Factory) -> _Factory:
        _check_factory(factory, info.full_name)
        REGISTRY.add(Entry(info, factory))
        return factory

    return decorate


def create(name: ModelName, /, **params: Any) -> Any:
    """Create a model by name, unfitted.

    The model is what stands after a `Windower`. For scikit-learn's own
    classifiers that is a Pipeline that begins by flattening the window.

    Parameters
    ----------
    name : str
        Short name, such as ``"xgboost"``, or full name, such as
        ``"boosting:xgboost"``.
    **params : object
        Parameters of the model. Horizon, columns and window length are none:
        they belong to the labels, the panel and the `Windower`.

    Returns
    -------
    estimator : estimator object
        A scikit-learn classifier with ``predict_proba``.

    Raises
    ------
    RegistryError
        If no model has the name, more than one has it, the model has no such
        parameter, or what is registered is no such classifier.
    ImportError
        If the library the model is built on is not installed.

    See Also
    --------
    list_models : Show all models.
    register : Add a model.

    Examples
    --------
    >>> from sk_ensemble import create
    >>> create("prior")
    PriorBaseline()
    >>> create("prior", horizon=5)
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.RegistryError: 'horizon' belongs to the labels: ...
    """
    entry = REGISTRY.find(name)
    full_name = entry.info.full_name
    factory = entry.factory()
    check_parameters(factory, params, full_name)
    estimator = factory(**params)
    check_classifier(estimator, full_name)
    return estimator


def model_info(name: ModelName) -> ModelInfo:
    """Look up the description of a model, without importing it.

    Parameters
    ----------
    name : str
        Short or full name of the model.

    Returns
    -------
    info : ModelInfo
        Name, family, description and what the model can do.

    Raises
    ------
    RegistryError
        If no model has the name, or more than one has it.

    Examples
    --------
    >>> from sk_ensemble.registry import model_info
    >>> model_info("xgboost").full_name, model_info("xgboost").allows_nan
    ('boosting:xgboost', True)
    """
    return REGISTRY.find(name).info


def model_parameters(name: ModelName) -> dict[str, Any]:
    """Look up the parameters of a model, importing it but making none.

    Parameters
    ----------
    name : str
        Short or full name of the model.

    Returns
    -------
    parameters : dict
        Defaults by the names that `create` takes.

    Raises
    ------
    RegistryError
        If no model has the name, or more than one has it.
    ImportError
        If the library the model is built on is not installed.

    Examples
    --------
    >>> from sk_ensemble.registry import model_parameters
    >>> model_parameters("volatility")
    {'neutral': 0, 'C': 1.0}
    """
    signature = inspect.signature(REGISTRY.find(name).factory())
    return {name: known.default for name, known in signature.parameters.items()}


def _defaults_of(full_name: str) -> dict[str, Any] | None:
    """Return the parameters of a model, None where its library is not installed."""
    return None if missing_packages(full_name) else model_parameters(full_name)


def list_models(*, defaults: bool = False) -> pd.DataFrame:
    """List all models, without importing the built-in ones unless it must.

    Parameters
    ----------
    defaults : bool, default=False
        Whether a column ``defaults`` is added: what each model's parameters are if
        nothing is said, as a dict. For this the models are imported, which takes
        seconds.

    Returns
    -------
    models : DataFrame of shape (n_models, 8) or (n_models, 9)
        Columns ``name``, ``family``, ``full_name``, ``description``,
        ``requires_gpu``, ``multivariate``, ``needs_windows``, ``allows_nan``,
        sorted from the simplest family to the most elaborate, then by name. The
        defaults of a model are None where a package it needs is not installed.

    See Also
    --------
    create : Make one of them.

    Examples
    --------
    >>> from sk_ensemble import list_models
    >>> models = list_models()
    >>> models.loc[models["family"] == "boosting", "name"].tolist()
    ['catboost', 'lightgbm', 'xgboost']
    >>> with_defaults = list_models(defaults=True).set_index("name")
    >>> with_defaults.loc["volatility", "defaults"]
    {'neutral': 0, 'C': 1.0}
    """
    rows = [{**asdict(info), "full_name": info.full_name} for info in REGISTRY.infos()]
    models = pd.DataFrame(rows)
    first = ["name", "family", "full_name"]
    models = models[first + [name for name in models if name not in first]]
    if defaults:
        found = [_defaults_of(name) for name in models["full_name"]]
        models = models.assign(defaults=pd.Series(found, dtype=object))
    return models
