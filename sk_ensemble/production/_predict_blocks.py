"""Predictions that are equal bit for bit, however many are asked for at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.panel import History, Panel

__all__ = ["BLOCK", "predicted"]

#: Samples per call of a model whose matrix products round by the number of rows. A
#: multiple of the rows that linear algebra libraries take at a time, so that each row
#: is treated alike.
BLOCK = 64


def _cut(panel: Panel, n_bars: int) -> Panel:
    """Return samples in the order of the history with no bars but those in reach."""
    history = panel.history
    first = max(0, int(panel.positions[0]) - n_bars + 1)
    last = int(panel.positions[-1]) + 1
    codes = history.symbol_codes[first:last]
    numbers = np.unique(codes)
    inner = np.searchsorted(codes, numbers[1:])
    cut = History(
        block=history.block[first:last],
        times=history.stamps[first:last],
        symbol_codes=(codes - numbers[0]).astype(np.int32),
        symbol_names=history.symbol_names[numbers],
        symbol_bounds=np.array([0, *inner, last - first], dtype=np.int64),
        segment_start=np.maximum(history.segment_start[first:last] - first, 0),
        columns=history.columns,
    )
    return Panel(cut, panel.positions - first)


def _block(
    predict: Callable[[Panel], FloatArray], panel: Panel, rows: IntArray, n_bars: int
) -> FloatArray:
    """Predict some samples, filled up to a whole block with the last one of them."""
    filled = np.pad(rows, (0, BLOCK - len(rows)), mode="edge")
    return predict(_cut(panel[filled], n_bars))[: len(rows)]


def predicted(
    predict: Callable[[Panel], FloatArray],
    panel: Panel,
    n_bars: int,
    *,
    is_blind: bool,
) -> FloatArray:
    """Return what a model says of samples, in their order.

    Parameters
    ----------
    predict : callable
        A method of a fitted model, such as its `predict_proba`.
    panel : Panel of shape (n_samples, n_features)
        The samples, at least one.
    n_bars : int
        Bars that a prediction looks at.
    is_blind : bool
        Whether the model gives equal bits for any number of samples by itself. If not,
        it is asked for `BLOCK` of them at a time.

    Returns
    -------
    said : ndarray of shape (n_samples, ...)
        What the method returned.
    """
    if is_blind:
        return np.asarray(predict(panel))
    # Neighbours share their bars, so that blocks are cut from little.
    order = np.argsort(panel.positions, kind="stable")
    parts = [
        _block(predict, panel, order[start : start + BLOCK], n_bars)
        for start in range(0, len(order), BLOCK)
    ]
    said = np.concatenate(parts)
    result = np.empty_like(said)
    result[order] = said
    return result
