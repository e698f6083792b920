"""Rows as runs: where they are few, folds are joined from slices instead of masks.

Rows in the order of time, or symbol by symbol, fall into a few runs per block, so a
fold costs no more than writing its row numbers. Shuffled rows make as many runs as
there are rows; masks serve them better.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sk_ensemble._typing import BoolArray, IntArray

__all__ = ["Runs", "find_runs", "join_runs", "rows_outside"]


class Runs(NamedTuple):
    """Rows ``starts[i]:stops[i]``, ascending and apart, shape (n_runs,)."""

    starts: IntArray
    stops: IntArray


def find_runs(mask: BoolArray) -> Runs:
    """Return the runs of marked rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._runs import find_runs
    >>> find_runs(np.array([True, True, False, True]))
    Runs(starts=array([0, 3]), stops=array([2, 4]))
    """
    changes = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    edges = np.concatenate(([0] if mask[:1].any() else [], changes)).astype(np.int64)
    if len(edges) % 2:
        edges = np.append(edges, len(mask))
    return Runs(edges[::2], edges[1::2])


def join_runs(parts: list[Runs]) -> Runs:
    """Return the runs of the rows that lie in any of the parts.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._runs import Runs, join_runs
    >>> one = Runs(np.array([0, 6]), np.array([2, 9]))
    >>> join_runs([one, Runs(np.array([1]), np.array([4]))])
    Runs(starts=array([0, 6]), stops=array([4, 9]))
    """
    starts = np.concatenate([part.starts for part in parts])
    stops = np.concatenate([part.stops for part in parts])
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(stops[order])
    is_new = np.append(True, starts[1:] > reach[:-1])[: len(starts)]
    is_last = np.append(is_new[1:], True)[: len(starts)]
    return Runs(starts[is_new], reach[is_last])


def rows_outside(runs: Runs, n_rows: int) -> Runs:
    """Return the runs of the other rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._runs import Runs, rows_outside
    >>> rows_outside(Runs(np.array([0, 6]), np.array([2, 9])), 12)
    Runs(starts=array([2, 9]), stops=array([ 6, 12]))
    """
    starts = np.append(0, runs.stops)
    stops = np.append(runs.starts, n_rows)
    some = stops > starts
    return Runs(starts[some], stops[some])
