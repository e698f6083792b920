"""Windows as the rows of a matrix that is never built in one piece."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray, Rows
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import Windows
from sk_ensemble.utils.rows import follow_one_another

__all__ = [
    "flat_batch",
    "flat_columns",
    "flat_rows",
    "n_columns",
    "order_of_rows",
    "repeat_rows",
    "row_slices",
    "rows_per_batch",
    "with_all_classes",
]

#: Cells of one batch: 16 MiB in float32.
_BATCH_CELLS = 2**22

#: Rows that are few, so that they may be repeated and sorted.
_FEW_ROWS = 10_000


def n_columns(windows: Windows) -> int:
    """Return the number of columns of flattened windows."""
    return windows.window_length * windows.history.n_features


def flat_batch(windows: Windows, rows: Rows) -> FloatArray:
    """Return some windows as rows, earliest bar first, shape (n_rows, n_columns)."""
    batch = windows.gather(rows)
    return batch.reshape(len(batch), -1)


def flat_rows(windows: Windows, rows: IntArray) -> FloatArray:
    """Return some windows as rows that must not be written to.

    Windows that follow one another are not copied: they overlap in the history, and so
    do the rows. All others are those of `flat_batch`.
    """
    part = windows[rows]
    first, n_rows = part.first_bars, len(rows)
    if not follow_one_another(first) or not part.complete.all():
        return flat_batch(windows, rows)
    bars = windows.history.block[first[0] : first[0] + n_rows + part.window_length - 1]
    bar, value = n_columns(windows) // part.window_length, bars.itemsize
    return np.lib.stride_tricks.as_strided(
        bars, (n_rows, n_columns(windows)), (bar * value, value), writeable=False
    )


def flat_columns(windows: Windows) -> Any:
    """Return all windows as rows of a matrix whose columns lie one behind the other."""
    shape = len(windows), n_columns(windows)
    matrix = np.empty(shape, windows.history.block.dtype, order="F")
    for rows in row_slices(windows):
        matrix[rows] = flat_batch(windows, rows)
    return matrix


def rows_per_batch(windows: Windows, n_cells: int | None = None) -> int:
    """Return how many rows make a batch of bounded size."""
    most = _BATCH_CELLS if n_cells is None else n_cells
    return max(1, most // n_columns(windows))


def row_slices(windows: Windows) -> list[slice]:
    """Cut the rows into batches."""
    step = rows_per_batch(windows)
    return [slice(start, start + step) for start in range(0, len(windows), step)]


def repeat_rows(samples: TrainingSet) -> TrainingSet:
    """Return rows as often as their weights say, where these are few whole numbers.

    A library that treats a weight of two otherwise than two rows then cannot.
    """
    weights = samples.weights
    if weights.sum() > _FEW_ROWS or (weights != np.round(weights)).any():
        return samples
    repeated = samples[np.repeat(np.arange(len(samples)), weights.astype(np.int64))]
    return replace(repeated, weights=np.ones(len(repeated)))


def order_of_rows(rows: Any, codes: IntArray) -> Any:
    """Return an order of rows of bytes that depends on what they hold, if they are few.

    Parameters
    ----------
    rows : ndarray of uint8 of shape (n_rows, n_columns)
        The rows.
    codes : ndarray of shape (n_rows,)
        Class number of each row.
    """
    if len(rows) > _FEW_ROWS:
        return slice(None)
    # All bytes of a row are compared at once.
    whole = np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").ravel()
    _, content = np.unique(whole, return_inverse=True)
    return np.lexsort((content, codes))


def with_all_classes(samples: TrainingSet) -> TrainingSet:
    """Add a row of no weight to speak of for each class that has none.

    For a library that takes classes without rows for an error.
    """
    absent = np.setdiff1d(np.arange(samples.n_classes), samples.codes)
    n_rows = len(samples)
    more = samples[np.append(np.arange(n_rows), np.zeros_like(absent))]
    weights, codes = more.weights.copy(), more.codes.copy()
    weights[n_rows:], codes[n_rows:] = weights.min() * 1e-9, absent
    return replace(more, codes=codes, weights=weights)
