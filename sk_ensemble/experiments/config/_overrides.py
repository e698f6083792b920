"""Changes from the command line: ``models.xgboost.max_depth=6``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sk_ensemble.experiments.config._fault import Fault
from sk_ensemble.experiments.config._nodes import ListNode, MapNode, Node, ScalarNode
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._yaml import read_yaml

__all__ = ["Override", "read_overrides"]


@dataclass(frozen=True)
class Override:
    """One change.

    Parameters
    ----------
    parts : tuple of str
        Path of the key.
    value : ScalarNode, ListNode or MapNode
        What it is set to.
    place : Place
        The change itself, without its value, which may be secret.
    """

    parts: tuple[str, ...]
    value: Node
    place: Place


def _moved(node: Node, place: Place) -> Node:
    """Return a node that stands, with all it holds, at one place."""
    if isinstance(node, MapNode):
        entries = {key: _moved(item, place) for key, item in node.entries.items()}
        return MapNode(entries, place)
    if isinstance(node, ListNode):
        return ListNode([_moved(item, place) for item in node.items], place)
    return ScalarNode(node.value, place, node.text)


def _read_value(text: str, place: Place) -> tuple[Node | None, list[Fault]]:
    if not text.strip():
        return ScalarNode(None, place, ""), []
    node, faults = read_yaml(text, place)
    moved = [Fault(place, fault.key, fault.text) for fault in faults]
    return None if node is None else _moved(node, place), moved


def _read_override(text: str) -> tuple[Override | None, list[Fault]]:
    path, equals, value = text.partition("=")
    place = Place(f"--set {path.strip()}")
    parts = tuple(part.strip() for part in path.split("."))
    if not equals or not all(parts):
        text = "must be written as key=value, with dots between keys: cv.n_splits=3"
        return None, [Fault(place, "", text)]
    node, faults = _read_value(value, place)
    return None if node is None else Override(parts, node, place), faults


def read_overrides(texts: Iterable[str]) -> tuple[list[Override], list[Fault]]:
    """Read changes.

    Parameters
    ----------
    texts : iterable of str
        Such as ``cv.n_splits=3``; the value is YAML.

    Returns
    -------
    overrides : list of Override
        Those that can be read.
    faults : list of Fault
        What is wrong with the others.
    """
    read = [_read_override(text) for text in texts]
    overrides = [override for override, _ in read if override is not None]
    return overrides, [fault for _, faults in read for fault in faults]
