"""Lay one configuration over another."""

from __future__ import annotations

from sk_ensemble.experiments.config._nodes import MapNode, Node

__all__ = ["merged"]


def merged(base: Node, over: Node) -> Node:
    """Return a node with another laid over it.

    Mappings are merged key by key, however deep; all else is replaced, lists too.

    Parameters
    ----------
    base, over : ScalarNode, ListNode or MapNode
        What is to be changed, and the changes.

    Returns
    -------
    node : ScalarNode, ListNode or MapNode
        The result; each value keeps its place.
    """
    if not (isinstance(base, MapNode) and isinstance(over, MapNode)):
        return over
    entries = dict(base.entries)
    for key, node in over.entries.items():
        entries[key] = merged(entries[key], node) if key in entries else node
    return MapNode(entries, over.place, {**base.places, **over.places})
