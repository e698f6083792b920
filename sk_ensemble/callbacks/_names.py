"""Turn any name or value into one that MLflow takes."""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import Any

import numpy as np

from sk_ensemble.callbacks._addresses import without_owner

__all__ = ["param_text", "safe_name", "shown"]

_FORBIDDEN = re.compile(r"[^\w\-. /:]")
#: Most characters of a name, and of the value of a parameter.
_LONGEST_NAME = 250
_LONGEST_VALUE = 6000


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _is_path(name: str) -> bool:
    """Tell whether a name means another one when it is read as a path."""
    normal = posixpath.normpath(name)
    return normal != name or normal == "." or normal.startswith(("..", "/"))


def safe_name(name: str) -> str:
    """Return a name that MLflow accepts for a parameter, metric or tag.

    Characters it forbids become ``_``, and so do slashes where the name is no plain
    relative path; more than 250 characters are cut. A name that had to be changed ends
    in eight digits of its SHA-256, so that no two names become one.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    name : str
        The same name, where that is acceptable.

    Examples
    --------
    >>> from sk_ensemble.callbacks._names import safe_name
    >>> safe_name("clf__C"), safe_name("loss [%]")
    ('clf__C', 'loss ____73d8d73a')
    """
    changed = _FORBIDDEN.sub("_", name)
    if _is_path(changed):
        changed = changed.replace("/", "_").replace(".", "_")
    if name and changed == name and len(name) <= _LONGEST_NAME:
        return name
    return f"{changed[: _LONGEST_NAME - 9]}_{_digest(name)}"


def _name_of(value: Any) -> str:
    """Name a class or function without its address in memory."""
    return f"{value.__module__}.{value.__qualname__}"


def shown(value: Any) -> str:
    """Return a value of a parameter as text that is the same in every process.

    Addresses lose their user and password.

    Examples
    --------
    >>> from sk_ensemble.callbacks._names import shown
    >>> shown("adam"), shown(1e-3), shown(len)
    ('adam', '0.001', 'builtins.len')
    """
    if isinstance(value, str):
        return without_owner(value) if "://" in value else value
    if isinstance(value, np.generic):
        return str(value.item())
    if hasattr(value, "__qualname__"):
        return _name_of(value)
    return " ".join(repr(value).split())


def param_text(value: str) -> str:
    """Cut the text of a parameter to what MLflow holds, and say so.

    Examples
    --------
    >>> from sk_ensemble.callbacks._names import param_text
    >>> param_text("x" * 7000)[-44:]
    'xxxxxx... [7000 characters, sha256 bad0f0b2]'
    """
    if len(value) <= _LONGEST_VALUE:
        return value
    note = f"... [{len(value)} characters, sha256 {_digest(value)}]"
    return value[: _LONGEST_VALUE - len(note)] + note
