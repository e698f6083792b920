"""Which optional packages the built-in models stand on."""

from __future__ import annotations

import importlib.util

from sk_ensemble.registry._registry import REGISTRY

__all__ = ["missing_packages"]

#: Packages by the home of the model, or by its full name where a home has several.
_PACKAGES = {
    "boosting:xgboost": ("xgboost",),
    "boosting:lightgbm": ("lightgbm",),
    "boosting:catboost": ("catboost",),
    "sk_ensemble.neural_network": ("torch", "skorch"),
}


def missing_packages(name: str) -> tuple[str, ...]:
    """Return the packages that a model needs and that are not installed.

    Parameters
    ----------
    name : str
        Short or full name of the model.

    Returns
    -------
    packages : tuple of str
        Names of the packages; nothing is imported to find out. It is empty for models
        of other packages, which have been imported already.

    Raises
    ------
    RegistryError
        If no model has the name, or more than one has it.

    Examples
    --------
    >>> from sk_ensemble.registry import missing_packages
    >>> missing_packages("prior")
    ()
    """
    entry = REGISTRY.find(name)
    home = ".".join(entry.address.partition(":")[0].split(".")[:2])
    needed = _PACKAGES.get(entry.info.full_name, _PACKAGES.get(home, ()))
    return tuple(one for one in needed if importlib.util.find_spec(one) is None)
