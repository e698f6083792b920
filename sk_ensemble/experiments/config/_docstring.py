"""Complete a model's docstring with its parameters, from their descriptions."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from sk_ensemble.experiments.config._annotations import type_text

__all__ = ["with_parameters"]

_HEADING = re.compile(r"^[A-Z][A-Za-z ]+\n-{3,}$", re.MULTILINE)


def _default_text(default: Any) -> str:
    """Write a default as the house style has it, with double quotes."""
    text = repr(default)
    is_plain = isinstance(default, str | tuple) and '"' not in text
    return text.replace("'", '"') if is_plain else text


def _parameter(name: str, field: FieldInfo) -> Iterator[str]:
    kind = type_text(field.annotation)
    default = "" if field.is_required() else f", default={_default_text(field.default)}"
    yield f"{name} : {kind}{default}"
    yield textwrap.indent(textwrap.fill(field.description or "", 76), "    ")


def with_parameters(doc: str | None, fields: Mapping[str, FieldInfo]) -> str:
    """Return a docstring with a section on the parameters before its other sections.

    Parameters
    ----------
    doc : str or None
        The docstring without that section.
    fields : mapping of str to FieldInfo
        The parameters by name.

    Returns
    -------
    doc : str
        The docstring with it.
    """
    text = inspect.cleandoc(doc or "")
    lines = [line for name, field in fields.items() for line in _parameter(name, field)]
    section = "\n".join(["Parameters", "----------", *lines])
    found = _HEADING.search(text)
    if found is None:
        return f"{text}\n\n{section}\n"
    place = found.start()
    return f"{text[:place]}{section}\n\n{text[place:]}\n"
