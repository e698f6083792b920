"""What is known of one symbol while its bars come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.production._ring import Ring

__all__ = ["SymbolState"]


@dataclass(eq=False)
class SymbolState:
    """Hold the last bars of a symbol and count what came of it.

    Attributes
    ----------
    ring : Ring
        The last bars of its segment; as many as windows need.
    names : ndarray of objects of shape (1,)
        The symbol, as panels hold it.
    n_bars : int
        Bars that were taken.
    n_repeated : int
        Bars that came again as they were.
    n_changed : int
        Bars that came again with other values.
    n_late : int
        Other bars from before the last one.
    """

    COUNTS: ClassVar[tuple[str, ...]] = (
        "n_bars",
        "n_repeated",
        "n_changed",
        "n_late",
    )

    ring: Ring
    names: np.ndarray
    n_bars: int = 0
    n_repeated: int = 0
    n_changed: int = 0
    n_late: int = 0

    @property
    def last_time(self) -> int | None:
        """Time of the last bar, nanoseconds in UTC."""
        return int(self.ring.times[-1]) if len(self.ring) else None

    def kind_of_old(self, time: int, values: FloatArray) -> str:
        """Say what a bar is that is not later than the last one.

        Parameters
        ----------
        time : int
            Nanoseconds in UTC.
        values : ndarray of shape (n_features,)
            Its features.

        Returns
        -------
        kind : {"repeated", "changed", "late"}
            Late is also a bar that is remembered no longer, repeated or not.
        """
        times = self.ring.times
        place = int(np.searchsorted(times, time))
        if place == len(times) or times[place] != time:
            return "late"
        same = np.array_equal(self.ring.values[place], values, equal_nan=True)
        return "repeated" if same else "changed"
