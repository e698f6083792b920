"""Per-bar sizes of moves that count, and sides of bets, for sorted bars."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.labeling._places import values_at_bars
from sk_ensemble.labeling._volatility import trailing_volatility
from sk_ensemble.utils.sessions import SortedCloses
from sk_ensemble.utils.time import format_ns

__all__ = ["bar_sides", "bar_targets"]


def _refuse(
    wrong: np.ndarray, values: FloatArray, closes: SortedCloses, text: str
) -> None:
    """Raise if a value is wrong, with its symbol and time."""
    if not wrong.any():
        return
    place = int(np.argmax(wrong))
    msg = (
        f"{text}, got {values[place]} for symbol {closes.names[closes.codes[place]]!r} "
        f"at {format_ns(closes.times[place])} ({wrong.sum()} such values). Make it NaN "
        "where there is none."
    )
    raise DataError(msg)


def bar_targets(
    target: Any, closes: SortedCloses, *, volatility_span: float, session_gap: Any
) -> FloatArray:
    """Return the target of each bar, NaN without one; None means the volatility."""
    if target is None:
        return trailing_volatility(closes, volatility_span, session_gap)
    if isinstance(target, int | float):
        values = np.full(len(closes.close), float(target))
    else:
        values = values_at_bars(target, closes, name="target")
    wrong = (values < 0) | np.isinf(values)
    _refuse(wrong, values, closes, "target must be finite and not negative")
    return values


def bar_sides(side: Any, closes: SortedCloses) -> IntArray:
    """Return the side of each bar as -1, 0 or 1; None means long everywhere."""
    if side is None:
        return np.ones(len(closes.close), dtype=np.int64)
    values = values_at_bars(side, closes, name="side")
    present = ~np.isnan(values)
    wrong = present & ~np.isin(values, (-1, 0, 1))
    _refuse(wrong, values, closes, "side must be -1, 0 or 1")
    return np.where(present, values, 0).astype(np.int64)
