"""Features put into bins once per bar, so that windows need one byte per cell.

A library that is handed the numbers of bins has every bar looked up once, however many
windows it stands in, and no matrix of floating point ever exists. The trees it grows
split at numbers of bins; which values of features these stand for is put in afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.panel import Windows, bars_in_reach

__all__ = ["MISSING_EDGE", "bin_edges", "has_missing", "in_bins", "one_row_per_bin"]

#: Bars that the edges are chosen from, at most.
_SAMPLED_BARS = 100_000

#: What stands between a missing value, which counts as the least one, and all others.
MISSING_EDGE = np.finfo(np.float32).min


def _times_used(windows: Windows) -> IntArray:
    """Return how often each bar of the history stands in a window."""
    first = np.maximum(windows.first_bars, windows.segment_starts)
    last = np.maximum(windows.positions - windows.lag, windows.segment_starts)
    n_edges = windows.history.n_bars + 1
    opened, closed = (
        np.bincount(rows, minlength=n_edges) for rows in (first, last + 1)
    )
    n_padding = windows.window_length - (last - first + 1)
    padding = np.bincount(first, n_padding, minlength=n_edges).astype(np.int64)
    return (np.cumsum(opened - closed) + padding)[:-1]


def _some_bars(windows: Windows) -> tuple[FloatArray, IntArray]:
    """Return the bars in reach, drawn at random where very many, and their use."""
    rows = bars_in_reach(windows)
    if len(rows) > _SAMPLED_BARS:
        rows = np.random.default_rng(0).choice(rows, _SAMPLED_BARS, replace=False)
    return windows.history.block[rows], _times_used(windows)[rows]


def _edges(column: FloatArray, times_used: IntArray, n_most: int) -> FloatArray:
    """Return edges between values that cut them into shares as equal as can be."""
    known = ~np.isnan(column)
    values, places = np.unique(column[known], return_inverse=True)
    if len(values) < 2:
        return values[:0]
    with np.errstate(over="ignore"):
        below = values[:-1] + (values[1:] - values[:-1]) / 2
    # Between neighbouring numbers there is none, and none is found between the largest
    # of both signs: the edge belongs to the lower bin.
    edges = np.where(below < values[1:], below, values[:-1])
    if len(edges) <= n_most:
        return edges
    counts = np.bincount(places, times_used[known])
    reached = np.cumsum(counts[:-1]) / counts.sum()
    wanted = np.arange(1, n_most + 1) / (n_most + 1)
    return edges[np.unique(np.searchsorted(reached, wanted).clip(max=len(edges) - 1))]


def bin_edges(
    windows: Windows, n_most: int, dtype: Any = np.float32
) -> list[FloatArray]:
    """Choose the edges of the bins of every feature, the same for all bars of a window.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples.
    n_most : int
        Edges per feature, at most.
    dtype : dtype, default=float32
        Of the values that the library compares with edges.

    Returns
    -------
    edges : list of ndarray of `dtype`
        Ascending, per feature.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.boosting._bins import bin_edges
    >>> from sk_ensemble.preprocessing import Windower
    >>> windows = Windower(2).transform(np.array([[1.0, 5], [2, 5], [4, 5]]))
    >>> bin_edges(windows, 9)[0].tolist()
    [1.5, 3.0]
    """
    bars, times_used = _some_bars(windows)
    columns = bars.astype(dtype, copy=False).T
    return [_edges(column, times_used, n_most) for column in columns]


def has_missing(windows: Windows) -> Any:
    """Return a flag per feature: whether a bar of some window lacks it."""
    rows = bars_in_reach(windows)
    # Feature by feature, as a copy of all bars would be as large as they are.
    return np.array(
        [np.isnan(values[rows]).any() for values in windows.history.block.T]
    )


def _codes(column: FloatArray, edges: FloatArray) -> IntArray:
    """Return the number of each value's bin from 1, or 0 for a missing value."""
    codes = np.searchsorted(edges, column.astype(edges.dtype, copy=False)) + 1
    return np.where(np.isnan(column), 0, codes)


def in_bins(windows: Windows, edges: list[FloatArray]) -> Windows:
    """Return the same windows of numbers of bins.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples.
    edges : list of ndarray
        From `bin_edges`.

    Returns
    -------
    codes : Windows of shape (n_samples, window_length, n_features)
        0 for a missing value, else 1 more than the number of edges below the value;
        of uint8 up to 254 edges, of a wider type beyond.
    """
    block = windows.history.block
    rows: Any = bars_in_reach(windows)
    if len(rows) == len(block):
        rows = slice(None)
    dtype = np.min_scalar_type(max(map(len, edges), default=0) + 1)
    codes: Any = np.zeros(block.shape, dtype)
    for number, feature_edges in enumerate(edges):
        codes[rows, number] = _codes(block[rows, number], feature_edges)
    return Windows(
        windows.history.with_block(codes, windows.history.columns),
        windows.positions,
        windows.label_end_ns,
        window_length=windows.window_length,
        lag=windows.lag,
    )


def one_row_per_bin(edges: list[FloatArray], window_length: int) -> FloatArray:
    """Return rows from which a library learns that each number of a bin is a bin.

    Parameters
    ----------
    edges : list of ndarray
        From `bin_edges`.
    window_length : int
        Bars per window.

    Returns
    -------
    rows : ndarray of float32 of shape (n_bins, window_length * n_features)
        Every column counts from 1 to its number of bins, again and again, so that no
        bin looks like one that nearly all rows are in.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.boosting._bins import one_row_per_bin
    >>> one_row_per_bin([np.array([0.5, 1.5]), np.array([])], 2)
    array([[1., 1., 1., 1.],
           [2., 1., 2., 1.],
           [3., 1., 3., 1.]], dtype=float32)
    """
    n_bins = np.array([len(feature_edges) + 1 for feature_edges in edges])
    rows = np.arange(n_bins.max())[:, None] % n_bins + 1
    return np.tile(rows.astype(np.float32), window_length)
