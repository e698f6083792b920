"""The real 5-minute futures bars that are shipped with the package."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.time import to_utc_ns

__all__ = ["load_bars"]

_PATH = Path(__file__).parent / "data" / "bars_real.parquet"
_SYMBOLS = ("AG", "CU", "IC", "IF")
_PARTIAL_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def _parse(value: Any, name: str) -> pd.Timestamp:
    """Return one time stamp in UTC, nanoseconds."""
    try:
        stamp = None if isinstance(value, (int, float)) else pd.Timestamp(value)
    except (ValueError, TypeError):
        stamp = None
    if stamp is None or stamp is pd.NaT:
        msg = f"{name} must be a date such as '2021-06' or a time, got {value!r}."
        raise DataError(msg)
    return pd.Timestamp(int(to_utc_ns([stamp])[0]), unit="ns", tz="UTC")


def _first_instant(value: Any) -> pd.Timestamp:
    """Return the first instant that `value` names."""
    return _parse(value, "start")


def _last_instant(value: Any) -> pd.Timestamp:
    """Return the last instant that `value` names: a whole year, month or day."""
    if type(value) is date:
        value = value.isoformat()
    if not (isinstance(value, str) and _PARTIAL_DATE.fullmatch(value)):
        return _parse(value, "end")
    steps = (pd.DateOffset(years=1), pd.DateOffset(months=1), pd.DateOffset(days=1))
    following = _parse(value, "end") + steps[value.count("-")]
    return following - pd.Timedelta(1, unit="ns")


def _known_symbols(symbols: str | Sequence[str] | None) -> list[str]:
    """Return the symbols asked for, refusing those that are not shipped."""
    if symbols is None:
        return list(_SYMBOLS)
    chosen = [symbols] if isinstance(symbols, str) else list(symbols)
    unknown = [name for name in chosen if name not in _SYMBOLS]
    if unknown or not chosen:
        msg = f"Unknown symbols {unknown}." if unknown else "No symbol is asked for."
        raise DataError(f"{msg} The shipped bars have {list(_SYMBOLS)}.")
    return chosen


def _span() -> str:
    """Return the first and last time of the file, as its footer has them."""
    times = pq.ParquetFile(_PATH).metadata.row_group(0).column(0).statistics
    return f"{times.min} to {times.max}"


def load_bars(
    symbols: str | Sequence[str] | None = None,
    start: Any = None,
    end: Any = None,
) -> pd.DataFrame:
    """Load real 5-minute bars of four futures, 2016-01-04 to 2021-10-13.

    IF and IC are Chinese stock index futures (CSI 300 and CSI 500), AG and CU silver
    and copper futures; 405,230 bars in all. Each symbol is the most active contract,
    chained without adjustment: at a bar with `new_contract` the price jumps for no
    economic reason. The file and its README, with source and licence, lie in the
    folder ``sk_ensemble/datasets/data``.

    Parameters
    ----------
    symbols : str or sequence of str, default=None
        Which of ``"IF"``, ``"IC"``, ``"AG"`` and ``"CU"`` to load; None loads all.
    start : str, date or timestamp, default=None
        First time stamp to load, inclusive. A partial date means its first instant,
        so ``"2021"`` is 2021-01-01 00:00. Naive times are UTC. None: from the first.
    end : str, date or timestamp, default=None
        Last time stamp to load, inclusive. A date, or a string ``"YYYY"``,
        ``"YYYY-MM"`` or ``"YYYY-MM-DD"``, includes the whole of that day, month or
        year (in UTC); a time is that instant. None: to the last.

    Returns
    -------
    bars : DataFrame of n rows
        Sorted by symbol, then datetime: `datetime` (END of the bar, UTC), `symbol`,
        `open`, `high`, `low`, `close` (float64), `volume` (int64, contracts) and
        `new_contract` (bool, first bar of a new contract).

    Raises
    ------
    DataError
        If a symbol is unknown, a limit is no time, or no bar is left.

    Notes
    -----
    Bars exist only while a market is open. Nothing has been filled or adjusted.

    Examples
    --------
    >>> from sk_ensemble.datasets import load_bars
    >>> bars = load_bars(symbols=["IF", "AG"], start="2021-06", end="2021-06-01")
    >>> bars.groupby("symbol").size().to_dict()
    {'AG': 111, 'IF': 48}
    """
    filters: list[tuple[str, str, Any]] = [("symbol", "in", _known_symbols(symbols))]
    if start is not None:
        filters.append(("datetime", ">=", _first_instant(start)))
    if end is not None:
        filters.append(("datetime", "<=", _last_instant(end)))
    bars = pq.read_table(_PATH, filters=filters).to_pandas()
    if bars.empty:
        msg = (
            f"No bars of {_known_symbols(symbols)} between {start!r} and {end!r}: the "
            f"shipped bars run from {_span()}."
        )
        raise DataError(msg)
    return bars
