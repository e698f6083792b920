"""Models by name: the product's own, and those of other packages.

A model has a family and a name, and is asked for by the name alone
(``"xgboost"``) or by both (``"boosting:xgboost"``). Built-in models are known
by the text of their address only, so that listing them imports no library.

Other packages add a model with the decorator `register`. For it to be found
without an import, they name the module that does so in their metadata::

    [project.entry-points."sk_ensemble.models"]
    my_models = "my_package.models"

That module is imported the first time a model is looked up or listed, so it
should import large libraries inside its methods.
"""

from __future__ import annotations

from sk_ensemble.registry._functions import (
    create,
    list_models,
    model_info,
    model_parameters,
    register,
)
from sk_ensemble.registry._info import ModelInfo
from sk_ensemble.registry._packages import missing_packages

__all__ = [
    "ModelInfo",
    "create",
    "list_models",
    "missing_packages",
    "model_info",
    "model_parameters",
    "register",
]
