"""Values that know where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sk_ensemble.experiments.config._place import Place

__all__ = ["ListNode", "MapNode", "Node", "ScalarNode", "plain", "walk"]


@dataclass(frozen=True)
class ScalarNode:
    """A single value, with its text where it was written without quotes."""

    value: Any
    place: Place
    text: str | None = None


@dataclass(frozen=True)
class ListNode:
    """A list."""

    items: list[Node]
    place: Place


@dataclass(frozen=True)
class MapNode:
    """A mapping with text as keys, each with the place where it stands."""

    entries: dict[str, Node]
    place: Place
    places: dict[str, Place] = field(default_factory=dict)

    def place_of(self, key: str) -> Place:
        """Return where a key stands."""
        return self.places.get(key, self.place)

    def with_entry(self, key: str, node: Node, place: Place | None = None) -> MapNode:
        """Return the mapping with one entry set."""
        places = {**self.places, key: place or node.place}
        return MapNode({**self.entries, key: node}, self.place, places)

    def without(self, *keys: str) -> MapNode:
        """Return the mapping without some keys."""
        entries = {key: node for key, node in self.entries.items() if key not in keys}
        return MapNode(entries, self.place, self.places)


Node: TypeAlias = ScalarNode | ListNode | MapNode


def plain(node: Node) -> Any:
    """Return a node's value without its places."""
    if isinstance(node, MapNode):
        return {key: plain(item) for key, item in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def walk(
    node: Node, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], ScalarNode]]:
    """Yield every single value with its path."""
    if isinstance(node, MapNode):
        for key, item in node.entries.items():
            yield from walk(item, (*path, key))
    elif isinstance(node, ListNode):
        for place, item in enumerate(node.items):
            yield from walk(item, (*path, str(place)))
    else:
        yield path, node
