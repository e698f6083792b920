"""Change some bars of a history and leave the others as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from sk_ensemble._typing import BoolArray, IntArray
from sk_ensemble.panel import History, Panel, Windows

__all__ = ["redraw_bars", "remove_bars", "replace_history", "without_values"]

S = TypeVar("S", Panel, Windows)


def replace_history(X: S, history: History, positions: IntArray | None = None) -> S:
    """Return the same samples over another history."""
    rows = X.positions if positions is None else positions
    if isinstance(X, Windows):
        sizes = {"window_length": X.window_length, "lag": X.lag}
        return type(X)(history, rows, X.label_end_ns, **sizes)
    return type(X)(history, rows, X.label_end_ns)


def redraw_bars(
    history: History,
    chosen: BoolArray,
    rng: np.random.Generator,
    column: int | None = None,
) -> History:
    """Give the chosen bars values drawn from each column's own values.

    Whatever a column holds (counts, codes, NaN) stays possible, and no column keeps its
    relation to the others.

    Parameters
    ----------
    history : History
        The bars.
    chosen : ndarray of bool of shape (n_bars,)
        Bars to change.
    rng : Generator
        Source of the draws.
    column : int or None, default=None
        Change this feature only.
    """
    block = history.block.copy()
    rows = np.flatnonzero(chosen)
    for place in range(block.shape[1]) if column is None else (column,):
        block[rows, place] = history.block[
            rng.integers(history.n_bars, size=len(rows)), place
        ]
    return history.with_block(block, history.columns)


def without_values(history: History, chosen: BoolArray) -> History:
    """Return the history with NaN in the chosen bars."""
    block = history.block.copy()
    block[chosen] = np.nan
    return history.with_block(block, history.columns)


def remove_bars(history: History, chosen: BoolArray) -> tuple[History, IntArray]:
    """Return the history without some bars, and the new row of each old one.

    The first bar of a segment must stay if any bar of it does.
    """
    kept = ~chosen
    new_rows = np.cumsum(kept) - 1
    sizes = np.add.reduceat(kept, history.symbol_bounds[:-1])
    shorter = replace(
        history,
        block=np.ascontiguousarray(history.block[kept]),
        times=history.stamps[kept],
        symbol_codes=history.symbol_codes[kept],
        symbol_bounds=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        segment_start=new_rows[history.segment_start[kept]],
    )
    return shorter, new_rows
