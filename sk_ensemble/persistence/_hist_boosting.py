"""scikit-learn's histogram boosting, with a check before its nodes are walked along."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble.persistence._node_arrays import (
    columns_of,
    nodes_from,
    whole_number,
)
from sk_ensemble.utils.tree_checks import check_binary_tree, require

__all__ = ["finish_boosting", "make_predictor", "predictor_state"]


def predictor_state(predictor: Any) -> dict[str, Any]:
    """Return what one tree consists of."""
    return {
        "categories": predictor.raw_left_cat_bitsets,
        "nodes": columns_of(predictor.nodes),
    }


def _check_nodes(nodes: np.ndarray) -> None:
    splits = nodes["is_leaf"] == 0
    require((nodes["is_leaf"] <= 1).all(), "flags are 0 or 1")
    check_binary_tree(nodes["left"], nodes["right"], splits)
    require((nodes["feature_idx"] >= 0).all(), "features are numbered from 0")
    require(not np.isnan(nodes["num_threshold"]).any(), "thresholds are numbers")
    require(np.isfinite(nodes["value"]).all(), "values are finite")


def make_predictor(state: dict[str, Any]) -> Any:
    """Return one tree, once its parts are known to fit together."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    nodes = nodes_from(state["nodes"], PREDICTOR_RECORD_DTYPE)
    _check_nodes(nodes)
    require(not nodes["is_categorical"].any(), "no split is by categories")
    require(
        isinstance(state["categories"], np.ndarray)
        and state["categories"].shape == (0, 8)
        and state["categories"].dtype == np.uint32,
        "there are no categories",
    )
    return TreePredictor(nodes, state["categories"], state["categories"])


def _check_predictors(estimator: Any) -> None:
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    n_features, n_trees = estimator._n_features, estimator.n_trees_per_iteration_
    require(whole_number(n_features, least=1), "there are features")
    require(estimator.n_features_in_ == n_features, "the features are those of fit")
    require(whole_number(n_trees, least=1), "there are trees in each round")
    for trees in estimator._predictors:
        require(len(trees) == n_trees, f"each round has {n_trees} trees")
        for tree in trees:
            require(isinstance(tree, TreePredictor), "rounds consist of trees")
            largest = tree.nodes["feature_idx"].max()
            require(largest < n_features, f"features lie below {n_features}")


def finish_boosting(estimator: Any) -> None:
    """Check a booster and give it back the loss, which no file holds."""
    if not hasattr(estimator, "_predictors"):
        return
    _check_predictors(estimator)
    mapper = estimator._bin_mapper
    require(
        isinstance(mapper.is_categorical_, np.ndarray)
        and mapper.is_categorical_.shape == (estimator._n_features,)
        and not mapper.is_categorical_.any(),
        "no feature is categorical",
    )
    estimator._loss = estimator._get_loss(None)
