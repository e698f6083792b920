"""Put the values of features into trees of xgboost that split at numbers of bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.boosting._ubjson import pack, unpack
from sk_ensemble.utils.optional import import_optional

__all__ = ["n_bins_in_all", "with_values"]

_NO_CHILD = -1
_LARGEST = np.finfo(np.float32).max
_ABOVE_ALL = np.float32(np.inf)


def n_bins_in_all(edges: list[FloatArray]) -> int:
    """Return the bins that the library has where each number is one.

    One more lies below the first: without that, two could become one.
    """
    return max(map(len, edges)) + 2


def _conditions(numbers: FloatArray, edges: FloatArray) -> FloatArray:
    """Return the values that those go left of whose bins go left of some numbers.

    Below a number are the bins up to the next lower one, that is, the values up to the
    edge above that bin; the library asks for what is less, so the next value is told.
    """
    bounds = np.nextafter(edges, _LARGEST, dtype=np.float32)
    # Where missing values have a side of their own, all others are on the other.
    bounds = np.concatenate([[-_LARGEST], bounds, [_ABOVE_ALL]])
    return bounds[np.clip(np.ceil(numbers) - 1, 0, len(edges) + 1).astype(np.int64)]


def _with_values(tree: dict[str, Any], edges: list[FloatArray]) -> dict[str, Any]:
    """Return one tree that splits at values."""
    conditions = tree["split_conditions"].copy()
    features = tree["split_indices"] % len(edges)
    splits: IntArray = np.flatnonzero(tree["left_children"] != _NO_CHILD)
    for feature in np.unique(features[splits]):
        rows = splits[features[splits] == feature]
        conditions[rows] = _conditions(conditions[rows], edges[feature])
    return {**tree, "split_conditions": conditions}


def with_values(booster: Any, edges: list[FloatArray]) -> Any:
    """Return a booster for values of features.

    Parameters
    ----------
    booster : xgboost.Booster
        Trained on the numbers of bins, as `as_quantile_matrix` returns them.
    edges : list of ndarray of float32
        Edges of the bins of each feature, from `bin_edges`.

    Returns
    -------
    booster : xgboost.Booster
        The same trees, which split at edges.
    """
    xgboost = import_optional("xgboost", extra="boosting")
    document = unpack(bytes(booster.save_raw("ubj")))
    model = document["learner"]["gradient_booster"]["model"]
    model["trees"] = [_with_values(tree, edges) for tree in model["trees"]]
    return xgboost.Booster(model_file=bytearray(pack(document)))
