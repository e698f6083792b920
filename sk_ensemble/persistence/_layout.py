"""Names and limits of the files that every model has."""

from __future__ import annotations

from sk_ensemble.exceptions import PersistenceError

__all__ = ["ARRAYS", "TREE", "refuse_large_tree"]

#: Objects, parameters and numbers.
TREE = "tree.json"

#: Arrays and weights.
ARRAYS = "arrays.safetensors"

#: Bytes and values of the tree of objects. Each value costs far more memory and time
#: when it is read than the few bytes that it takes in the file.
_TREE_BYTES = 2**25
_TREE_VALUES = 2**21


def refuse_large_tree(content: bytes) -> None:
    """Raise if reading a tree of objects would take too much memory or time.

    Raises
    ------
    PersistenceError
        If it has too many bytes or values.
    """
    n_values = sum(map(content.count, (b",", b"[", b"{")))
    if len(content) > _TREE_BYTES or n_values > _TREE_VALUES:
        msg = (
            f"{TREE} has {len(content)} bytes and about {n_values} values; the limits "
            f"are {_TREE_BYTES} and {_TREE_VALUES}"
        )
        raise PersistenceError(msg)
