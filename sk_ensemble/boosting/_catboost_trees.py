"""CatBoost's trees as plain numbers.

The library can write a booster as JSON and read it again, though not to the last digit.
Here a booster is always one that was read from numbers that survive that: what is saved
and loaded again predicts equal bits. The numbers are checked before the library reads
them, and nothing but them reaches it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._bins import MISSING_EDGE
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.tree_checks import require

__all__ = [
    "booster_of",
    "constant_trees",
    "prior_margins",
    "read_trees",
    "trees_of",
    "write_trees",
]

Trees = dict[str, Any]

#: Digits behind the point that the library reads exactly.
_DIGITS = 14
#: Numbers below this have so few digits before the point that the others are exact.
_LARGEST = 90.0
_LARGEST_WEIGHT = 1e12

#: Levels of a tree.
_DEPTH = 16


def _exact(values: Sequence[float]) -> list[float]:
    return [round(float(value), _DIGITS) for value in values]


def _border(border: float, column: int, edges: list[FloatArray] | None) -> float:
    """Return the value of a feature that a split compares with."""
    if edges is None:
        return float(np.float32(border))
    # Between the numbers of two bins: the edge below the upper one.
    place = math.floor(border)
    if place == 0:
        return float(MISSING_EDGE)
    return float(edges[column % len(edges)][place - 1])


def _tree(tree: Any, edges: list[FloatArray] | None) -> dict[str, Any]:
    # A tree without splits has None.
    splits = tree["splits"] or []
    columns = [split["float_feature_index"] for split in splits]
    borders = [split["border"] for split in splits]
    return {
        "splits": [
            [column, _border(border, column, edges)]
            for column, border in zip(columns, borders, strict=True)
        ],
        "leaf_values": _exact(tree["leaf_values"]),
        "leaf_weights": [round(float(weight), 3) for weight in tree["leaf_weights"]],
    }


def trees_of(
    booster: Any, n_trees: int | None = None, edges: list[FloatArray] | None = None
) -> Trees:
    """Return the first trees of a booster as plain numbers.

    Parameters
    ----------
    booster : catboost.CatBoost
        Trained on the flattened windows of `in_bins`, or one of `booster_of`.
    n_trees : int or None, default=None
        Trees to keep; None for all.
    edges : list of ndarray or None, default=None
        Edges of the bins of each feature. None: the booster is one of `booster_of`.

    Returns
    -------
    trees : dict
        Splits at values of features, values and weights of leaves, and bias.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "booster.json"
        booster.save_model(str(path), format="json")
        model = json.loads(path.read_text())
    trees = model["oblivious_trees"][:n_trees]
    return {
        "bias": _exact(model["scale_and_bias"][1]),
        "trees": [_tree(tree, edges) for tree in trees],
    }


def prior_margins(samples: TrainingSet) -> list[float]:
    """Return the margins that predict the shares of classes in the total weight.

    Parameters
    ----------
    samples : TrainingSet
        What the shares are counted on.

    Returns
    -------
    margins : list of float
        One for two classes, else one per class.
    """
    totals = np.bincount(samples.codes, samples.weights, samples.n_classes)
    logs = np.log(np.maximum(totals / totals.sum(), np.finfo(np.float32).tiny))
    return _exact([logs[1] - logs[0]] if len(logs) == 2 else logs - logs.max())


def constant_trees(margins: list[float]) -> Trees:
    """Return one tree without splits that predicts the same for all."""
    leaf = {"splits": [], "leaf_values": [0.0] * len(margins), "leaf_weights": [1.0]}
    return {"bias": margins, "trees": [leaf]}


def _used_borders(trees: Trees, n_columns: int) -> list[list[float]]:
    """Return the borders at which each column is split, ascending."""
    borders: list[set[float]] = [set() for _ in range(n_columns)]
    for tree in trees["trees"]:
        for column, border in tree["splits"]:
            borders[column].add(border)
    return [sorted(values) for values in borders]


def _library_model(trees: Trees, n_columns: int) -> dict[str, Any]:
    """Return the trees in the form that the library reads."""
    borders = _used_borders(trees, n_columns)
    first = np.cumsum([0, *map(len, borders)]).tolist()
    places = [{value: k for k, value in enumerate(values)} for values in borders]
    features = [
        {
            "borders": values,
            "feature_id": "",
            "feature_index": column,
            "flat_feature_index": column,
            "has_nans": True,
            # Missing values are the least ones.
            "nan_value_treatment": "AsFalse",
        }
        for column, values in enumerate(borders)
    ]
    oblivious = [
        {
            "leaf_values": tree["leaf_values"],
            "leaf_weights": tree["leaf_weights"],
            "splits": [
                {
                    "border": border,
                    "float_feature_index": column,
                    "split_index": first[column] + places[column][border],
                    "split_type": "FloatFeature",
                }
                for column, border in tree["splits"]
            ],
        }
        for tree in trees["trees"]
    ]
    return {
        "features_info": {"float_features": features},
        "oblivious_trees": oblivious,
        "scale_and_bias": [1, trees["bias"]],
    }


def booster_of(trees: Trees, n_columns: int) -> Any:
    """Return the library's booster of some trees.

    Parameters
    ----------
    trees : dict
        From `trees_of` or `read_trees`.
    n_columns : int
        Columns of the flattened windows.

    Returns
    -------
    booster : catboost.CatBoost
        For values of features.
    """
    catboost = import_optional("catboost", extra="boosting")
    booster = catboost.CatBoost()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "booster.json"
        path.write_text(json.dumps(_library_model(trees, n_columns)))
        booster.load_model(str(path), format="json")
    return booster


def write_trees(trees: Trees) -> bytes:
    """Return trees as the content of a file."""
    return json.dumps(trees, separators=(",", ":")).encode("ascii")


def _are_numbers(values: Any, n_values: int, largest: float) -> bool:
    return (
        isinstance(values, list)
        and len(values) == n_values
        and all(type(value) is float and abs(value) <= largest for value in values)
    )


def _is_split(split: Any, n_columns: int) -> bool:
    return (
        isinstance(split, list)
        and len(split) == 2
        and type(split[0]) is int
        and 0 <= split[0] < n_columns
        and _are_numbers(split[1:], 1, -float(MISSING_EDGE))
        and float(np.float32(split[1])) == split[1]
    )


def _check_tree(tree: Any, n_columns: int, n_outputs: int) -> None:
    names = ["splits", "leaf_values", "leaf_weights"]
    require(isinstance(tree, dict) and list(tree) == names, f"a tree has {names}")
    splits = tree["splits"]
    require(
        isinstance(splits, list)
        and len(splits) <= _DEPTH
        and all(_is_split(split, n_columns) for split in splits),
        "splits are columns and borders",
    )
    n_leaves = 2 ** len(splits)
    require(
        _are_numbers(tree["leaf_values"], n_leaves * n_outputs, _LARGEST)
        and _are_numbers(tree["leaf_weights"], n_leaves, _LARGEST_WEIGHT),
        "every leaf has values and a weight",
    )


def read_trees(content: bytes, n_columns: int, n_classes: int) -> Trees:
    """Read trees from the content of a file, refusing all that is not as expected.

    Parameters
    ----------
    content : bytes
        From `write_trees`, or from a stranger.
    n_columns : int
        Columns of the flattened windows.
    n_classes : int
        Classes.

    Returns
    -------
    trees : dict
        Fit for `booster_of`.

    Raises
    ------
    PersistenceError
        If the library could be harmed by them.
    """
    try:
        trees = json.loads(content.decode("ascii"))
    except (ValueError, RecursionError) as error:
        msg = f"the trees are no JSON: {error}"
        raise PersistenceError(msg) from error
    n_outputs = 1 if n_classes == 2 else n_classes
    require(
        isinstance(trees, dict)
        and list(trees) == ["bias", "trees"]
        and isinstance(trees["trees"], list)
        and len(trees["trees"]) > 0,
        "there are a bias and trees",
    )
    require(_are_numbers(trees["bias"], n_outputs, _LARGEST), "each class has a bias")
    for tree in trees["trees"]:
        _check_tree(tree, n_columns, n_outputs)
    return trees
