"""Refuse boosters that XGBoost could not walk along without harm.

Everything that the library reads is compared with what this package writes: nothing
in the file is left to the library's own parser to make sense of.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from sk_ensemble.boosting._ubjson import pack, unpack
from sk_ensemble.utils.tree_checks import check_binary_tree, require

__all__ = ["check_xgboost"]

_NO_CHILD = -1
#: What stands for the parent of a root.
_NO_PARENT = 2**31 - 1

_FLOAT = re.compile(r"-?[0-9](\.[0-9]+)?E-?[0-9]{1,2}")

#: Types of the arrays of a tree, one value per node.
_PER_NODE = {
    "base_weights": ">f4",
    "default_left": ">u1",
    "left_children": ">i4",
    "loss_changes": ">f4",
    "parents": ">i4",
    "right_children": ">i4",
    "split_conditions": ">f4",
    "split_indices": ">i4",
    "split_type": ">u1",
    "sum_hessian": ">f4",
}

#: Arrays that only trees with categories fill.
_EMPTY = {
    "categories": ">i4",
    "categories_nodes": ">i4",
    "categories_segments": ">i8",
    "categories_sizes": ">i8",
}


def _keys(value: Any, keys: str, what: str) -> None:
    require(
        isinstance(value, dict) and list(value) == keys.split(),
        f"{what} consists of {keys}",
    )


def _is_array(value: Any, dtype: str, size: int) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.dtype == np.dtype(dtype)
        and value.shape == (size,)
    )


def _check_arrays(tree: dict[str, Any], n_nodes: int) -> None:
    for name, dtype in _PER_NODE.items():
        require(_is_array(tree[name], dtype, n_nodes), f"{name} has {n_nodes} numbers")
        if dtype == ">f4":
            finite = np.isfinite(tree[name])
            if name == "split_conditions":
                # All that is not missing goes left where the bound lies above all.
                splits = tree["left_children"] != _NO_CHILD
                finite |= splits & (tree[name] == np.inf)
            require(finite.all(), f"{name} are finite")
    for name, dtype in _EMPTY.items():
        require(_is_array(tree[name], dtype, 0), "no split is by categories")


def _check_nodes(tree: dict[str, Any], n_features: int) -> None:
    left, right = tree["left_children"], tree["right_children"]
    features = tree["split_indices"]
    splits = left != _NO_CHILD
    require(((right != _NO_CHILD) == splits).all(), "a node has two children or none")
    check_binary_tree(left, right, splits)
    parents = np.full(len(left), _NO_PARENT)
    parents[left[splits]] = parents[right[splits]] = np.flatnonzero(splits)
    require((tree["parents"] == parents).all(), "parents are those of the children")
    require(
        ((features >= 0) & (features < n_features)).all(),
        f"features lie below {n_features}",
    )
    require((tree["default_left"] <= 1).all(), "flags are 0 or 1")
    require((tree["split_type"] == 0).all(), "all splits are by numbers")


def _check_tree(tree: Any, number: int, n_features: int) -> None:
    _keys(
        tree,
        "base_weights categories categories_nodes categories_segments "
        "categories_sizes default_left id left_children loss_changes parents "
        "right_children split_conditions split_indices split_type sum_hessian "
        "tree_param",
        "a tree",
    )
    n_nodes = np.size(tree["left_children"])
    param = {
        "num_deleted": "0",
        "num_feature": str(n_features),
        "num_nodes": str(n_nodes),
        "size_leaf_vector": "1",
    }
    require(tree["tree_param"] == param, f"tree {number} has the parameters {param}")
    require(tree["id"] == number, "trees are numbered")
    _check_arrays(tree, n_nodes)
    _check_nodes(tree, n_features)


def _is_list(value: Any, expected: list[int]) -> bool:
    return isinstance(value, list) and value == expected


def _check_booster(booster: Any, n_features: int, n_groups: int) -> None:
    _keys(booster, "model name", "the booster")
    require(booster["name"] == "gbtree", "the booster is one of trees")
    model = booster["model"]
    _keys(
        model, "cats gbtree_model_param iteration_indptr tree_info trees", "the model"
    )
    _keys(model["cats"], "enc feature_segments sorted_idx", "the categories")
    require(
        _is_list(model["cats"]["enc"], [])
        and _is_array(model["cats"]["feature_segments"], ">i4", 0)
        and _is_array(model["cats"]["sorted_idx"], ">i4", 0),
        "there are no categories",
    )
    trees = model["trees"]
    require(isinstance(trees, list), "trees are listed")
    n_trees = len(trees)
    require(
        model["gbtree_model_param"]
        == {"num_parallel_tree": "1", "num_trees": str(n_trees)},
        "trees are counted",
    )
    require(n_trees % n_groups == 0, f"each round has {n_groups} trees")
    starts = list(range(0, n_trees + 1, n_groups))
    require(_is_list(model["iteration_indptr"], starts), "rounds follow each other")
    groups = [number % n_groups for number in range(n_trees)]
    require(_is_list(model["tree_info"], groups), "trees belong to classes in turn")
    for number, tree in enumerate(trees):
        _check_tree(tree, number, n_features)


def _objective(n_classes: int) -> dict[str, Any]:
    if n_classes == 2:
        return {
            "name": "binary:logistic",
            "reg_loss_param": {"scale_pos_weight": "1"},
        }
    return {
        "name": "multi:softprob",
        "softmax_multiclass_param": {"num_class": str(n_classes)},
    }


def _are_scores(text: Any, n_groups: int) -> bool:
    """Whether a text lists as many finite numbers as there are groups."""
    if not isinstance(text, str) or text[:1] + text[-1:] != "[]":
        return False
    scores = text[1:-1].split(",")
    return len(scores) in (1, n_groups) and all(
        _FLOAT.fullmatch(score) and math.isfinite(float(score)) for score in scores
    )


def check_xgboost(content: bytes, n_features: int, n_classes: int) -> None:
    """Raise unless bytes are a booster as this package trains them.

    Parameters
    ----------
    content : bytes
        The booster in Universal Binary JSON.
    n_features : int
        Columns of the flattened windows.
    n_classes : int
        Classes; at least two.

    Raises
    ------
    PersistenceError
        If they are not, whether damaged, made up, or of another kind.
    """
    document = unpack(content)
    require(pack(document) == content, "the booster is written as XGBoost writes it")
    _keys(document, "learner version", "the file")
    version = document["version"]
    require(
        isinstance(version, list)
        and len(version) == 3
        and all(isinstance(part, int) and 0 <= part < 1000 for part in version),
        "the version has three numbers",
    )
    learner = document["learner"]
    _keys(
        learner,
        "attributes feature_names feature_types gradient_booster learner_model_param "
        "objective",
        "the learner",
    )
    require(learner["attributes"] == {}, "there are no attributes")
    require(_is_list(learner["feature_names"], []), "features have no names")
    require(_is_list(learner["feature_types"], []), "features have no types")
    require(
        learner["objective"] == _objective(n_classes),
        f"the objective is the one for {n_classes} classes",
    )
    n_groups = 1 if n_classes == 2 else n_classes
    _check_param(learner["learner_model_param"], n_features, n_classes, n_groups)
    _check_booster(learner["gradient_booster"], n_features, n_groups)


def _check_param(param: Any, n_features: int, n_classes: int, n_groups: int) -> None:
    _keys(
        param,
        "base_score boost_from_average num_class num_feature num_target",
        "the parameters",
    )
    require(_are_scores(param["base_score"], n_groups), "scores are numbers")
    expected = {
        "boost_from_average": "1",
        "num_class": str(n_classes if n_classes > 2 else 0),
        "num_feature": str(n_features),
        "num_target": "1",
    }
    others = {name: param[name] for name in expected}
    require(others == expected, f"the parameters are {expected}")
