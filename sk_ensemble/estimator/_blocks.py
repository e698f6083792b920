"""Predict in blocks of a fixed number of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray

__all__ = ["predict_in_blocks"]


def predict_in_blocks(
    n_samples: int,
    block_size: int,
    predict: Callable[[IntArray], FloatArray],
    *,
    pad: bool,
) -> FloatArray:
    """Concatenate the predictions of blocks of rows.

    Matrix products of different sizes may round differently, so a row's prediction
    could depend on how many others are asked for at the same time. With `pad` every
    block has the same number of rows, the last one filled up with its own last row,
    and any split of the samples gives equal bits.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    block_size : int
        Rows per block.
    predict : callable
        Maps row numbers to predictions of shape (n_rows, ...).
    pad : bool
        Whether to fill up the last block.

    Returns
    -------
    predictions : ndarray of shape (n_samples, ...)
        One per sample.

    Examples
    --------
    >>> from sk_ensemble.estimator import predict_in_blocks
    >>> predict_in_blocks(3, 2, lambda rows: rows * 10.0, pad=True)
    array([ 0., 10., 20.])
    """
    # A list of small arrays would lie scattered between what `predict` frees, and keep
    # that memory from being used again.
    predictions: Any = None
    for start in range(0, n_samples, block_size):
        stop = min(start + block_size, n_samples)
        rows = np.arange(start, stop)
        missing = block_size - len(rows) if pad else 0
        asked = np.pad(rows, (0, missing), mode="edge") if missing else rows
        block = predict(asked)[: len(rows)]
        if predictions is None:
            predictions = np.empty((n_samples, *block.shape[1:]), block.dtype)
        predictions[start:stop] = block
    return predictions
