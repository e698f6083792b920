"""Find where a path first reaches a limit, for every start at once.

A table per power of two holds the maximum of that many values from each place on.
From the largest to the smallest, every start jumps over a block of values in which
no one reaches its limit. So a stretch of h values costs about log2(h) steps, each one
a vectorised operation over all starts.
"""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray

__all__ = ["first_reach"]


def _running_maxima(values: FloatArray, longest: int) -> list[FloatArray]:
    """Return the maxima of 1, 2, 4 ... values from each place on, up to `longest`."""
    tables = [values]
    while 2 * (size := 2 ** (len(tables) - 1)) <= longest:
        table = tables[-1].copy()
        np.maximum(table[:-size], table[size:], out=table[:-size])
        tables.append(table)
    return tables


def first_reach(
    values: FloatArray, first: IntArray, last: IntArray, limits: FloatArray
) -> IntArray:
    """Return the first place from `first` to `last` whose value reaches the limit.

    Parameters
    ----------
    values : ndarray of float of shape (n,)
        The path.
    first, last : ndarray of int of shape (m,)
        Ends of each stretch, both included. An empty one has ``last == first - 1``.
    limits : ndarray of float of shape (m,)
        A value of at least the limit reaches it.

    Returns
    -------
    place : ndarray of int of shape (m,)
        The place, ``last + 1`` where none reaches the limit.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.labeling._first_reach import first_reach
    >>> path = np.array([1.0, 3.0, 2.0, 5.0])
    >>> first_reach(path, np.array([0, 2]), np.array([3, 2]), np.array([3.0, 4.0]))
    array([1, 3])
    """
    if not len(first):
        return first
    place, end = first.copy(), last + 1
    tables = _running_maxima(values, int((end - first).max()))
    for power in reversed(range(len(tables))):
        fits = np.flatnonzero(place + 2**power <= end)
        below = tables[power][place[fits]] < limits[fits]
        place[fits[below]] += 2**power
    return place
