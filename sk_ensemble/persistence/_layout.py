"""Names of the files that every model has."""

from __future__ import annotations

__all__ = ["ARRAYS", "TREE"]

#: Objects, parameters and numbers.
TREE = "tree.json"

#: Arrays and weights.
ARRAYS = "arrays.safetensors"
