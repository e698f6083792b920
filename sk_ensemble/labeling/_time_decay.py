"""Weights that fall with the age of a label."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bars import (
    order_by_symbol_time,
    refuse_duplicate_keys,
    symbol_time_keys,
)
from sk_ensemble.utils.time import format_ns

__all__ = ["time_decay_weights"]


def _decay(uniqueness: FloatArray, oldest_weight: float) -> FloatArray:
    """Return the weights of one symbol's labels, oldest first."""
    ages = 1 - np.cumsum(uniqueness) / uniqueness.sum()
    if oldest_weight >= 0:
        return 1 - (1 - oldest_weight) * ages
    return np.maximum(1 - ages / (1 + oldest_weight), 0)


def _refuse_unusable(uniqueness: pd.Series) -> None:
    """Raise unless every value is a finite number above 0."""
    if not isinstance(uniqueness, pd.Series) or uniqueness.dtype.kind not in "iuf":
        msg = (
            "uniqueness must be a Series of numbers, as uniqueness_weights returns it, "
            f"got {type(uniqueness).__name__}."
        )
        raise DataError(msg)
    values = uniqueness.to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        symbols, times = symbol_time_keys(uniqueness)
        msg = (
            f"uniqueness must be finite and positive, got {values[row]} for symbol "
            f"{symbols[row]!r} at {format_ns(times[row])} ({wrong.sum()} such values)."
        )
        raise DataError(msg)


def time_decay_weights(
    uniqueness: pd.Series, *, oldest_weight: float = 0.5
) -> pd.Series:
    """Let the weight of labels fall with their age, linearly.

    Age is counted in uniqueness, not in days: a stretch with many labels that repeat
    each other ages the labels before it no more than a stretch with few that do not.

    Parameters
    ----------
    uniqueness : Series of n_labels rows
        What :func:`uniqueness_weights` returned: levels ``symbol`` and ``datetime``,
        values above 0. Any row order.
    oldest_weight : float, default=0.5
        Weight at the beginning of each symbol's labels, in (-1, 1]. The newest label
        has weight 1, so 1 is no decay and 0 a decay to nothing. Below 0, labels of the
        first ``-oldest_weight`` of all uniqueness have weight 0.

    Returns
    -------
    weights : Series of float64 of n_labels rows
        Values from 0 to 1, with the index of `uniqueness`. Multiply them with other
        weights: ``uniqueness * time_decay_weights(uniqueness)``.

    Raises
    ------
    DataError
        If a value is no positive number, or a label is there twice.

    Notes
    -----
    With u the sum of uniqueness up to and including a label, as a fraction of the sum
    of all labels of its symbol, the weight is ``c + (1 - c) * u`` for an
    `oldest_weight` c of at least 0, else ``max(0, 1 - (1 - u) / (1 + c))``.

    References
    ----------
    M. López de Prado, *Advances in Financial Machine Learning*, Wiley 2018, section
    4.7 and snippet 4.11.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import time_decay_weights
    >>> times = pd.date_range("2021-01-04 09:35", periods=4, freq="5min")
    >>> index = pd.MultiIndex.from_product([["A"], times], names=["symbol", "datetime"])
    >>> uniqueness = pd.Series([1.0, 0.5, 0.5, 1.0], index=index)
    >>> time_decay_weights(uniqueness, oldest_weight=0.4).round(3).tolist()
    [0.6, 0.7, 0.8, 1.0]
    >>> time_decay_weights(uniqueness, oldest_weight=-0.5).round(3).tolist()
    [0.0, 0.0, 0.333, 1.0]
    """
    check_scalar(
        oldest_weight,
        "oldest_weight",
        (int, float),
        min_val=-1,
        max_val=1,
        include_boundaries="right",
    )
    _refuse_unusable(uniqueness)
    symbols, times = symbol_time_keys(uniqueness)
    order, codes, names, bounds = order_by_symbol_time(symbols, times)
    refuse_duplicate_keys(codes, times[order], order, names, what="labels")
    parts = np.split(uniqueness.to_numpy(dtype=np.float64)[order], bounds[1:-1])
    weights = np.empty(len(order))
    weights[order] = np.concatenate([_decay(part, oldest_weight) for part in parts])
    return pd.Series(weights, index=uniqueness.index, name="weight")
