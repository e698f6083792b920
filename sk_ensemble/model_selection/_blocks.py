"""Cut the time axis into contiguous blocks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.model_selection._units import Units

__all__ = ["Blocks", "cut_blocks", "join_units"]


class Blocks(NamedTuple):
    """First and last time of each block, both belonging to it, shape (n_blocks,)."""

    first: NanosecondArray
    last: NanosecondArray


def join_units(units: Units, starts: IntArray, stops: IntArray) -> Blocks:
    """Return the blocks of the units ``starts[i]:stops[i]``."""
    edges = np.append(units.starts, len(units.stamps))
    return Blocks(units.stamps[edges[starts]], units.stamps[edges[stops] - 1])


def cut_blocks(units: Units, n_blocks: int, *, name: str) -> Blocks:
    """Cut units of time into blocks of equal numbers.

    The first blocks are longer by one where the number does not divide.

    Parameters
    ----------
    units : Units
        Times, days or sessions.
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
        If there are fewer units than blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection._blocks import cut_blocks
    >>> from sk_ensemble.model_selection._units import Units
    >>> units = Units(np.arange(5), np.arange(5), "times", is_timed=False)
    >>> cut_blocks(units, 2, name="n_splits")
    Blocks(first=array([0, 3]), last=array([2, 4]))
    """
    if len(units) < n_blocks:
        msg = (
            f"{name}={n_blocks} is more than the {len(units)} {units.noun}. "
            f"Use at most {name}={len(units)}, or more samples."
        )
        raise ValueError(msg)
    size, longer = divmod(len(units), n_blocks)
    sizes = size + (np.arange(n_blocks) < longer)
    stops = np.cumsum(sizes)
    return join_units(units, stops - sizes, stops)
