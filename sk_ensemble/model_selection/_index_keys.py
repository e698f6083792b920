"""Read times and symbols from the index of a frame or series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.time import NAT, to_utc_ns

__all__ = ["IndexKeys", "read_index"]


@dataclass(frozen=True)
class IndexKeys:
    """Time of each row and, where the index has them, the number of its symbol."""

    times: NanosecondArray
    codes: IntArray | None = None
    names: np.ndarray | None = None

    def symbols(self) -> np.ndarray | None:
        """Return the symbol of each row, shape (n_rows,)."""
        if self.codes is None or self.names is None:
            return None
        return self.names[self.codes]


def _holds_times(index: pd.Index) -> bool:
    """Return whether the values are time stamps."""
    if index.dtype == object:
        return len(index) > 0 and all(hasattr(index[i], "tzinfo") for i in (0, -1))
    return bool(pd.api.types.is_datetime64_any_dtype(index.dtype))


def _time_level(index: pd.MultiIndex) -> int | None:
    """Return the number of the only level that holds times, else of "datetime"."""
    holding = [i for i, level in enumerate(index.levels) if _holds_times(level)]
    if len(holding) == 1:
        return holding[0]
    return next((i for i in holding if index.names[i] == "datetime"), None)


def _symbol_level(index: pd.MultiIndex, time_level: int) -> int | None:
    """Return the number of the level "symbol", else of the only other level."""
    others = [i for i in range(index.nlevels) if i != time_level]
    named = [i for i in others if index.names[i] == "symbol"]
    if len(named or others) > 1:
        msg = (
            f"The index levels are {list(index.names)}: which one holds the symbols? "
            "Call it 'symbol', or keep two levels, symbol and time."
        )
        raise DataError(msg)
    return next(iter(named or others), None)


def _refuse_missing(missing: np.ndarray, what: str) -> None:
    """Raise if some row has no time or no symbol."""
    if missing.any():
        msg = (
            f"The {what} is missing in {missing.sum()} rows of the index, first row "
            f"{np.argmax(missing)}. Drop these rows or fill in the {what}."
        )
        raise DataError(msg)


def _read_levels(index: pd.MultiIndex, time_level: int) -> IndexKeys:
    """Read the keys of an index of several levels."""
    stamps = np.append(to_utc_ns(index.levels[time_level], name="The index"), NAT)
    times = stamps[index.codes[time_level]]
    _refuse_missing(times == NAT, "time")
    symbol_level = _symbol_level(index, time_level)
    if symbol_level is None:
        return IndexKeys(times)
    codes = np.asarray(index.codes[symbol_level], dtype=np.int64)
    _refuse_missing(codes < 0, "symbol")
    names = index.levels[symbol_level].to_numpy(dtype=object)
    return IndexKeys(times, codes, names)


def read_index(index: pd.Index) -> IndexKeys | None:
    """Read the times, and the symbols if any, of an index.

    Parameters
    ----------
    index : Index of n_rows entries
        Times, or levels of which one holds times and one symbols, in either order.

    Returns
    -------
    keys : IndexKeys or None
        The keys; None where the index holds no times.

    Raises
    ------
    DataError
        If a time or symbol is missing, or it is unclear which level is which.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.model_selection._index_keys import read_index
    >>> read_index(pd.to_datetime(["1970-01-01", "1970-01-02"])).times
    array([             0, 86400000000000])
    """
    if isinstance(index, pd.MultiIndex):
        time_level = _time_level(index)
        return None if time_level is None else _read_levels(index, time_level)
    if not _holds_times(index):
        return None
    times = to_utc_ns(index, name="The index")
    _refuse_missing(times == NAT, "time")
    return IndexKeys(times)
