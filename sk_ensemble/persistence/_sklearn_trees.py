"""Decision trees of scikit-learn, with a check before their nodes are walked along."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble.persistence._node_arrays import (
    columns_of,
    nodes_from,
    whole_number,
)
from sk_ensemble.utils.tree_checks import check_binary_tree, require

__all__ = [
    "check_decision_tree",
    "check_forest",
    "make_tree",
    "tree_state",
]

#: What scikit-learn writes for the children and for the feature of a leaf.
_NO_CHILD, _NO_FEATURE = -1, -2


def tree_state(tree: Any) -> dict[str, Any]:
    """Return what a tree consists of."""
    _, (n_features, n_classes, _), state = tree.__reduce__()
    return {
        "max_depth": state["max_depth"],
        "n_classes": np.asarray(n_classes),
        "n_features": n_features,
        "nodes": columns_of(state["nodes"]),
        "values": np.asarray(state["values"]),
    }


def _check_nodes(nodes: np.ndarray, n_features: int) -> None:
    left, right = nodes["left_child"], nodes["right_child"]
    splits = left != _NO_CHILD
    features = nodes["feature"]
    require(((right != _NO_CHILD) == splits).all(), "a node has two children or none")
    check_binary_tree(left, right, splits)
    require((features[~splits] == _NO_FEATURE).all(), "leaves have no feature")
    inside = (features[splits] >= 0) & (features[splits] < n_features)
    require(inside.all(), f"features lie below {n_features}")
    require(not np.isnan(nodes["threshold"]).any(), "thresholds are numbers")
    require((nodes["missing_go_to_left"] <= 1).all(), "flags are 0 or 1")


def make_tree(state: dict[str, Any]) -> Any:
    """Return the tree, once its parts are known to fit together."""
    from sklearn.tree._tree import NODE_DTYPE, Tree

    n_features, n_classes = state["n_features"], state["n_classes"]
    values, max_depth = state["values"], state["max_depth"]
    require(whole_number(n_features, least=1), "there are features")
    require(whole_number(max_depth), "the depth is a whole number")
    nodes = nodes_from(state["nodes"], NODE_DTYPE)
    _check_nodes(nodes, n_features)
    require(
        isinstance(n_classes, np.ndarray)
        and n_classes.dtype == np.intp
        and n_classes.ndim == 1
        and len(n_classes) >= 1
        and n_classes.min() >= 1,
        "each output has classes",
    )
    shape = (len(nodes), len(n_classes), int(n_classes.max()))
    require(
        isinstance(values, np.ndarray)
        and values.dtype == np.float64
        and values.shape == shape,
        f"the values of the nodes have the shape {shape}",
    )
    require(np.isfinite(values).all(), "values are finite")
    tree = Tree(int(n_features), n_classes, len(n_classes))
    tree.__setstate__(
        {
            "max_depth": int(max_depth),
            "node_count": len(nodes),
            "nodes": nodes,
            "values": np.ascontiguousarray(values),
        }
    )
    return tree


def check_decision_tree(estimator: Any) -> None:
    """Raise unless the tree of an estimator reads the features that there are."""
    from sklearn.tree._tree import Tree

    # A tree that is not fitted has none.
    if not hasattr(estimator, "tree_"):
        return
    require(isinstance(estimator.tree_, Tree), "a decision tree holds a tree")
    require(whole_number(estimator.n_features_in_, least=1), "there are features")
    require(
        estimator.tree_.n_features == estimator.n_features_in_,
        "the tree was grown on the features of the estimator",
    )


def _check_members(trees: Any, n_features: Any) -> None:
    """Raise unless trees read the features of the ensemble they belong to.

    It checks the features of its input once, and no tree does so again.
    """
    from sklearn.tree import BaseDecisionTree

    require(whole_number(n_features, least=1), "there are features")
    for tree in trees:
        require(isinstance(tree, BaseDecisionTree), "the ensemble is one of trees")
        require(
            hasattr(tree, "tree_") and tree.n_features_in_ == n_features,
            "the trees were grown on the features of the ensemble",
        )


def check_forest(estimator: Any) -> None:
    """Raise unless all trees read the features of the forest."""
    if hasattr(estimator, "estimators_"):
        require(isinstance(estimator.estimators_, list), "the trees are listed")
        _check_members(estimator.estimators_, estimator.n_features_in_)
