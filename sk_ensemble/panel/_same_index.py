"""Refuse targets and weights that belong to other bars than the samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._from_rows import index_keys
from sk_ensemble.panel._samples import Samples
from sk_ensemble.utils.time import format_ns

__all__ = ["refuse_other_index"]


def refuse_other_index(X: Any, values: Any, *, name: str) -> None:
    """Raise if a pandas object is indexed by other bars than the samples of X.

    A panel puts rows in its own order, so a Series that was computed next to the
    original frame no longer matches it row by row.

    Parameters
    ----------
    X : Panel, Windows or anything else
        Only panels and windows with times are compared.
    values : Series, DataFrame or anything else
        Only objects indexed by (symbol, datetime), or by time, are compared.
    name : str
        What the values are called in the message.

    Raises
    ------
    DataError
        If the two have different bars, or the same in another order.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.panel import Panel, refuse_other_index
    >>> index = pd.MultiIndex.from_product(
    ...     [["A", "B"], pd.to_datetime(["2024-01-02", "2024-01-03"])],
    ...     names=["symbol", "datetime"],
    ... )
    >>> close = pd.Series([1.0, 2.0, 3.0, 4.0], index=index, name="close")
    >>> refuse_other_index(Panel.from_frame(close.to_frame()), close, name="weights")
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.DataError: weights is indexed by other bars than X: row 1...
    """
    keys = index_keys(values) if isinstance(X, Samples) else None
    if keys is None or X.times_ns is None:
        return
    symbols, times = keys
    advice = "Use X, y = panel.align(labels), and panel.lookup(series) for the rest."
    if len(times) != len(X):
        msg = f"{name} has {len(times)} rows and X has {len(X)} samples. {advice}"
        raise DataError(msg)
    differs = times != X.times_ns
    if (symbols != "").any():
        differs |= symbols != X.symbols
    if differs.any():
        row = int(np.argmax(differs))
        msg = (
            f"{name} is indexed by other bars than X: row {row} of {name} is symbol "
            f"{symbols[row]!r} at {format_ns(times[row])}, of X symbol "
            f"{X.symbols[row]!r} at {format_ns(X.times_ns[row])} ({differs.sum()} rows "
            f"differ). {advice}"
        )
        raise DataError(msg)
