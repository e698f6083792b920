"""The prices between the close of one bar and the close of the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.sessions import SortedCloses
from sk_ensemble.utils.time import format_ns

__all__ = ["PricePath"]


def _sorted_prices(bars: pd.DataFrame, closes: SortedCloses, name: str) -> FloatArray:
    """Return a column of prices in sorted order, or say why it cannot be used."""
    if name not in bars.columns:
        msg = (
            f"The bars have no column {name!r}, only {list(bars.columns)}. Add it, or "
            "pass intrabar=False to look at closing prices only."
        )
        raise DataError(msg)
    if bars[name].dtype.kind not in "iuf":
        msg = (
            f"{name!r} must hold numbers, got dtype {bars[name].dtype}. Convert it to "
            "float."
        )
        raise DataError(msg)
    return bars[name].to_numpy(dtype=np.float64)[closes.order]


def _refuse_inconsistent(path: PricePath, closes: SortedCloses) -> None:
    """Raise if a bar's open or close lies outside its low and high."""
    low = np.minimum(path.open, path.close)
    high = np.maximum(path.open, path.close)
    # Written so that NaN is refused too.
    sound = (path.low <= low) & (path.high >= high) & (path.low > 0)
    sound &= np.isfinite(path.high)
    if sound.all():
        return
    place = int(np.argmin(sound))
    msg = (
        f"The prices of {(~sound).sum()} bars contradict each other or are missing; "
        f"the first is symbol {closes.names[closes.codes[place]]!r} at "
        f"{format_ns(closes.times[place])}: open {path.open[place]}, high "
        f"{path.high[place]}, low {path.low[place]}, close {path.close[place]}. Repair "
        "them, or pass intrabar=False to look at closing prices only."
    )
    raise DataError(msg)


@dataclass(frozen=True, eq=False)
class PricePath:
    """Prices of sorted bars; all of them the close if only closes are looked at.

    Attributes
    ----------
    open, high, low, close : ndarray of float64 of shape (n_bars,)
        Prices in (symbol, time) order.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray

    @classmethod
    def from_bars(
        cls, bars: pd.DataFrame, closes: SortedCloses, *, intrabar: bool
    ) -> PricePath:
        """Read and check the prices of bars."""
        close = closes.close
        if not intrabar:
            return cls(close, close, close, close)
        open_, high, low = (
            _sorted_prices(bars, closes, name) for name in ("open", "high", "low")
        )
        path = cls(open_, high, low, close)
        _refuse_inconsistent(path, closes)
        return path
