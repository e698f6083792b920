"""Put samples in (time, symbol) order, so that their order in X changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.panel import Samples, index_keys
from sk_ensemble.utils.rows import take_params, take_rows

__all__ = ["arrange", "arrange_params", "canonical_order", "restore"]


def _keys(X: Any) -> tuple[IntArray, IntArray] | None:
    """Return numbers of the symbols and times of the rows, if they have any."""
    if isinstance(X, Samples):
        return None if X.times_ns is None else (X.symbol_codes, X.times_ns)
    keys = index_keys(X)
    if keys is None:
        return None
    symbols, times = keys
    return pd.factorize(symbols, sort=True)[0], times


def canonical_order(X: Any, codes: IntArray, weights: FloatArray) -> IntArray:
    """Return the row numbers that put samples in (time, symbol) order.

    Rows without times stay as they are. Repeated rows are ordered by class and weight.
    """
    keys = _keys(X)
    if keys is None:
        return np.arange(len(codes))
    symbols, times = keys
    return np.lexsort((weights, codes, symbols, times))


def arrange(values: Any, order: IntArray) -> Any:
    """Put rows in order; what is in order already is not copied."""
    in_order = bool((order[1:] > order[:-1]).all())
    return values if in_order else take_rows(values, order)


def arrange_params(params: dict[str, Any], order: IntArray) -> dict[str, Any]:
    """Put the parameters that have one value per row in order."""
    return take_params(params, order, len(order))


def restore(values: np.ndarray, order: IntArray) -> np.ndarray:
    """Bring ordered rows back to where they stood."""
    back = np.empty_like(values)
    back[order] = values
    return back
