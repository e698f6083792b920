"""Say pydantic's errors in the words of a configuration, with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from sk_ensemble.experiments.config._fault import Fault, shown
from sk_ensemble.experiments.config._nearest import nearest
from sk_ensemble.experiments.config._nodes import ListNode, MapNode, Node, plain
from sk_ensemble.experiments.config._place import Place

__all__ = ["faults_of"]

_TEXTS = {
    "bool_type": "must be true or false",
    "dict_type": "must hold keys and values",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "model_type": "must hold keys and values",
    "string_type": "must be text",
    "tuple_type": "must be a list",
}
_LIMITS = {
    "greater_than": ("must be more than", "gt"),
    "greater_than_equal": ("must be at least", "ge"),
    "less_than": ("must be less than", "lt"),
}
_SHORTEST = {"string_too_short": "must not be empty", "too_short": "must not be empty"}


def _choice_text(error: Mapping[str, Any]) -> str:
    expected = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
    choices = expected.split(", ")
    return f"is not allowed: {nearest(str(error['input']), choices)}"


def _text(error: Mapping[str, Any]) -> str:
    """Return what is wrong, without the value."""
    kind = error["type"]
    if kind in _TEXTS:
        return _TEXTS[kind]
    if kind in _SHORTEST:
        return _SHORTEST[kind]
    if kind in _LIMITS:
        words, name = _LIMITS[kind]
        return f"{words} {error['ctx'][name]}"
    if kind == "literal_error":
        return _choice_text(error)
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(error["ctx"]["error"]).rstrip(".")
    return str(error["msg"]).replace("Input should", "must")


def _key(path: str, part: int | str) -> str:
    if isinstance(part, int):
        return f"{path}[{part}]"
    return f"{path}.{part}" if path else part


def _find(
    node: Node, location: tuple[int | str, ...], path: str
) -> tuple[Node, Place, str]:
    """Follow a location as far as the file goes.

    Parts that no file holds are the names that pydantic gives to alternatives.
    """
    place = node.place
    for part in location:
        if isinstance(node, MapNode) and part in node.entries:
            place, node = node.place_of(str(part)), node.entries[str(part)]
        elif isinstance(node, ListNode) and isinstance(part, int):
            node = node.items[part]
            place = node.place
        else:
            continue
        path = _key(path, part)
    return node, place, path


def _only_follows(error: Mapping[str, Any]) -> bool:
    """Tell whether a list is called empty because of what is wrong with its items."""
    return error["type"] == "too_short" and bool(error["input"])


def _names_a_model(node: Node) -> bool:
    return isinstance(node, MapNode) and "name" in node.entries


def _read(error: Mapping[str, Any], node: Node, path: str) -> tuple[Fault, str]:
    """Return a fault, and what was got in its place."""
    location = error["loc"]
    found, place, key = _find(node, location, path)
    if error["type"] == "missing":
        return Fault(place, _key(key, location[-1]), _text(error)), ""
    if location[-1:] == ("model",) and _names_a_model(found):
        # The name was looked up before the section was.
        _, place, key = _find(found, ("name",), key)
    is_whole = isinstance(found, MapNode | ListNode) and bool(plain(found))
    got = "" if is_whole else f", got {shown(plain(found))}"
    return Fault(place, key, _text(error)), got


def faults_of(error: ValidationError, node: Node, path: str) -> list[Fault]:
    """Return one fault per value that pydantic refuses.

    Parameters
    ----------
    error : ValidationError
        What pydantic says.
    node : ScalarNode, ListNode or MapNode
        What was checked.
    path : str
        Its key.

    Returns
    -------
    faults : list of Fault
        With the places in the file. Where a value fits none of several types, one
        fault names them all.
    """
    texts: dict[tuple[Place, str, str], list[str]] = {}
    for one in error.errors(include_url=False):
        if _only_follows(one):
            continue
        fault, got = _read(one, node, path)
        texts.setdefault((fault.place, fault.key, got), []).append(fault.text)
    return [
        Fault(place, key, f"{' or '.join(told)}{got}")
        for (place, key, got), told in texts.items()
    ]
