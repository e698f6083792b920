"""The types of arrays that a model file may hold."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from sk_ensemble.exceptions import PersistenceError

__all__ = ["dtype_of", "is_time", "name_of_dtype", "stored_dtype"]

#: Names as in NumPy: bool, integers, floats and times with their unit.
_NUMBERS = re.compile(r"\|b1|\|[iu]1|<[iu][248]|<f[248]")
_TIMES = re.compile(r"<[Mm]8\[[0-9]{0,6}(?:Y|M|W|D|h|m|s|ms|us|ns)\]")


def is_time(dtype: np.dtype[Any]) -> bool:
    """Whether the type is one of times or of time spans."""
    return dtype.kind in "mM"


def name_of_dtype(dtype: np.dtype[Any]) -> str | None:
    """Return the name of a type in files; None if files cannot hold it."""
    name = dtype.newbyteorder("<").str
    known = _NUMBERS.fullmatch(name) or _TIMES.fullmatch(name)
    return name if known and dtype.fields is None else None


def dtype_of(name: Any) -> np.dtype[Any]:
    """Return the type that a file means by a name."""
    if isinstance(name, str) and (_NUMBERS.fullmatch(name) or _TIMES.fullmatch(name)):
        return np.dtype(name)
    msg = f"{name!r} is no type of array that a model may hold."
    raise PersistenceError(msg)


def stored_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type under which values are stored: times are whole numbers."""
    return np.dtype("<i8") if is_time(dtype) else dtype.newbyteorder("<")
