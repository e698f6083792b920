"""Read type annotations: what they are made of, and how to say them in words."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

__all__ = ["item_type", "members", "models_of", "takes_text_only", "type_text"]

_WORDS = {NoneType: "None", Any: "object", str: "str"}


def members(annotation: Any) -> tuple[Any, ...]:
    """Return the alternatives of a type, without what annotates them.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._annotations import members
    >>> members(int | None)
    (<class 'int'>, <class 'NoneType'>)
    """
    origin = get_origin(annotation)
    if origin is Annotated:
        return members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(one for part in get_args(annotation) for one in members(part))
    return (annotation,)


def models_of(annotation: Any) -> tuple[type[BaseModel], ...]:
    """Return the models among the alternatives of a type."""
    return tuple(
        one
        for one in members(annotation)
        if isinstance(one, type) and issubclass(one, BaseModel)
    )


def item_type(annotation: Any) -> Any:
    """Return the type of the items where a type is that of a list, else None."""
    for one in members(annotation):
        if get_origin(one) is tuple:
            return get_args(one)[0]
    return None


def _is_text(annotation: Any) -> bool:
    return annotation is str or get_origin(annotation) is Literal


def takes_text_only(annotation: Any) -> bool:
    """Tell whether a type is text, or text and None."""
    parts = [one for one in members(annotation) if one is not NoneType]
    return bool(parts) and all(_is_text(one) for one in parts)


def _one_type_text(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "{" + ", ".join(f'"{value}"' for value in arguments) + "}"
    if origin is tuple:
        return f"list of {type_text(arguments[0])}"
    if origin is dict:
        return "dict"
    return _WORDS.get(annotation) or str(annotation.__name__)


def type_text(annotation: Any) -> str:
    """Say a type in the words of docstrings.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._annotations import type_text
    >>> type_text(tuple[int, ...] | str | None)
    'list of int, str or None'
    """
    *first, last = [_one_type_text(one) for one in members(annotation)]
    return f"{', '.join(first)} or {last}" if first else last
