"""Bring the entries of ``models`` into one form: a mapping of sections with a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path

from sk_ensemble.exceptions import RegistryError
from sk_ensemble.experiments.config._fault import Fault, shown
from sk_ensemble.experiments.config._files import find_file
from sk_ensemble.experiments.config._merge import merged
from sk_ensemble.experiments.config._nodes import (
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    plain,
)
from sk_ensemble.experiments.config._paths import model_path, with_value
from sk_ensemble.registry import model_info

__all__ = ["Row", "one_row", "rows_of"]

_MOST_ROWS = 1000

#: Reads a model file.
Reader = Callable[[Path], tuple[MapNode | None, list[Fault]]]


@dataclass(frozen=True)
class Row:
    """One model of an experiment, before it is checked.

    Parameters
    ----------
    key : str
        Name of the row.
    family_key : str
        Name of the entry it was made from.
    node : MapNode
        Its sections.
    """

    key: str
    family_key: str
    node: MapNode


def _text(node: Node | None) -> str | None:
    """Return a node's text, if it is text."""
    is_text = isinstance(node, ScalarNode) and isinstance(node.value, str)
    return node.value if is_text and isinstance(node, ScalarNode) else None


def _full_name(name: str, family: str | None = None) -> str | None:
    try:
        short = ":" in name or family is None
        return model_info(name if short else f"{family}:{name}").full_name
    except RegistryError:
        return None


def _with_section(entry: MapNode) -> MapNode:
    """Return an entry whose ``name`` stands in the section ``model``."""
    model = entry.entries.get("model")
    if isinstance(model, ScalarNode) and isinstance(model.value, str):
        place = entry.place_of("model")
        entry = entry.with_entry("model", MapNode({"name": model}, place), place)
    name = entry.entries.get("name")
    if name is None:
        return entry
    place = entry.place_of("name")
    node = with_value(entry, ("model", "name"), name, place)
    assert isinstance(node, MapNode)
    return node.without("name")


def _name_of(entry: MapNode) -> tuple[str | None, str | None]:
    model = entry.entries.get("model")
    if not isinstance(model, MapNode):
        return None, None
    return _text(model.entries.get("name")), _text(model.entries.get("family"))


def _contradiction(entry: MapNode, below: MapNode, path: str) -> list[Fault]:
    """Return a fault if an entry and its file name different models."""
    (name, family), (other, other_family) = _name_of(entry), _name_of(below)
    if name is None or other is None:
        return []
    own, theirs = _full_name(name, family), _full_name(other, other_family)
    if None in (own, theirs) or own == theirs:
        return []
    source = below.place.source
    text = f"is {own}, but {source} describes {theirs}: name one and the same"
    return [Fault(entry.place, f"{path}.name", text)]


def _laid_over_file(
    entry: MapNode, path: str, read: Reader, faults: list[Fault]
) -> MapNode:
    """Return an entry laid over the file that its ``config_path`` names."""
    named = entry.entries.get("config_path")
    own = _with_section(entry.without("config_path"))
    if named is None or (isinstance(named, ScalarNode) and named.value is None):
        return own
    name, place = _text(named), entry.place_of("config_path")
    if name is None:
        text = f"must be the name of a file, got {shown(plain(named))}"
        faults.append(Fault(place, f"{path}.config_path", text))
        return own
    found, tried = find_file(name, named.place)
    if found is None:
        told = " and ".join(map(str, tried))
        text = f"there is no file {name!r}; looked for {told}"
        faults.append(Fault(place, f"{path}.config_path", text))
        return own
    below, more = read(found)
    faults.extend(more)
    if below is None:
        return own
    below = _with_section(below)
    faults.extend(_contradiction(own, below, path))
    node = merged(below, own)
    assert isinstance(node, MapNode)
    return node


def _default_key(entry: MapNode) -> str:
    name, _ = _name_of(entry)
    return "" if name is None else name.rpartition(":")[2]


def _axes(grid: Node, path: str, faults: list[Fault]) -> dict[str, list[Node]]:
    """Return the values of each axis of a grid."""
    if not isinstance(grid, MapNode):
        text = "must hold keys with lists of values, such as max_depth: [4, 6]"
        faults.append(Fault(grid.place, f"{path}.grid", text))
        return {}
    axes = {}
    for name, node in grid.entries.items():
        if isinstance(node, ListNode) and node.items and all(name.split(".")):
            axes[name] = node.items
        else:
            text = "must be a list of values, with at least one"
            faults.append(Fault(grid.place_of(name), f"{path}.grid.{name}", text))
    n_rows = prod(len(values) for values in axes.values())
    if n_rows > _MOST_ROWS:
        text = f"makes {n_rows:,} models; at most {_MOST_ROWS:,} will do"
        faults.append(Fault(grid.place, f"{path}.grid", text))
        return {}
    return axes


def _grid_rows(entry: MapNode, key: str, axes: dict[str, list[Node]]) -> Iterator[Row]:
    """Yield a row per combination of values."""
    for number, values in enumerate(product(*axes.values()), start=1):
        node: Node = entry
        for name, value in zip(axes, values, strict=True):
            parts = model_path(entry, tuple(name.split(".")))
            node = with_value(node, parts, value, value.place)
        assert isinstance(node, MapNode)
        name = f"{key}-{number}"
        row = node.with_entry("key", ScalarNode(name, entry.place), entry.place)
        yield Row(name, key, row)


def _rows_of_entry(
    entry: MapNode, path: str, read: Reader, faults: list[Fault]
) -> Iterator[Row]:
    grid = entry.entries.get("grid")
    node = _laid_over_file(entry.without("grid"), path, read, faults)
    key = _text(node.entries.get("key")) or _default_key(node)
    if grid is None or (isinstance(grid, ScalarNode) and grid.value is None):
        yield Row(key, key, node)
        return
    axes = _axes(grid, path, faults)
    if axes:
        yield from _grid_rows(node, key, axes)


def _as_entry(node: Node, path: str, faults: list[Fault]) -> MapNode | None:
    """Return an entry as a mapping; a name alone stands for one."""
    if isinstance(node, MapNode):
        return node
    if _text(node) is not None:
        return MapNode({"name": node}, node.place)
    text = f"must be a model's name, or keys and values, got {shown(plain(node))}"
    faults.append(Fault(node.place, path, text))
    return None


def one_row(node: MapNode, read: Reader, faults: list[Fault]) -> Row:
    """Return the model that a file of its own describes.

    Parameters
    ----------
    node : MapNode
        What the file says.
    read : callable
        Reads another file.
    faults : list of Fault
        What is wrong is added to it.

    Returns
    -------
    row : Row
        The model.
    """
    entry = _laid_over_file(node, "", read, faults)
    key = _text(entry.entries.get("key")) or _default_key(entry)
    return Row(key, key, entry)


def rows_of(node: Node, read: Reader, faults: list[Fault]) -> list[Row]:
    """Return the models of an experiment, grids expanded and files read.

    Parameters
    ----------
    node : ScalarNode, ListNode or MapNode
        What the file says under ``models``.
    read : callable
        Reads a model file.
    faults : list of Fault
        What is wrong is added to it.

    Returns
    -------
    rows : list of Row
        In the order of the file.
    """
    if not isinstance(node, ListNode) or not node.items:
        text = f"must be a list with at least one model, got {shown(plain(node))}"
        faults.append(Fault(node.place, "models", text))
        return []
    rows: list[Row] = []
    for number, item in enumerate(node.items):
        path = f"models[{number}]"
        entry = _as_entry(item, path, faults)
        if entry is not None:
            rows.extend(_rows_of_entry(entry, path, read, faults))
    if len(rows) > _MOST_ROWS:
        text = f"makes {len(rows):,} models; at most {_MOST_ROWS:,} will do"
        faults.append(Fault(node.place, "models", text))
        return rows[:_MOST_ROWS]
    return rows
