"""What an online predictor remembers, in one file of arrays and JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.sealed_format import SealedFormat

__all__ = ["SNAPSHOT", "plain_symbol"]

#: The file that `snapshot` writes and `restore` reads.
SNAPSHOT = SealedFormat("sk_ensemble.online", 2, "Warm up from bars instead.")


def plain_symbol(symbol: Any) -> str | int:
    """Return a symbol as JSON keeps it.

    Raises
    ------
    DataError
        If it is neither a text nor a whole number.
    """
    if isinstance(symbol, str):
        return str(symbol)
    if isinstance(symbol, int | np.integer) and not isinstance(symbol, bool):
        return int(symbol)
    msg = (
        f"Symbol {symbol!r} is a {type(symbol).__name__}; a snapshot keeps texts and "
        "whole numbers. Convert the symbols to str."
    )
    raise DataError(msg)
