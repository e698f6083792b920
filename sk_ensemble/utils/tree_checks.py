"""Refuse arrays that are no binary tree, before a native library walks along them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import BoolArray, IntArray
from sk_ensemble.exceptions import PersistenceError

__all__ = ["check_binary_tree", "require"]


def require(fact: Any, what: str) -> None:
    """Raise unless a fact holds.

    Parameters
    ----------
    fact : object
        Taken as true or false.
    what : str
        The fact, in words.

    Raises
    ------
    PersistenceError
        If it does not hold.
    """
    if not fact:
        msg = f"the structure is wrong, as it does not hold that {what}"
        raise PersistenceError(msg)


def check_binary_tree(left: IntArray, right: IntArray, splits: BoolArray) -> None:
    """Raise unless the nodes form one binary tree whose root comes first.

    Every node but the root must be the child of exactly one earlier node, so that a
    walk along the tree stays inside the arrays and ends.

    Parameters
    ----------
    left, right : ndarray of int of shape (n_nodes,)
        Numbers of the children; looked at where there is a split.
    splits : ndarray of bool of shape (n_nodes,)
        Whether the node has children.

    Raises
    ------
    PersistenceError
        If they do not.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.tree_checks import check_binary_tree
    >>> splits = np.array([True, False, False])
    >>> check_binary_tree(np.array([1, -1, -1]), np.array([2, -1, -1]), splits)
    >>> check_binary_tree(np.array([1, -1, -1]), np.array([9, -1, -1]), splits)
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.PersistenceError: the structure is wrong, ...
    """
    parents = np.flatnonzero(splits)
    children = np.concatenate([left[parents], right[parents]]).astype(np.int64)
    require(len(splits) >= 1, "a tree has a root")
    require(
        np.array_equal(np.sort(children), np.arange(1, len(splits))),
        "every node but the root is the child of one other",
    )
    require((children > np.tile(parents, 2)).all(), "children come after parents")
