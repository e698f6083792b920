"""Write plain values as YAML 1.2."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["yaml_text"]

# What no version of YAML takes for anything but text; the rest is quoted.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*([./-][A-Za-z0-9_]+)*")
_WORDS = frozenset({"false", "n", "no", "null", "off", "on", "true", "y", "yes"})
# Beyond what JSON escapes: characters that YAML does not allow or takes for breaks.
_UNPRINTABLE = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _quoted(text: str) -> str:
    return _UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _text(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else _quoted(text)


def _flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        pairs = (f"{_text(name)}: {_flow(item)}" for name, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    return json.dumps(value)


def _has_lines(value: Any) -> bool:
    """Tell whether a value is laid out on lines of its own."""
    if isinstance(value, dict):
        return bool(value)
    return isinstance(value, list | tuple) and any(isinstance(v, dict) for v in value)


def _entry_lines(value: dict[str, Any]) -> Iterator[str]:
    for name, item in value.items():
        if _has_lines(item):
            yield f"{_text(name)}:"
            yield from (f"  {line}" for line in _lines(item))
        else:
            yield f"{_text(name)}: {_flow(item)}"


def _item_lines(values: list[Any] | tuple[Any, ...]) -> Iterator[str]:
    for value in values:
        first, *rest = _lines(value)
        yield f"- {first}"
        yield from (f"  {line}" for line in rest)


def _lines(value: Any) -> Iterator[str]:
    """Yield the lines of a value."""
    if not _has_lines(value):
        yield _flow(value)
    elif isinstance(value, dict):
        yield from _entry_lines(value)
    else:
        yield from _item_lines(value)


def yaml_text(value: Any) -> str:
    """Write a value as YAML 1.2.

    Parameters
    ----------
    value : object
        Nested dicts with names as keys, lists, text, numbers, booleans and None.

    Returns
    -------
    text : str
        Blocks of mappings, with plain lists on one line.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._dump import yaml_text
    >>> print(yaml_text({"a": {"b": [1, 2.5, None]}, "c": "no", "d": {}}), end="")
    a:
      b: [1, 2.5, null]
    c: "no"
    d: {}
    """
    return "\n".join(_lines(value)) + "\n"
