"""Set values of nodes by dotted paths."""

from __future__ import annotations

from sk_ensemble.experiments.config._dataset_section import DatasetSection
from sk_ensemble.experiments.config._nodes import MapNode, Node
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._training_section import TrainingSection

__all__ = ["model_path", "with_value"]

_SECTIONS = ("model", "key", "hyperparameters", "training", "dataset")


def _keys_of(entry: MapNode, section: str) -> dict[str, Node]:
    node = entry.entries.get(section)
    return node.entries if isinstance(node, MapNode) else {}


def model_path(entry: MapNode, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Complete a path within a model: ``max_depth`` is a hyperparameter.

    Parameters
    ----------
    entry : MapNode
        The model's description.
    parts : tuple of str
        Path that may lack the section.

    Returns
    -------
    parts : tuple of str
        Path with the section: that which has the key already, else that which knows
        it, else the hyperparameters.
    """
    name = parts[0]
    if name in _SECTIONS:
        return parts
    if name in _keys_of(entry, "hyperparameters"):
        return ("hyperparameters", *parts)
    if name in TrainingSection.model_fields:
        return ("training", *parts)
    if name in DatasetSection.model_fields:
        return ("dataset", *parts)
    return ("hyperparameters", *parts)


def with_value(
    node: Node | None, parts: tuple[str, ...], value: Node, place: Place
) -> Node:
    """Return a node with a value set, and mappings made where there are none.

    Parameters
    ----------
    node : ScalarNode, ListNode, MapNode or None
        What is to be changed.
    parts : tuple of str
        Path of the value.
    value : ScalarNode, ListNode or MapNode
        The value.
    place : Place
        Where it comes from.

    Returns
    -------
    node : ScalarNode, ListNode or MapNode
        The changed copy.
    """
    if not parts:
        return value
    mapping = node if isinstance(node, MapNode) else MapNode({}, place)
    key, *rest = parts
    below = with_value(mapping.entries.get(key), tuple(rest), value, place)
    return mapping.with_entry(key, below, place)
