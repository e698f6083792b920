"""Check lists of sizes of layers."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

__all__ = ["check_sizes"]


def check_sizes(name: str, sizes: Sequence[int], *, n_least: int = 1) -> None:
    """Refuse too few sizes, and sizes that are no whole numbers from 1.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    sizes : sequence of int
        Its value.
    n_least : int, default=1
        How many there must be.

    Raises
    ------
    ValueError
        If they are refused.

    Examples
    --------
    >>> from sk_ensemble.neural_network._sizes import check_sizes
    >>> check_sizes("n_blocks", [1, 0])
    Traceback (most recent call last):
        ...
    ValueError: All values of n_blocks must be whole numbers from 1, got [1, 0].
    """
    if len(sizes) < n_least:
        msg = f"There must be at least {n_least} value in {name}, got {list(sizes)}."
        raise ValueError(msg)
    if not all(isinstance(size, Integral) and size >= 1 for size in sizes):
        msg = f"All values of {name} must be whole numbers from 1, got {list(sizes)}."
        raise ValueError(msg)
