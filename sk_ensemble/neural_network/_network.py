"""What turns a class with annotated parameters into a network's classifier."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._shared_docs import (
    insert_into_docstring,
    section,
    without,
)
from sk_ensemble.neural_network._training_parameters import TrainingParameters

__all__ = ["network"]

_Network = TypeVar("_Network", bound=NetworkClassifier)


def _put_own_parameters_first(cls: type) -> None:
    """Show a network's own parameters before those that all networks have."""
    own = ["self", *inspect.get_annotations(cls)]
    places = {name: place for place, name in enumerate(own)}
    init: Any = vars(cls)["__init__"]
    signature = inspect.signature(init)
    parameters = sorted(
        signature.parameters.values(),
        key=lambda parameter: places.get(parameter.name, len(own)),
    )
    init.__signature__ = signature.replace(parameters=parameters)


@dataclass_transform(kw_only_default=True, eq_default=False)
def network(classifier: type[_Network]) -> type[_Network]:
    """Give a network its constructor and its documentation.

    The annotated names of the class are its own parameters, with their defaults; those
    of `TrainingParameters` are added. A network whose training needs another default
    than the others annotates and describes that parameter, too. In the docstring, the
    lines ``{training_parameters}`` and ``{fitted_attributes}`` become the descriptions
    of what all networks share.

    Parameters
    ----------
    classifier : type
        A class derived from `NetworkClassifier`.

    Returns
    -------
    classifier : type
        The same class.

    Examples
    --------
    >>> from torch import nn
    >>> from sk_ensemble.neural_network import NetworkClassifier, network
    >>> @network
    ... class LinearClassifier(NetworkClassifier):
    ...     bias: bool = True
    ...
    ...     def _make_module(self, n_features, n_outputs, window_length):
    ...         n_values = window_length * n_features
    ...         linear = nn.Linear(n_values, n_outputs, bias=self.bias)
    ...         return nn.Sequential(nn.Flatten(), linear)
    >>> LinearClassifier(bias=False, max_epochs=3)
    LinearClassifier(bias=False, max_epochs=3)
    """
    dataclass(kw_only=True, eq=False, repr=False)(classifier)
    _put_own_parameters_first(classifier)
    shared = section(TrainingParameters, "Parameters")
    return insert_into_docstring(
        training_parameters=without(shared, inspect.get_annotations(classifier)),
        fitted_attributes=section(NetworkClassifier, "Attributes"),
    )(classifier)
