"""Mean and spread of the bars that training windows hold."""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.panel import Windows

__all__ = ["bar_scale"]

_ROWS = 65_536


def _bar_weights(windows: Windows, weights: FloatArray) -> FloatArray:
    """Return by how much each bar of the history counts, repeats included."""
    starts = windows.segment_starts
    first = np.maximum(windows.first_bars, starts)
    last = np.maximum(windows.positions - windows.lag, starts)
    steps = np.zeros(len(windows.history.block) + 1)
    np.add.at(steps, first, weights)
    np.add.at(steps, last + 1, -weights)
    totals = np.cumsum(steps[:-1])
    # Sums and differences leave rounding behind, and a bar that no window holds must
    # not count at all.
    totals[~windows.reachable_bars()] = 0
    repeats = windows.window_length - 1 - (last - first)
    np.add.at(totals, starts, weights * repeats)
    return np.maximum(totals, 0)


def bar_scale(windows: Windows, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of each feature over all windows.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The training samples.
    weights : ndarray of shape (n_samples,)
        Their weights.

    Returns
    -------
    mean, spread : ndarrays of float64 of shape (n_features,)
        The spread of a constant feature is 1.
    """
    bar_weights = _bar_weights(windows, weights)
    bars = np.flatnonzero(bar_weights)
    shares = bar_weights[bars] / bar_weights[bars].sum()
    chunks = [slice(start, start + _ROWS) for start in range(0, len(bars), _ROWS)]
    block = windows.history.block
    mean = np.zeros(block.shape[1])
    for part in chunks:
        mean += shares[part] @ block[bars[part]].astype(np.float64)
    variance = np.zeros_like(mean)
    for part in chunks:
        variance += shares[part] @ (block[bars[part]] - mean) ** 2
    spread = np.sqrt(variance)
    # What is left of a constant by rounding is no spread.
    noise = 1e-7 * np.abs(mean)
    return mean, np.where(spread > noise, spread, 1.0)
