"""Arrays of nodes, one array per field, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sk_ensemble.utils.tree_checks import require

__all__ = ["columns_of", "nodes_from", "whole_number"]


def columns_of(nodes: np.ndarray) -> dict[str, np.ndarray]:
    """Return each field of an array of records as an array of its own."""
    return {name: nodes[name].copy() for name in nodes.dtype.names or ()}


def nodes_from(columns: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """Return records of a type, made of one array per field of exactly its type."""
    require(isinstance(columns, Mapping), "the nodes are given by their fields")
    names = dtype.names or ()
    require(
        set(columns) == set(names),
        f"the nodes have the fields {', '.join(names)} of this version of scikit-learn",
    )
    n_nodes = np.size(columns[names[0]])
    nodes = np.zeros(n_nodes, dtype=dtype)
    for name in names:
        column = columns[name]
        require(
            isinstance(column, np.ndarray)
            and column.shape == (n_nodes,)
            and column.dtype == dtype[name],
            f"all fields have {n_nodes} values, {name} of type {dtype[name]}",
        )
        nodes[name] = column
    return nodes


def whole_number(value: Any, *, least: int = 0) -> bool:
    """Whether a value is a whole number, Python's or NumPy's."""
    is_number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return is_number and value >= least
