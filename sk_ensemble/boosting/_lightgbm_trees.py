"""Put the values of features into trees of LightGBM that split at numbers of bins."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._lightgbm_file import END
from sk_ensemble.utils.optional import import_optional

__all__ = ["apart_from_zero", "with_values"]

_LARGEST = np.finfo(np.float64).max
#: Up to this size, the library takes a value for 0 when it predicts.
_ZERO = np.float32(1e-35)
_THRESHOLDS = re.compile(r"^threshold=(.+)$", re.MULTILINE)
_FEATURES = re.compile(r"^split_feature=(.+)$", re.MULTILINE)


def apart_from_zero(edges: FloatArray) -> FloatArray:
    """Return edges none of which parts values that the library takes for 0.

    Parameters
    ----------
    edges : ndarray of shape (n_edges,)
        Ascending.

    Returns
    -------
    edges : ndarray of the same type
        Ascending, as many or fewer.
    """
    near = np.abs(edges) <= _ZERO
    return np.unique(np.where(near, edges.dtype.type(_ZERO), edges))


def _line(numbers: Any) -> str:
    """Return numbers as texts that are read as exactly these."""
    return " ".join(repr(float(number)) for number in numbers)


def _threshold(number: str, edges: FloatArray) -> float:
    """Return the value up to which those go left whose bins go left.

    Bins are counted from 0 here, so that as many edges lie below a value as its number
    says.
    """
    place = int(min(float(number), len(edges)))
    # Where missing values have a side of their own, all others are on the other.
    return _LARGEST if place == len(edges) else float(edges[place])


def _tree(block: str, edges: list[FloatArray]) -> str:
    """Return the lines of one tree that splits at values."""
    features = _FEATURES.search(block)
    if features is None:
        return block
    columns = [int(column) % len(edges) for column in features[1].split()]

    def values(line: re.Match[str]) -> str:
        pairs = zip(line[1].split(), columns, strict=True)
        told = (_threshold(number, edges[column]) for number, column in pairs)
        return f"threshold={_line(told)}"

    return _THRESHOLDS.sub(values, block)


def _range(edges: FloatArray) -> str:
    """Return the outermost edges of a feature, "none" where it cannot be split."""
    return f"[{float(edges[0])!r}:{float(edges[-1])!r}]" if len(edges) else "none"


def _blocks(trees: str) -> list[str]:
    return [f"Tree={block}" for block in trees.split("Tree=")[1:]]


def with_values(
    booster: Any, n_rounds: int, edges: list[FloatArray], window_length: int
) -> Any:
    """Return a booster for values of features.

    Parameters
    ----------
    booster : lightgbm.Booster
        Trained on the numbers of bins, as `as_dataset` returns them.
    n_rounds : int
        Rounds to keep.
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.
    window_length : int
        Bars per window.

    Returns
    -------
    booster : lightgbm.Booster
        The same trees, which split at edges.
    """
    lightgbm = import_optional("lightgbm", extra="boosting")
    text = booster.model_to_string(num_iteration=n_rounds)
    text, _, rest = text.partition(END)
    head, _, trees = text.partition("\n\n")
    blocks = [_tree(block, edges) for block in _blocks(trees)]
    told = {
        "feature_infos": " ".join(map(_range, edges * window_length)),
        "tree_sizes": " ".join(str(len(block)) for block in blocks),
    }
    for name, value in told.items():
        head = re.sub(rf"^{name}=.*$", f"{name}={value}", head, flags=re.MULTILINE)
    whole = "\n\n".join([head, "".join(blocks)]) + END + rest
    return lightgbm.Booster(model_str=whole)
