"""Types of the values of a configuration, with their limits."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

__all__ = [
    "Count",
    "Items",
    "Positive",
    "Seed",
    "Some",
    "Unique",
    "Workers",
    "as_tuple",
]

_Item = TypeVar("_Item")


def as_tuple(value: Any) -> Any:
    """Return a list as a tuple, and all else as it is."""
    return tuple(value) if isinstance(value, list) else value


def _all_different(values: Any) -> Any:
    twice = sorted({value for value in values or () if values.count(value) > 1})
    if twice:
        shown = ", ".join(map(str, twice))
        raise ValueError(f"must not hold anything twice: {shown}")
    return values


def _some_workers(value: int) -> int:
    if value == 0 or value < -1:
        raise ValueError("must be at least 1, or -1 for one per core")
    return value


Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Workers = Annotated[int, AfterValidator(_some_workers)]

#: A list, which becomes a tuple.
Items = Annotated[tuple[_Item, ...], BeforeValidator(as_tuple)]
#: A list with something in it.
Some = Annotated[tuple[_Item, ...], Field(min_length=1), BeforeValidator(as_tuple)]
#: A list with something in it and nothing twice.
Unique = Annotated[
    tuple[_Item, ...],
    Field(min_length=1),
    BeforeValidator(as_tuple),
    AfterValidator(_all_different),
]
