"""Cut the time axis into contiguous blocks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sk_ensemble._typing import NanosecondArray

__all__ = ["Blocks", "cut_blocks", "unique_times"]


class Blocks(NamedTuple):
    """First and last time of each block, both belonging to it, shape (n_blocks,)."""

    first: NanosecondArray
    last: NanosecondArray


def unique_times(times: NanosecondArray) -> NanosecondArray:
    """Return the different times, ascending, without sorting what is sorted."""
    if (times[1:] >= times[:-1]).all():
        return times[np.append(True, times[1:] != times[:-1])] if len(times) else times
    # Several times as fast as np.unique where symbols share their times.
    return np.sort(pd.unique(times))


def cut_blocks(stamps: NanosecondArray, n_blocks: int, *, name: str) -> Blocks:
    """Cut ascending time stamps into blocks of equal numbers.

    The first blocks are longer by one where the number does not divide.

    Parameters
    ----------
    stamps : ndarray of int64 of shape (n_stamps,)
        Different times, ascending.
    n_blocks : int
        How many blocks to cut.
    name : str
        Parameter that sets `n_blocks`, for the message.

    Returns
    -------
    blocks : Blocks
        Ends of each block.

    Raises
    ------
    ValueError
        If there are fewer stamps than blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._blocks import cut_blocks
    >>> cut_blocks(np.arange(5), 2, name="n_splits")
    Blocks(first=array([0, 3]), last=array([2, 4]))
    """
    if len(stamps) < n_blocks:
        msg = (
            f"{name}={n_blocks} is more than the {len(stamps)} different times of the "
            f"samples. Use at most {name}={len(stamps)}, or more samples."
        )
        raise ValueError(msg)
    size, longer = divmod(len(stamps), n_blocks)
    sizes = size + (np.arange(n_blocks) < longer)
    stops = np.cumsum(sizes)
    return Blocks(stamps[stops - sizes], stamps[stops - 1])
