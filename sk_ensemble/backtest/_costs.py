"""What it costs to trade."""

from __future__ import annotations

from numbers import Real

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.sessions import SortedCloses

__all__ = ["cost_rates"]

_HOW = (
    "Pass a DataFrame indexed by symbol with columns tick and fee, such as "
    "contract_specs(), or one number (fraction of the traded value), which may be 0."
)


def _flat_rate(costs: Real, n_bars: int) -> FloatArray:
    """Return the same rate for each bar."""
    rate = float(costs)
    if not (np.isfinite(rate) and rate >= 0):
        msg = f"costs must be finite and not negative, got {costs!r}. {_HOW}"
        raise DataError(msg)
    return np.full(n_bars, rate)


def _per_symbol(costs: pd.DataFrame, names: np.ndarray, column: str) -> FloatArray:
    """Return a column of the costs in the order of the symbols."""
    values = costs[column].reindex(pd.Index(names)).to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        shown = {name: float(value) for name, value in zip(names, values, strict=True)}
        bad = {name: shown[name] for name in names[wrong]}
        msg = (
            f"{column!r} in costs must be finite and not negative, got {bad}. Correct "
            "it for these symbols."
        )
        raise DataError(msg)
    return values


def _checked_frame(costs: pd.DataFrame, names: np.ndarray) -> None:
    """Raise unless the costs have one row per symbol and both columns."""
    absent = [name for name in ("tick", "fee") if name not in costs.columns]
    if absent:
        msg = f"costs has no column {absent}, only {list(costs.columns)}. {_HOW}"
        raise DataError(msg)
    unknown = [name for name in names if name not in costs.index]
    if unknown:
        msg = (
            f"costs has no row for symbols {unknown}, only {list(costs.index)}. {_HOW}"
        )
        raise DataError(msg)
    if costs.index.duplicated().any():
        twice = costs.index[costs.index.duplicated()].unique().tolist()
        msg = f"costs has more than one row for {twice}. Keep one row per symbol."
        raise DataError(msg)


def cost_rates(costs: pd.DataFrame | float, closes: SortedCloses) -> FloatArray:
    """Return the cost of trading one unit of capital at each close, as a fraction.

    Half a tick over the price, plus the fee; or one number for all bars.
    """
    if isinstance(costs, Real) and not isinstance(costs, bool):
        return _flat_rate(costs, len(closes.close))
    if not isinstance(costs, pd.DataFrame):
        msg = f"costs must be stated, got {costs!r}. {_HOW}"
        raise DataError(msg)
    _checked_frame(costs, closes.names)
    tick = _per_symbol(costs, closes.names, "tick")[closes.codes]
    fee = _per_symbol(costs, closes.names, "fee")[closes.codes]
    return tick / 2 / closes.close + fee
