"""Windows as the rows of a matrix that is never built in one piece."""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray, Rows
from sk_ensemble.panel import Windows

__all__ = ["bin_sample", "flat_batch", "n_columns", "row_slices", "rows_per_batch"]

#: Cells of one batch: 16 MiB in float32.
_BATCH_CELLS = 2**22

#: Rows, and cells where there are few columns, that decide on the bins of features.
_SAMPLED_ROWS = 10_000
_SAMPLED_CELLS = 2**22


def n_columns(windows: Windows) -> int:
    """Return the number of columns of flattened windows."""
    return windows.window_length * windows.history.n_features


def flat_batch(windows: Windows, rows: Rows) -> FloatArray:
    """Return some windows as rows, earliest bar first, shape (n_rows, n_columns)."""
    batch = windows.gather(rows)
    return batch.reshape(len(batch), -1)


def rows_per_batch(windows: Windows) -> int:
    """Return how many rows make a batch of bounded size."""
    return max(1, _BATCH_CELLS // n_columns(windows))


def row_slices(windows: Windows) -> list[slice]:
    """Cut the rows into batches."""
    step = rows_per_batch(windows)
    return [slice(start, start + step) for start in range(0, len(windows), step)]


def bin_sample(windows: Windows) -> IntArray | None:
    """Return the rows from which a library may choose its bins, None for all.

    The rows are drawn at random, so that they follow no pattern of the clock, and
    the same for every fit, so that equal samples give equal models.
    """
    size = max(_SAMPLED_ROWS, _SAMPLED_CELLS // n_columns(windows))
    if size >= len(windows):
        return None
    rows = np.random.default_rng(0).choice(len(windows), size=size, replace=False)
    return np.sort(rows)
