"""Turn Python values into nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from sk_ensemble.experiments.config._fault import Fault, shown
from sk_ensemble.experiments.config._nodes import ListNode, MapNode, Node, ScalarNode
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._yaml import MAX_DEPTH

__all__ = ["node_of"]


def _scalar_fault(value: Any) -> str | None:
    if value is None or isinstance(value, bool | int | str):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else "is no finite number"
    return f"is a {type(value).__name__}, which a configuration cannot hold"


class _Converter:
    """Convert nested values, collecting what is wrong."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.faults: list[Fault] = []

    def refuse(self, key: str, text: str) -> None:
        self.faults.append(Fault(self.place, key, text))

    def node(self, value: Any, key: str, depth: int = 0) -> Node:
        if isinstance(value, PurePath):
            value = str(value)
        if depth > MAX_DEPTH:
            self.refuse(key, f"is nested more than {MAX_DEPTH} deep")
        elif isinstance(value, Mapping):
            return self.map_node(value, key, depth + 1)
        elif isinstance(value, list | tuple):
            items = [
                self.node(item, f"{key}[{place}]", depth + 1)
                for place, item in enumerate(value)
            ]
            return ListNode(items, self.place)
        else:
            fault = _scalar_fault(value)
            if fault is None:
                return ScalarNode(value, self.place)
            self.refuse(key, f"{fault}, got {shown(value)}")
        return ScalarNode(None, self.place)

    def map_node(self, value: Mapping[Any, Any], key: str, depth: int) -> MapNode:
        entries = {}
        for name, item in value.items():
            if isinstance(name, str):
                path = f"{key}.{name}" if key else name
                entries[name] = self.node(item, path, depth)
            else:
                self.refuse(key, f"keys must be text, got {shown(name)}")
        return MapNode(entries, self.place)


def node_of(value: Any, place: Place) -> tuple[Node, list[Fault]]:
    """Turn a Python value into a node.

    Parameters
    ----------
    value : object
        Nested mappings, lists, tuples, text, numbers, booleans, paths and None.
    place : Place
        Where it comes from.

    Returns
    -------
    node : ScalarNode, ListNode or MapNode
        The same values.
    faults : list of Fault
        What a configuration cannot hold.
    """
    converter = _Converter(place)
    node = converter.node(value, "")
    return node, converter.faults
