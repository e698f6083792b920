"""The last bars of one symbol, in memory that never grows."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, NanosecondArray

__all__ = ["Ring"]


class Ring:
    """Hold the last bars of one symbol, always as one run of memory.

    The buffers have room for twice the bars: a bar is written behind the last one, and
    once in so many bars the newest are moved to the front.

    Parameters
    ----------
    n_bars : int
        Bars to hold.
    n_features : int
        Features per bar.
    dtype : dtype
        Type of the features.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.production._ring import Ring
    >>> ring = Ring(2, 1, np.float32)
    >>> for time in range(5):
    ...     ring.append(time, [10.0 * time])
    >>> ring.values.ravel().tolist(), ring.times.tolist()
    ([30.0, 40.0], [3, 4])
    """

    def __init__(self, n_bars: int, n_features: int, dtype: Any) -> None:
        self._n_bars = n_bars
        self._values = np.empty((2 * n_bars, n_features), dtype=dtype)
        self._times = np.empty(2 * n_bars, dtype=np.int64)
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def values(self) -> FloatArray:
        """Features of the bars, a view of shape (n, n_features)."""
        return self._values[self._first : self._end]

    @property
    def times(self) -> NanosecondArray:
        """Their times, a view of shape (n,), nanoseconds in UTC."""
        return self._times[self._first : self._end]

    @property
    def n_bytes(self) -> int:
        """Memory of the buffers."""
        return self._values.nbytes + self._times.nbytes

    def append(self, time: int, values: Any) -> None:
        """Take a bar, and forget the oldest one where there are too many.

        Parameters
        ----------
        time : int
            Nanoseconds in UTC.
        values : array-like of shape (n_features,)
            Its features.
        """
        if self._end == len(self._times):
            self._move_to_front()
        self._values[self._end] = values
        self._times[self._end] = time
        self._end += 1
        self._first = max(self._first, self._end - self._n_bars)

    def clear(self) -> None:
        """Forget all bars."""
        self._first = self._end = 0

    def _move_to_front(self) -> None:
        n_left = len(self)
        self._values[:n_left] = self.values
        self._times[:n_left] = self.times
        self._first, self._end = 0, n_left
