"""What is to be known of a model without loading it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["summary_of"]


def _attribute(model: Any, name: str) -> Any:
    """Return a fitted attribute; a Pipeline asks its steps, which may have none."""
    return getattr(model, name, None)


def _listed(values: Any) -> list[Any] | None:
    return None if values is None else np.asarray(values).tolist()


def _reach(part: Any) -> tuple[int, int]:
    """Return window length and lag of an object, 0 if it has no windows."""
    lag = getattr(part, "lag", getattr(part, "lag_", 0))
    length = getattr(part, "window_length", getattr(part, "window_length_", 0))
    return length, lag


def _longest(parts: list[Any]) -> tuple[int, int]:
    """Return window length and lag of the object that looks back furthest."""
    return max(map(_reach, parts), key=sum, default=(0, 0))


def summary_of(model: Any, name: str, parts: list[Any]) -> dict[str, Any]:
    """Describe a model in values of JSON.

    Parameters
    ----------
    model : estimator
        The model.
    name : str
        Name of its class in files.
    parts : list of object
        All objects that it consists of.
    """
    window_length, lag = _longest(parts)
    return {
        "class": name,
        "classes": _listed(_attribute(model, "classes_")),
        "feature_names": _listed(_attribute(model, "feature_names_in_")),
        "lag": lag,
        "n_features": _attribute(model, "n_features_in_"),
        "window_length": max(1, window_length),
    }
