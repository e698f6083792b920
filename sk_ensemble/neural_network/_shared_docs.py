"""Descriptions of what all networks share, written into the docstrings of each."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection
from typing import TypeVar

__all__ = ["insert_into_docstring", "section", "without"]

_Class = TypeVar("_Class", bound=type)


def section(cls: type, title: str) -> str:
    """Return what stands in one section of a class's docstring."""
    heading = f"{title}\n{'-' * len(title)}\n"
    _, _, after = inspect.cleandoc(cls.__doc__ or "").partition(heading)
    return after.partition("\n\n")[0]


def without(text: str, names: Collection[str]) -> str:
    """Return a section without the descriptions of some parameters."""
    described = re.split(r"\n(?=\S)", text)
    kept = [one for one in described if one.partition(" ")[0] not in names]
    return "\n".join(kept)


def insert_into_docstring(**texts: str) -> Callable[[_Class], _Class]:
    """Return a decorator that replaces lines such as ``{name}`` by a text."""

    def decorate(cls: _Class) -> _Class:
        # Python leaves docstrings out if told to optimise.
        if cls.__doc__ is not None:
            doc = inspect.cleandoc(cls.__doc__)
            for name, text in texts.items():
                doc = doc.replace(f"{{{name}}}", text)
            cls.__doc__ = doc
        return cls

    return decorate
