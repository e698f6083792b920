"""Purging on integer arrays: which label spans overlap which test block.

Spans are closed on both sides here. A half-open span [time, end) of integer times is
the closed span [time, end - 1], so `closed` is settled once, by `closed_ends`.
"""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import BoolArray, NanosecondArray
from sk_ensemble.model_selection._blocks import Blocks
from sk_ensemble.utils.time import is_ascending

__all__ = ["closed_ends", "is_within", "latest_in_blocks", "overlaps"]


def closed_ends(
    times: NanosecondArray, ends: NanosecondArray, closed: str
) -> NanosecondArray:
    """Return the last instant of each span; a span holds at least its own time.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._purge import closed_ends
    >>> closed_ends(np.array([1, 2]), np.array([4, 2]), "left")
    array([3, 2])
    """
    return ends if closed == "both" else np.maximum(ends - 1, times)


def is_within(times: NanosecondArray, first: int, last: int) -> BoolArray:
    """Mark the times from `first` to `last`, both included."""
    return (times >= first) & (times <= last)


def overlaps(
    times: NanosecondArray, ends: NanosecondArray, first: int, last: int
) -> BoolArray:
    """Mark the spans [times, ends] that overlap [first, last]."""
    return (times <= last) & (ends >= first)


def latest_in_blocks(
    times: NanosecondArray, ends: NanosecondArray, blocks: Blocks
) -> NanosecondArray:
    """Return the latest end among the rows of each block, shape (n_blocks,).

    The latest, not the last row's: ends need not ascend with time.
    """
    if not is_ascending(times):
        masks = (is_within(times, *block) for block in zip(*blocks, strict=True))
        return np.array([ends[mask].max() for mask in masks])
    starts = np.searchsorted(times, blocks.first, side="left")
    stops = np.searchsorted(times, blocks.last, side="right")
    return np.array([ends[part].max() for part in map(slice, starts, stops)])
