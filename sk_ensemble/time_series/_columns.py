"""The columns that MiniRocket makes of windows, some windows at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import Windows
from sk_ensemble.time_series._kernels import (
    KERNEL_LENGTH,
    Kernels,
    draw_kernels,
    most_combinations,
    transform_windows,
)

__all__ = ["CHUNK", "Columns", "draw_columns"]

#: Samples of which the columns are made together: enough for long operations, few
#: enough for their intermediate results to stay near the processor.
CHUNK = 512


class Columns(NamedTuple):
    """Kernels, and the scale of the bars that they are applied to.

    Parameters
    ----------
    kernels : Kernels
        The transform.
    mean, scale : ndarray of shape (n_features,)
        What is subtracted from each feature, and what it is divided by.
    """

    kernels: Kernels
    mean: FloatArray
    scale: FloatArray

    def side_by_side(self, windows: Windows, rows: IntArray) -> FloatArray:
        """Return the columns of rows, each a row itself, (n_kernels, n_rows)."""
        values = _scaled_values(windows, rows, self.mean, self.scale)
        return transform_windows(values, self.kernels)

    def of(self, windows: Windows, rows: IntArray) -> FloatArray:
        """Return the columns of rows, (n_rows, n_kernels), made in chunks."""
        shares = np.empty((len(rows), len(self.kernels.biases)), dtype=np.float32)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            shares[part] = self.side_by_side(windows, rows[part]).T
        return shares

    def of_all(self, windows: Windows) -> FloatArray:
        """Return the columns of all rows, (n_rows, n_kernels)."""
        return self.of(windows, np.arange(len(windows)))


def _scaled_values(
    windows: Windows, rows: IntArray, mean: FloatArray, scale: FloatArray
) -> FloatArray:
    """Return scaled windows side by side, (n_features, n_bars, n_windows)."""
    values = (windows.gather(rows) - mean) / scale
    missing = max(KERNEL_LENGTH - values.shape[1], 0)
    values = np.pad(values, ((0, 0), (missing, 0), (0, 0)), mode="edge")
    return np.ascontiguousarray(values.transpose(2, 1, 0), dtype=np.float32)


def draw_columns(
    training: TrainingSet,
    bar_scale: tuple[FloatArray, FloatArray],
    *,
    num_kernels: int,
    most_dilations: int,
    random_state: np.random.RandomState,
) -> Columns:
    """Draw kernels, with thresholds from windows drawn by their weights.

    Parameters
    ----------
    training : TrainingSet
        The samples.
    bar_scale : tuple of two ndarrays of shape (n_features,)
        Mean and spread of the features.
    num_kernels : int
        Columns to make, of which there are a multiple of 84.
    most_dilations : int
        Most dilations per kernel.
    random_state : RandomState
        Source of the draws.

    Returns
    -------
    columns : Columns
        The transform.
    """
    ends = np.cumsum(training.weights)
    n_examples = most_combinations(num_kernels, most_dilations)
    drawn = random_state.uniform(0, ends[-1], n_examples)
    rows = np.searchsorted(ends, drawn, side="right").clip(max=len(training) - 1)
    examples = _scaled_values(training.windows, rows, *bar_scale)
    kernels = draw_kernels(examples, num_kernels, most_dilations, random_state)
    return Columns(kernels, *bar_scale)
