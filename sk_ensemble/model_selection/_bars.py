"""Count bars of each sample's own symbol, and time stamps of all symbols."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sk_ensemble._typing import IntArray, NanosecondArray

__all__ = ["NEVER", "Bars", "own_bar_later", "stamp_later"]

#: Later than every time: where counting runs over the end of the data.
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Bars:
    """Bars of every symbol, symbol by symbol in time order, and the rows' places.

    Parameters
    ----------
    times : ndarray of int64 of shape (n_bars,)
        Time of each bar.
    bounds : ndarray of int64 of shape (n_symbols + 1,)
        Symbol number s has the bars ``bounds[s]:bounds[s + 1]``.
    names : ndarray of shape (n_symbols,)
        The symbols.
    positions : ndarray of int64 of shape (n_rows,)
        The bar at which each row of X stands.
    """

    times: NanosecondArray
    bounds: IntArray
    names: np.ndarray
    positions: IntArray

    def last_bars(self) -> IntArray:
        """Return the last bar of each row's symbol, shape (n_rows,)."""
        last = self.bounds[1:] - 1
        return np.repeat(last, np.diff(self.bounds))[self.positions]


def stamp_later(
    stamps: NanosecondArray, times: NanosecondArray, sizes: IntArray | int
) -> NanosecondArray:
    """Return the stamp that comes `sizes` stamps after each time, else `NEVER`.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._bars import stamp_later
    >>> stamp_later(np.array([10, 20, 30, 40]), np.array([10, 25]), 2)
    array([30, 40])
    """
    places = np.searchsorted(stamps, times, side="right") - 1 + sizes
    found = stamps[np.minimum(places, len(stamps) - 1)]
    return np.where(places < len(stamps), found, NEVER)


def own_bar_later(bars: Bars, size: int, stamps: NanosecondArray) -> NanosecondArray:
    """Return the time of the bar `size` bars after each row, in its own symbol.

    Where the symbol's bars end first, the missing ones are counted on in the stamps of
    all symbols; where those end too, the result is `NEVER`.

    Parameters
    ----------
    bars : Bars
        The bars and the rows' places among them.
    size : int
        Bars to count.
    stamps : ndarray of int64 of shape (n_stamps,)
        Every time at which some symbol has a bar, ascending.

    Returns
    -------
    times : ndarray of int64 of shape (n_rows,)
        Times of these bars.
    """
    last = bars.last_bars()
    wanted = bars.positions + size
    times = bars.times[np.minimum(wanted, last)]
    short = wanted > last
    if short.any():
        times[short] = stamp_later(stamps, times[short], (wanted - last)[short])
    return times
