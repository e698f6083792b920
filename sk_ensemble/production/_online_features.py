"""The features of `bar_features`, bar by bar."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.preprocessing._bar_columns import WARM_UP_BARS, feature_columns
from sk_ensemble.preprocessing._bar_path import (
    BarPath,
    SessionFacts,
    bar_paths,
    of_symbol,
)
from sk_ensemble.production._online_bar import nanoseconds_of
from sk_ensemble.production._online_snapshot import SNAPSHOT, plain_symbol
from sk_ensemble.production._ring import Ring
from sk_ensemble.utils.sessions import SortedCloses
from sk_ensemble.utils.time import timedelta_ns

__all__ = ["OnlineBarFeatures"]

_PRICES = ("open", "high", "low", "close")

#: What is remembered of a bar, as `BarPath` has it.
_COLUMNS = ("starts", "body", "high", "low", "step", "volume")


@dataclass(eq=False)
class _Session:
    """What the session has seen so far."""

    start: int
    n_bars: int
    move: float
    gap: float

    def as_arrays(self, n_rows: int) -> SessionFacts:
        """Return the facts of the last bar for all bars: no other one is asked for."""
        return SessionFacts(
            np.full(n_rows, self.start, dtype=np.int64),
            np.full(n_rows, self.n_bars, dtype=np.int64),
            np.full(n_rows, self.move),
            np.full(n_rows, self.gap),
        )


@dataclass(eq=False)
class _Symbol:
    """The last bars of a symbol, its session, and its last close."""

    ring: Ring
    session: _Session
    close: float


def _log(ratio: float) -> float:
    # By numpy, as the features of a frame are: another library rounds otherwise.
    return float(np.log(np.float64(ratio)))


def _prices(symbol: Any, bar: Mapping[str, Any] | pd.Series) -> dict[str, float]:
    """Return prices and volume of a bar, refusing values that no bar can have."""
    names = (*_PRICES, "volume")
    absent = [name for name in names if name not in bar]
    if absent:
        have = [str(name) for name in bar.keys()]  # noqa: SIM118 - as of a Series
        msg = f"The bar of symbol {symbol!r} has no {absent}, only {have}. Add them."
        raise DataError(msg)
    values = {}
    for name in names:
        value = bar[name]
        is_number = isinstance(value, int | float | np.number)
        if not is_number or isinstance(value, bool) or not math.isfinite(value):
            _refuse(symbol, bar, f"{name!r} is no finite number")
        values[name] = float(value)
    if min(values[name] for name in _PRICES) <= 0:
        _refuse(symbol, bar, "a price is not positive")
    if values["volume"] < 0:
        _refuse(symbol, bar, "'volume' is below 0")
    if values["high"] < max(values["open"], values["close"]):
        _refuse(symbol, bar, "'high' is below open or close")
    if values["low"] > min(values["open"], values["close"]):
        _refuse(symbol, bar, "'low' is above open or close")
    return values


def _refuse(symbol: Any, bar: Any, what: str) -> None:
    shown = {name: bar[name] for name in (*_PRICES, "volume")}
    msg = f"In a bar of symbol {symbol!r} {what}: {shown}. The bar is not taken."
    raise DataError(msg)


class OnlineBarFeatures:
    """Make the features of `bar_features` bar by bar, equal to the last bit.

    Parameters
    ----------
    timezone : str, mapping or Series, default="UTC"
        As in `bar_features`.
    session_gap : str, Timedelta, mapping or Series, default="4h"
        As in `bar_features`.
    max_symbols : int, default=10000
        Symbols that may come in; one more is refused, so that memory is bounded.

    Attributes
    ----------
    n_old : int
        Bars that were not later than the last one of their symbol, and not taken.

    See Also
    --------
    sk_ensemble.preprocessing.bar_features : The same for a frame.
    OnlinePredictor : Takes what `update` returns.

    Notes
    -----
    Of each symbol the last 240 bars are remembered, and of its session the sum of the
    moves since it started. To go on with the bits of a frame, warm up with bars that
    reach back as far as that: 240 bars, and the start of the session.

    Examples
    --------
    >>> from sk_ensemble.datasets import load_bars
    >>> from sk_ensemble.preprocessing import bar_features
    >>> from sk_ensemble.production import OnlineBarFeatures
    >>> bars = load_bars(symbols=["IF"], start="2021-09")
    >>> online = OnlineBarFeatures()
    >>> online.warm_up(bars[:-1])
    >>> found = online.update("IF", bars.iloc[-1])
    >>> expected = bar_features(bars).iloc[-1]
    >>> all(found[name] == expected[name] for name in expected.index)
    True
    """

    def __init__(
        self,
        *,
        timezone: Any = "UTC",
        session_gap: Any = "4h",
        max_symbols: int = 10_000,
    ) -> None:
        self._timezone = timezone
        self._session_gap = session_gap
        self._max_symbols = max_symbols
        self._symbols: dict[Any, _Symbol] = {}
        self._gaps: dict[Any, int] = {}
        self.n_old = 0

    def __repr__(self) -> str:
        return f"OnlineBarFeatures({len(self._symbols)} symbols)"

    def update(
        self, symbol: Any, bar: Mapping[str, Any] | pd.Series
    ) -> dict[str, Any] | None:
        """Take the next bar of a symbol and return its features.

        Parameters
        ----------
        symbol : str or int
            Its symbol.
        bar : mapping or Series
            ``datetime`` (its END, naive ones meaning UTC), ``open``, ``high``, ``low``,
            ``close``, ``volume`` and, where contracts change, ``new_contract``.

        Returns
        -------
        features : dict or None
            ``symbol``, ``datetime`` and 31 features; None for the first 239 bars, and
            for a bar that is not later than the last one, which is counted only.

        Raises
        ------
        DataError
            If something is missing, or is what no bar can have. The bar is not taken.
        """
        values = _prices(symbol, bar)
        if "datetime" not in bar:
            msg = f"The bar of symbol {symbol!r} has no 'datetime'. Add the time."
            raise DataError(msg)
        time = nanoseconds_of(bar["datetime"], symbol)
        known = self._symbols.get(symbol)
        if known is not None and time <= known.ring.times[-1]:
            self.n_old += 1
            return None
        if known is None:
            self._refuse_too_many(1)
        # Looked up before anything changes, as both may have no entry for the symbol.
        gap_ns = self._gap_of(symbol)
        timezone = of_symbol(self._timezone, symbol, "timezone")
        is_new = known is None or bool(bar.get("new_contract", False))
        state = self._taken(known, time, values, gap_ns, is_new_contract=is_new)
        self._symbols[symbol] = state
        if len(state.ring) <= WARM_UP_BARS:
            return None
        stamp = pd.Timestamp(time, unit="ns", tz="UTC")
        columns = feature_columns(self._path(symbol, state), timezone, 1)
        features = {name: float(column[0]) for name, column in columns.items()}
        return {"datetime": stamp, "symbol": symbol, **features}

    def _gap_of(self, symbol: Any) -> int:
        if symbol not in self._gaps:
            gap = of_symbol(self._session_gap, symbol, "session_gap")
            self._gaps[symbol] = timedelta_ns(gap, name="session_gap")
        return self._gaps[symbol]

    def _refuse_too_many(self, n_new: int) -> None:
        if len(self._symbols) + n_new > self._max_symbols:
            msg = (
                f"There are {len(self._symbols) + n_new} symbols, above max_symbols="
                f"{self._max_symbols}. Raise it, or look why so many come in."
            )
            raise DataError(msg)

    def _taken(
        self,
        known: _Symbol | None,
        time: int,
        values: Mapping[str, float],
        gap_ns: int,
        *,
        is_new_contract: bool,
    ) -> _Symbol:
        """Return the state of a symbol after one more bar."""
        close, opened = values["close"], values["open"]
        body = _log(close / opened)
        last_close = opened if known is None or is_new_contract else known.close
        opens = known is None or time - int(known.ring.times[-1]) > gap_ns
        step = body if is_new_contract else _log(close / last_close)
        if known is None or opens or is_new_contract:
            gap = _log(opened / last_close) if opens else 0.0
            session = _Session(time, 1, body, gap)
        else:
            old = known.session
            session = _Session(old.start, old.n_bars + 1, old.move + step, old.gap)
        ring = self._new_ring() if known is None else known.ring
        high, low = _log(values["high"] / close), _log(values["low"] / close)
        starts = float(opens or is_new_contract)
        ring.append(time, (starts, body, high, low, step, values["volume"]))
        return _Symbol(ring, session, close)

    @staticmethod
    def _new_ring() -> Ring:
        return Ring(WARM_UP_BARS + 1, len(_COLUMNS), np.float64)

    @staticmethod
    def _path(symbol: Any, state: _Symbol) -> BarPath:
        """Return what is remembered of a symbol as a path."""
        columns = dict(zip(_COLUMNS, state.ring.values.T.copy(), strict=True))
        return BarPath(
            symbol=symbol,
            times=state.ring.times,
            starts=columns.pop("starts").astype(bool),
            session=state.session.as_arrays(len(state.ring)),
            **columns,
        )

    def warm_up(self, bars: pd.DataFrame) -> None:
        """Take earlier bars without returning their features.

        Parameters
        ----------
        bars : DataFrame of n_bars rows
            As in `bar_features`, of symbols that are not known yet.

        Raises
        ------
        DataError
            If bars cannot be used, or symbols are known. Nothing is taken then.
        """
        paths = list(bar_paths(bars, self._session_gap))
        known = [path.symbol for path in paths if path.symbol in self._symbols]
        if known:
            msg = (
                f"Symbols {known} have bars already. Nothing is taken. Leave them out, "
                "or warm up a new OnlineBarFeatures."
            )
            raise DataError(msg)
        self._refuse_too_many(len(paths))
        closes = _last_closes(bars, paths)
        for path in paths:
            self._symbols[path.symbol] = self._of_path(path, closes[path.symbol])

    def _of_path(self, path: BarPath, close: float) -> _Symbol:
        ring = self._new_ring()
        table = np.column_stack([getattr(path, name) for name in _COLUMNS])
        first = max(0, len(table) - WARM_UP_BARS - 1)
        for time, row in zip(path.times[first:], table[first:], strict=True):
            ring.append(int(time), row)
        facts = path.session
        session = _Session(
            int(facts.start[-1]),
            int(facts.n_bars[-1]),
            float(facts.move[-1]),
            float(facts.gap[-1]),
        )
        return _Symbol(ring, session, close)

    def snapshot(self, path: str | os.PathLike[str]) -> None:
        """Write all that is remembered to a file, in place of an older one.

        Parameters
        ----------
        path : str or path-like
            The file: arrays and JSON, no pickle.

        Raises
        ------
        DataError
            If a symbol is neither a text nor a whole number.
        """
        states = list(self._symbols.values())
        sessions = [(s.session.start, s.session.n_bars) for s in states]
        moves = [(s.session.move, s.session.gap, s.close) for s in states]
        empty = self._new_ring()
        rings = [empty, *(state.ring for state in states)]
        arrays = {
            "lengths": np.array([len(s.ring) for s in states], dtype=np.int64),
            "times": np.concatenate([ring.times for ring in rings]),
            "values": np.concatenate([ring.values for ring in rings]),
            "sessions": np.array(sessions, dtype=np.int64).reshape(-1, 2),
            "moves": np.array(moves, dtype=np.float64).reshape(-1, 3),
        }
        symbols = [plain_symbol(symbol) for symbol in self._symbols]
        facts = {"columns": list(_COLUMNS), "symbols": symbols, "n_old": self.n_old}
        SNAPSHOT.write(Path(path), facts, arrays)

    def restore(self, path: str | os.PathLike[str]) -> None:
        """Go on where a snapshot was taken, in place of what is remembered.

        Parameters
        ----------
        path : str or path-like
            A file that `snapshot` has written.

        Raises
        ------
        PersistenceError
            If it is missing, damaged, or something else. Nothing has changed then.
        """
        facts, arrays = SNAPSHOT.read(Path(path))
        try:
            if facts["columns"] != list(_COLUMNS):
                msg = f"its columns are {facts['columns']}, here are {list(_COLUMNS)}"
                raise ValueError(msg)
            symbols = self._restored(facts["symbols"], arrays)
            n_old = int(facts["n_old"])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            msg = f"{path} does not fit: {error}. Warm up from bars instead."
            raise PersistenceError(msg) from error
        self._symbols, self.n_old = symbols, n_old

    def _restored(
        self, symbols: list[Any], arrays: Mapping[str, np.ndarray]
    ) -> dict[Any, _Symbol]:
        found = {}
        ends = np.cumsum(arrays["lengths"])
        for number, symbol in enumerate(symbols):
            ring = self._new_ring()
            end = int(ends[number])
            for row in range(end - int(arrays["lengths"][number]), end):
                ring.append(int(arrays["times"][row]), arrays["values"][row])
            start, n_bars = map(int, arrays["sessions"][number])
            move, gap, close = map(float, arrays["moves"][number])
            session = _Session(start, n_bars, move, gap)
            found[symbol] = _Symbol(ring, session, close)
        return found


def _last_closes(bars: pd.DataFrame, paths: list[BarPath]) -> dict[Any, float]:
    """Return the last close of each symbol, which paths no longer know."""
    closes = SortedCloses.from_bars(bars)
    last = closes.close[closes.bounds[1:] - 1]
    return {path.symbol: float(close) for path, close in zip(paths, last, strict=True)}
