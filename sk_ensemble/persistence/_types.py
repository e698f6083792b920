"""The types of numbers that a parameter, such as `dtype`, may be."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["TYPES", "name_of_type"]

_NUMPY = (
    "bool_ float16 float32 float64 int8 int16 int32 int64 number object_ str_ uint8 "
    "uint16 uint32 uint64"
)

#: Names in files, and the types.
TYPES: dict[str, type] = {
    "bool": bool,
    "float": float,
    "int": int,
    "object": object,
    "str": str,
    **{f"numpy.{name}": getattr(np, name) for name in _NUMPY.split()},
}


def name_of_type(value: Any) -> str | None:
    """Return the name that files have for a type; None if there is none."""
    return next((name for name, known in TYPES.items() if known is value), None)
