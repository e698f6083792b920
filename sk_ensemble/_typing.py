"""Type aliases shared by the whole package."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["BoolArray", "FloatArray", "IntArray", "NanosecondArray", "Rows"]

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
#: Nanoseconds since 1970-01-01 UTC, as int64.
NanosecondArray: TypeAlias = npt.NDArray[np.int64]
#: Whatever selects samples: positions, a slice or a mask.
Rows: TypeAlias = Any
