"""Refuse boosters that LightGBM could not walk along without harm.

Its text format has one line per array. Each line is compared with what this package
writes: nothing is left to the library's own parser to make sense of.
"""

from __future__ import annotations

import itertools
import re

import numpy as np

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.utils.tree_checks import check_binary_tree, require

__all__ = ["END", "check_lightgbm", "trees_only"]

#: What follows the last tree. After it come parameters of training.
END = "end of trees\n"

_FLOAT = r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[+-][0-9]{2,3})?"
_RANGE = re.compile(rf"none|\[{_FLOAT}:{_FLOAT}\]")
_FLOATS = re.compile(rf"{_FLOAT}(?: {_FLOAT})*")
_INTS = re.compile(r"-?[0-9]{1,9}(?: -?[0-9]{1,9})*")
_INT = re.compile(r"[0-9]{1,9}")

#: Levels of a tree. Some functions of the library call themselves once per level.
_DEPTH = 10_000

#: The lines of a tree, in the order of the file.
_TREE_LINES = (
    "num_leaves num_cat split_feature split_gain threshold decision_type left_child "
    "right_child leaf_value leaf_weight leaf_count internal_value internal_weight "
    "internal_count is_linear shrinkage"
)
#: Those with one number per leaf, with one per split, and with whole numbers.
_PER_LEAF = ("leaf_value", "leaf_weight", "leaf_count")
_PER_SPLIT = (
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "internal_value",
    "internal_weight",
    "internal_count",
)
_WHOLE = frozenset(
    {
        "decision_type",
        "internal_count",
        "leaf_count",
        "left_child",
        "right_child",
        "split_feature",
    }
)


def trees_only(text: str) -> bytes:
    """Return the text of a booster up to the end of its trees."""
    return text[: text.index(END) + len(END)].encode("ascii")


def _numbers(text: str, size: int, name: str, *, whole: bool) -> np.ndarray:
    """Return the numbers of a line."""
    pattern = _INTS if whole else _FLOATS
    require(
        (text == "" and size == 0) or pattern.fullmatch(text),
        f"{name} are numbers",
    )
    values = np.array(text.split(), dtype=np.int64 if whole else np.float64)
    require(len(values) == size, f"{name} has {size} numbers")
    require(np.isfinite(values).all(), f"{name} are finite")
    return values


def _depths(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the level of each split; children come after parents."""
    depths = np.zeros(len(left), dtype=np.int64)
    for place in range(len(left)):
        for child in (left[place], right[place]):
            if child >= 0:
                depths[child] = depths[place] + 1
    return depths


def _check_nodes(arrays: dict[str, np.ndarray], n_leaves: int, n_features: int) -> None:
    n_splits = n_leaves - 1
    left, right = (
        # Leaves are numbered -1, -2, ...; here they follow the splits.
        np.where(children >= 0, children, n_splits - 1 - children)
        for children in (arrays["left_child"], arrays["right_child"])
    )
    for children in (arrays["left_child"], arrays["right_child"]):
        require((children < n_splits).all(), "splits are numbered")
    unused = np.zeros(n_leaves, dtype=np.int64)
    check_binary_tree(
        np.concatenate([left, unused]),
        np.concatenate([right, unused]),
        np.arange(n_splits + n_leaves) < n_splits,
    )
    features, kinds = arrays["split_feature"], arrays["decision_type"]
    inside = (features >= 0) & (features < n_features)
    require(inside.all(), f"features lie below {n_features}")
    require(np.isin(kinds, (0, 2, 4, 6, 8, 10)).all(), "all splits are by numbers")
    depths = _depths(arrays["left_child"], arrays["right_child"])
    require(depths.max(initial=0) < _DEPTH, f"a tree has fewer than {_DEPTH} levels")


def _fields(lines: list[str], names: list[str], what: str) -> dict[str, str]:
    """Return the values of lines ``name=value`` with exactly these names."""
    pairs = [line.partition("=")[::2] for line in lines]
    require(
        [name for name, _ in pairs] == names and all("=" in line for line in lines),
        f"{what} has the lines {', '.join(names)}",
    )
    return dict(pairs)


def _whole(text: str, name: str) -> int:
    require(_INT.fullmatch(text), f"{name} is a whole number")
    return int(text)


def _check_tree(block: str, number: int, n_features: int) -> None:
    first, *lines = block.removesuffix("\n\n\n").split("\n")
    require(first == f"Tree={number}", "trees are numbered")
    require(block.endswith("\n\n\n"), "two empty lines follow a tree")
    fields = _fields(lines, _TREE_LINES.split(), f"tree {number}")
    n_leaves = _whole(fields["num_leaves"], "num_leaves")
    require(n_leaves >= 1, "a tree has leaves")
    # A tree of one leaf is written without its weight.
    alone = n_leaves == 1 and fields["leaf_weight"] == ""
    sizes = dict.fromkeys(_PER_SPLIT, n_leaves - 1) | dict.fromkeys(_PER_LEAF, n_leaves)
    if alone:
        sizes["leaf_weight"] = 0
    arrays = {
        name: _numbers(fields[name], size, name, whole=name in _WHOLE)
        for name, size in sizes.items()
    }
    require(fields["num_cat"] == "0", "no split is by categories")
    require(fields["is_linear"] == "0", "leaves hold constants")
    _numbers(fields["shrinkage"], 1, "shrinkage", whole=False)
    _check_nodes(arrays, n_leaves, n_features)


def _blocks(text: str, sizes: np.ndarray) -> list[str]:
    """Cut the trees apart where the head of the file says that they begin."""
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    require(bounds[-1] == len(text), "the trees are as long as is stated")
    require((sizes > 0).all(), "trees are not empty")
    pairs = itertools.pairwise(bounds)
    return [text[start:stop] for start, stop in pairs]


def _expected_head(n_features: int, n_classes: int) -> dict[str, str]:
    n_groups = 1 if n_classes == 2 else n_classes
    binary, several = "binary sigmoid:1", f"multiclass num_class:{n_classes}"
    return {
        "version": "v4",
        "num_class": str(n_groups),
        "num_tree_per_iteration": str(n_groups),
        "label_index": "0",
        "max_feature_idx": str(n_features - 1),
        "objective": binary if n_classes == 2 else several,
        "feature_names": " ".join(f"Column_{place}" for place in range(n_features)),
    }


def _check_head(text: str, n_features: int, n_classes: int) -> np.ndarray:
    """Check the lines before the first tree and return the sizes of the trees."""
    first, *lines = text.split("\n")
    require(first == "tree", "the booster is one of trees")
    expected = _expected_head(n_features, n_classes)
    fields = _fields(lines, [*expected, "feature_infos", "tree_sizes"], "the head")
    for name, value in expected.items():
        require(fields[name] == value, f"{name} is {value:.100}")
    ranges = fields["feature_infos"].split(" ")
    require(
        len(ranges) == n_features and all(map(_RANGE.fullmatch, ranges)),
        "each feature has a range",
    )
    n_trees = fields["tree_sizes"].count(" ") + 1 if fields["tree_sizes"] else 0
    sizes = _numbers(fields["tree_sizes"], n_trees, "tree_sizes", whole=True)
    n_groups = int(expected["num_class"])
    require(n_trees % n_groups == 0, f"each round has {n_groups} trees")
    return sizes


def _as_text(content: bytes) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        msg = "the booster has letters that are not ASCII"
        raise PersistenceError(msg) from error


def check_lightgbm(content: bytes, n_features: int, n_classes: int) -> None:
    """Raise unless bytes are a booster as this package trains them.

    Parameters
    ----------
    content : bytes
        The text of the booster, up to the end of its trees.
    n_features : int
        Columns of the flattened windows.
    n_classes : int
        Classes; at least two.

    Raises
    ------
    PersistenceError
        If they are not, whether damaged, made up, or of another kind.
    """
    text = _as_text(content)
    require(text.endswith(END), "the trees have an end")
    require("\r" not in text and "\0" not in text, "lines end in line feeds")
    head, gap, trees = text.removesuffix(END).partition("\n\n")
    require(gap, "an empty line follows the head")
    sizes = _check_head(head, n_features, n_classes)
    for number, block in enumerate(_blocks(trees, sizes)):
        _check_tree(block, number, n_features)
