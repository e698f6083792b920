"""What differs between the files of a run and the same run made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray

__all__ = ["Difference", "json_differences", "table_differences"]


@dataclass(frozen=True)
class Difference:
    """Tell of one column, or one figure, that is not the same any more.

    Attributes
    ----------
    file : str
        The file, relative to the run directory.
    column : str
        The column, or the path of a figure such as ``test.log_loss``.
    n_rows : int
        How many rows differ.
    largest : float or None
        The largest difference, where it is one of numbers.
    text : str, default=""
        What else there is to say.
    """

    file: str
    column: str
    n_rows: int
    largest: float | None
    text: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        rows = f"{self.n_rows} row{'' if self.n_rows == 1 else 's'}"
        size = "" if self.largest is None else f", at most {self.largest:.3g}"
        text = f" ({self.text})" if self.text else ""
        return f"{self.file}: {self.column}: {rows}{size}{text}"


def _is_float(column: pd.Series) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind == "f"


def _differ(old: pd.Series, new: pd.Series) -> BoolArray:
    """Mark the rows that differ, floats by their bits."""
    if _is_float(old) and old.dtype == new.dtype:
        a, b = old.to_numpy(), new.to_numpy()
        bits = f"u{a.dtype.itemsize}"
        return np.asarray(a.view(bits) != b.view(bits))
    both_missing = old.isna().to_numpy() & new.isna().to_numpy()
    same = (old == new).fillna(False).to_numpy(dtype=bool)
    return np.asarray(~(same | both_missing))


def _largest(old: pd.Series, new: pd.Series) -> float | None:
    """Return the largest difference of two columns of numbers."""
    if not all(pd.api.types.is_numeric_dtype(column) for column in (old, new)):
        return None
    a, b = (column.to_numpy(np.float64, na_value=np.nan) for column in (old, new))
    with np.errstate(invalid="ignore", over="ignore"):
        sizes = np.abs(a - b)
    return float(np.nanmax(sizes)) if np.isfinite(sizes).any() else None


def table_differences(
    file: str, old: pd.DataFrame, new: pd.DataFrame
) -> Iterator[Difference]:
    """Compare two tables, row by row and bit for bit.

    Parameters
    ----------
    file : str
        What they are called.
    old, new : DataFrame
        What is stored, and what was made now.

    Yields
    ------
    difference : Difference
        One per column that differs.
    """
    if len(old) != len(new):
        text = f"{len(old)} rows are stored, {len(new)} were made"
        yield Difference(file, "rows", abs(len(old) - len(new)), None, text)
        return
    for name in dict.fromkeys([*old.columns, *new.columns]):
        if name not in old or name not in new:
            where = "stored" if name in old else "made now"
            yield Difference(file, str(name), len(old), None, f"only {where}")
            continue
        n_rows = int(_differ(old[name], new[name]).sum())
        if n_rows:
            largest = _largest(old[name], new[name])
            yield Difference(file, str(name), n_rows, largest)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield everything in nested dicts and lists that is neither."""
    inner: Mapping[Any, Any] | None = None
    if isinstance(value, Mapping):
        inner = value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = dict(enumerate(value))
    if inner is None:
        yield path, value
        return
    for key, item in inner.items():
        yield from _leaves(item, f"{path}.{key}" if path else str(key))


def _distance(old: Any, new: Any) -> float | None:
    """Return how far two numbers are apart."""
    are_numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool)
        for value in (old, new)
    )
    return abs(old - new) if are_numbers else None


def json_differences(file: str, old: Any, new: Any) -> Iterator[Difference]:
    """Compare what two JSON files hold.

    Parameters
    ----------
    file : str
        What they are called.
    old, new : object
        What is stored, and what was made now.

    Yields
    ------
    difference : Difference
        One per value that differs.
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for name in dict.fromkeys([*before, *after]):
        a, b = before.get(name), after.get(name)
        if a != b or (name in before) != (name in after):
            text = f"was {a!r}, is {b!r}"
            yield Difference(file, name, 1, _distance(a, b), text)
