"""Which registered model an estimator is, and where it stands in a Pipeline."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.base import BaseEstimator

from sk_ensemble.exceptions import RegistryError
from sk_ensemble.registry import create, list_models, model_parameters

__all__ = ["RegisteredModel", "find_registered"]

#: Step of the registry's Pipelines that has their parameters.
_CLASSIFIER = "clf"


class RegisteredModel(NamedTuple):
    """A registered model within an estimator.

    Parameters
    ----------
    name : str
        Full name in the registry.
    estimator : estimator
        The model itself.
    prefix : str
        What stands before the names of its parameters in `set_params`.
    """

    name: str
    estimator: Any
    prefix: str

    def parameters(self) -> dict[str, Any]:
        """Return the values of those parameters that `create` takes."""
        own = self.estimator
        inner = own.named_steps[_CLASSIFIER] if hasattr(own, "steps") else own
        values = inner.get_params(deep=False)
        known = model_parameters(self.name)
        return {name: values[name] for name in known if name in values}


def _shape(estimator: Any) -> Any:
    """Return what tells models apart: the class, and those of the steps."""
    if hasattr(estimator, "steps"):
        steps = [(name, type(step)) for name, step in estimator.steps]
        return type(estimator), steps
    return type(estimator)


def _is_made_by(name: str, estimator: Any) -> bool:
    try:
        return _shape(create(name)) == _shape(estimator)
    except ImportError:
        return False


def _name_of(estimator: Any) -> str | None:
    """Return the full name of the registered model that an estimator is."""
    names = list_models()["full_name"]
    return next((name for name in names if _is_made_by(name, estimator)), None)


def find_registered(estimator: BaseEstimator) -> RegisteredModel:
    """Find the registered model that an estimator is, or ends in.

    Parameters
    ----------
    estimator : estimator
        A model of the registry, or a Pipeline that ends in one.

    Returns
    -------
    found : RegisteredModel
        Its name, the model, and the prefix of its parameters.

    Raises
    ------
    RegistryError
        If it is none.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import Windower, create
    >>> from sk_ensemble.search._registered import find_registered
    >>> found = find_registered(make_pipeline(Windower(5), create("logistic")))
    >>> found.name, found.prefix
    ('sklearn:logistic', 'orderedpipeline__clf__')
    """
    prefix, model = "", estimator
    while True:
        name = _name_of(model)
        if name is not None:
            inner = f"{_CLASSIFIER}__" if hasattr(model, "steps") else ""
            return RegisteredModel(name, model, f"{prefix}{inner}")
        if not hasattr(model, "steps"):
            msg = (
                f"{type(model).__name__} is no model of the registry, so its search "
                "space is not known. Pass param_distributions, or register it."
            )
            raise RegistryError(msg)
        step, model = model.steps[-1]
        prefix = f"{prefix}{step}__"
