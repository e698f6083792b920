"""Features put into bins once per bar, so that windows need one byte per cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.panel import Windows, bars_in_reach

__all__ = ["MISSING_EDGE", "bin_edges", "in_bins"]

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
    bars = windows.history.block[rows].astype(np.float32, copy=False)
    return bars, _times_used(windows)[rows]


def _edges(column: FloatArray, times_used: IntArray, n_most: int) -> FloatArray:
    """Return edges between values that cut them into shares as equal as can be."""
    known = ~np.isnan(column)
    values, places = np.unique(column[known], return_inverse=True)
    if len(values) < 2:
        return values[:0]
    below = values[:-1] + (values[1:] - values[:-1]) / 2
    # Between neighbouring numbers there is none: the edge belongs to the lower bin.
    edges = np.where(below < values[1:], below, values[:-1])
    if len(edges) <= n_most:
        return edges
    counts = np.bincount(places, times_used[known])
    reached = np.cumsum(counts[:-1]) / counts.sum()
    wanted = np.arange(1, n_most + 1) / (n_most + 1)
    return edges[np.unique(np.searchsorted(reached, wanted).clip(max=len(edges) - 1))]


def bin_edges(windows: Windows, n_most: int) -> list[FloatArray]:
    """Choose the edges of the bins of every feature, the same for all bars of a window.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples.
    n_most : int
        Edges per feature, at most.

    Returns
    -------
    edges : list of ndarray of float32
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
    return [_edges(column, times_used, n_most) for column in bars.T]


def _codes(column: FloatArray, edges: FloatArray) -> np.ndarray:
    """Return the number of each value's bin from 1, or 0 for a missing value."""
    codes = np.searchsorted(edges, column.astype(np.float32, copy=False)) + 1
    return np.where(np.isnan(column), 0, codes).astype(np.uint8)


def in_bins(windows: Windows, edges: list[FloatArray]) -> Windows:
    """Return the same windows of numbers of bins.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples.
    edges : list of ndarray
        From `bin_edges`, at most 254 per feature.

    Returns
    -------
    codes : Windows of uint8 of shape (n_samples, window_length, n_features)
        0 for a missing value, else 1 more than the number of edges below the value.
    """
    block = windows.history.block
    codes: Any = np.empty(block.shape, dtype=np.uint8)
    for number, feature_edges in enumerate(edges):
        codes[:, number] = _codes(block[:, number], feature_edges)
    return Windows(
        windows.history.with_block(codes, windows.history.columns),
        windows.positions,
        windows.label_end_ns,
        window_length=windows.window_length,
        lag=windows.lag,
    )
