"""Check what a file says of one model."""

from __future__ import annotations

from pydantic import ValidationError

from sk_ensemble.experiments.config._entries import Row
from sk_ensemble.experiments.config._fault import Fault
from sk_ensemble.experiments.config._messages import faults_of
from sk_ensemble.experiments.config._model_config import ModelConfig
from sk_ensemble.experiments.config._nodes import MapNode, plain
from sk_ensemble.experiments.config._shape import shaped
from sk_ensemble.experiments.config._variables import variable_faults

__all__ = ["check_model"]


def _without(node: MapNode, error: ValidationError) -> MapNode:
    """Return a model's description without the values that were refused."""
    for one in error.errors(include_url=False):
        section, *keys = map(str, one["loc"])
        inner = node.entries.get(section)
        if isinstance(inner, MapNode) and keys:
            node = node.with_entry(section, inner.without(*keys))
    return node


def _rest_of_model(node: MapNode, error: ValidationError) -> ModelConfig | None:
    """Return what can be read of a faulty description, to find more faults."""
    try:
        return ModelConfig.model_validate(plain(_without(node, error)))
    except ValidationError:
        return None


def _constructor_faults(model: ModelConfig, node: MapNode, path: str) -> list[Fault]:
    faults = []
    for (section, key), text in model.faults():
        inner = node.entries.get(section)
        place = inner.place_of(key) if isinstance(inner, MapNode) else node.place
        name = ".".join(part for part in (path, section, key) if part)
        faults.append(Fault(place, name, text))
    return faults


def check_model(
    row: Row, path: str, check_environment: bool
) -> tuple[ModelConfig | None, list[Fault]]:
    """Check one model.

    Parameters
    ----------
    row : Row
        What a file says of it.
    path : str
        Its key, for messages; empty for a file of its own.
    check_environment : bool
        Whether its library must be there and take the parameters.

    Returns
    -------
    model : ModelConfig or None
        The model; None if anything is wrong.
    faults : list of Fault
        All that is wrong.
    """
    faults = list(variable_faults(row.node, path, check_environment))
    node = shaped(row.node, ModelConfig, path, faults)
    assert isinstance(node, MapNode)
    model: ModelConfig | None
    try:
        model = ModelConfig.model_validate(plain(node))
    except ValidationError as error:
        faults.extend(faults_of(error, node, path))
        model = _rest_of_model(node, error)
    if model is not None and check_environment:
        faults.extend(_constructor_faults(model, node, path))
    return (None if faults else model), faults
