"""Checks of parameters that several splitters share."""

from __future__ import annotations

from numbers import Integral
from typing import Any

__all__ = ["check_choice", "check_count"]


def check_count(value: Any, name: str, minimum: int) -> int:
    """Return a whole number, refusing others and those below the minimum.

    Examples
    --------
    >>> from sk_ensemble.model_selection._parameters import check_count
    >>> check_count(1, "n_splits", 2)
    Traceback (most recent call last):
        ...
    ValueError: n_splits must be at least 2, got 1.
    """
    if not isinstance(value, Integral) or isinstance(value, bool):
        msg = f"{name} must be a whole number, got {value!r} of {type(value).__name__}."
        raise TypeError(msg)
    if value < minimum:
        msg = f"{name} must be at least {minimum}, got {value}."
        raise ValueError(msg)
    return int(value)


def check_choice(value: Any, name: str, choices: tuple[str, ...]) -> None:
    """Raise if a value is none of the allowed ones."""
    if not isinstance(value, str) or value not in choices:
        allowed = " or ".join(map(repr, choices))
        msg = f"{name} must be {allowed}, got {value!r}."
        raise ValueError(msg)
