from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.utils.tree_checks import check_binary_tree, require


def is_tree(left: np.ndarray, right: np.ndarray, splits: np.ndarray) -> bool:
    try:
        check_binary_tree(left, right, splits)
    except PersistenceError:
        return False
    return True


def walk_visits_all_once(left, right, splits) -> bool:
    """Follow all children from the root, slowly: each later, each seen once."""
    n_nodes = len(splits)
    seen, waiting = [], [0] if n_nodes else []
    while waiting:
        node = waiting.pop()
        seen.append(node)
        if len(seen) > n_nodes:
            return False
        if splits[node]:
            children = [left[node], right[node]]
            if not all(node < child < n_nodes for child in children):
                return False
            waiting += children
    return sorted(seen) == list(range(n_nodes)) and n_nodes > 0


@given(
    st.integers(0, 7).flatmap(
        lambda n: st.tuples(
            st.lists(st.integers(-1, 8), min_size=n, max_size=n),
            st.lists(st.integers(-1, 8), min_size=n, max_size=n),
            st.lists(st.booleans(), min_size=n, max_size=n),
        )
    )
)
def test_what_is_accepted_can_be_walked_along(nodes):
    left, right, splits = map(np.array, nodes)
    splits = splits.astype(bool)
    left, right = left.astype(int), right.astype(int)
    assert is_tree(left, right, splits) == walk_visits_all_once(left, right, splits)


@given(st.integers(0, 20), st.randoms(use_true_random=False))
def test_trees_that_are_grown_are_accepted(n_splits, rng):
    left, right, leaves = [-1], [-1], [0]
    for _ in range(n_splits):
        node = leaves.pop(rng.randrange(len(leaves)))
        left[node], right[node] = len(left), len(left) + 1
        leaves += [left[node], right[node]]
        left += [-1, -1]
        right += [-1, -1]
    splits = np.array(left) >= 0
    assert is_tree(np.array(left), np.array(right), splits)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1, -1, -1], [1, -1, -1]),
        ([0, -1, -1], [2, -1, -1]),
        ([1, 0, -1], [2, 2, -1]),
        ([3, -1, -1], [2, -1, -1]),
        ([2**31, -1, -1], [2, -1, -1]),
        ([-2, -1, -1], [2, -1, -1]),
    ],
)
def test_what_is_no_tree_is_refused(left, right):
    splits = np.array(left) != -1
    assert not is_tree(np.array(left), np.array(right), splits)


def test_unsigned_numbers_of_children_are_taken():
    left, right = np.array([1, 0, 0], np.uint32), np.array([2, 0, 0], np.uint32)
    assert is_tree(left, right, np.array([True, False, False]))
    assert not is_tree(left, right + np.uint32(2**31), np.array([True, False, False]))


def test_a_fact_that_does_not_hold_is_named():
    require(True, "all is well")
    with pytest.raises(PersistenceError, match="all is well"):
        require(False, "all is well")
