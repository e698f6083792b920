"""Fit nodes to the models that will check them: no unknown keys, text as text."""

from __future__ import annotations

from typing import Any, get_origin

from pydantic import BaseModel

from sk_ensemble.experiments.config._annotations import (
    item_type,
    members,
    models_of,
    takes_text_only,
)
from sk_ensemble.experiments.config._experiment_config import data_branch
from sk_ensemble.experiments.config._fault import MOST_FAULTS, Fault
from sk_ensemble.experiments.config._files_section import FilesSection
from sk_ensemble.experiments.config._model_config import ModelConfig
from sk_ensemble.experiments.config._nearest import nearest
from sk_ensemble.experiments.config._nodes import ListNode, MapNode, Node, ScalarNode
from sk_ensemble.experiments.config._training_section import TrainingSection

__all__ = ["shaped"]


def _model_meant(annotation: Any, node: MapNode) -> type[BaseModel] | None:
    """Return the model that a mapping is to become."""
    models = models_of(annotation)
    if len(models) < 2:
        return models[0] if models else None
    is_files = data_branch(node.entries) == "files"
    return next(one for one in models if (one is FilesSection) == is_files)


def _homes(model: type[BaseModel], key: str) -> list[str]:
    """Return the sections of a model that know a key."""
    return [
        name
        for name, field in model.model_fields.items()
        if any(key in one.model_fields for one in models_of(field.annotation))
    ]


def _unknown_text(model: type[BaseModel], key: str) -> str:
    """Say what is known instead of a key."""
    homes = _homes(model, key)
    if homes:
        return f"unknown key here; it belongs under {' or '.join(homes)}"
    text = f"unknown key; {nearest(key, model.model_fields)}"
    if model in (ModelConfig, TrainingSection):
        text += " (parameters of the model itself belong under hyperparameters)"
    return text


def _is_empty_section(node: Node, annotation: Any) -> bool:
    """Tell whether a section is named and nothing written in it."""
    is_null = isinstance(node, ScalarNode) and node.value is None
    return is_null and (bool(models_of(annotation)) or get_origin(annotation) is dict)


def _scalar(node: ScalarNode, annotation: Any) -> ScalarNode:
    """Return a value as text where text is wanted, as it was written."""
    if node.text is None or not takes_text_only(annotation):
        return node
    if node.value is None and type(None) in members(annotation):
        return node
    return ScalarNode(node.text, node.place, node.text)


def _mapping(
    node: MapNode, model: type[BaseModel], path: str, faults: list[Fault]
) -> MapNode:
    entries = {}
    for key, item in node.entries.items():
        name = f"{path}.{key}" if path else key
        field = model.model_fields.get(key)
        if field is None:
            # To look for a nearest key takes time, and nobody reads hundreds.
            is_readable = len(faults) < MOST_FAULTS
            text = _unknown_text(model, key) if is_readable else "unknown key"
            faults.append(Fault(node.place_of(key), name, text))
        elif not _is_empty_section(item, field.annotation):
            entries[key] = shaped(item, field.annotation, name, faults)
    return MapNode(entries, node.place, node.places)


def shaped(node: Node, annotation: Any, path: str, faults: list[Fault]) -> Node:
    """Return a node without unknown keys, and with text where text is wanted.

    Parameters
    ----------
    node : ScalarNode, ListNode or MapNode
        What a file says.
    annotation : type
        Type that it is to have.
    path : str
        Its key, for messages.
    faults : list of Fault
        Unknown keys are added to it.

    Returns
    -------
    node : ScalarNode, ListNode or MapNode
        The same with what is not known left out. ``[ON, 007]`` is a list of two words
        where words are wanted.
    """
    if isinstance(node, ScalarNode):
        return _scalar(node, annotation)
    if isinstance(node, ListNode):
        kind = item_type(annotation)
        if kind is None:
            return node
        items = [
            shaped(item, kind, f"{path}[{place}]", faults)
            for place, item in enumerate(node.items)
        ]
        return ListNode(items, node.place)
    model = _model_meant(annotation, node)
    return node if model is None else _mapping(node, model, path, faults)
