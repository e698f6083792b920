"""Predict a table part by part, with windows that reach back across its cuts."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments import PredictionOutput
from sk_ensemble.panel import History, Panel
from sk_ensemble.production._predict_model import ServedModel
from sk_ensemble.utils.bars import symbol_time_keys
from sk_ensemble.utils.time import format_ns, from_utc_ns

__all__ = ["ChunkPredictor", "refuse_missing"]


def refuse_missing(have: Sequence[Any], wanted: Sequence[str]) -> None:
    """Raise if a feature is missing, naming what may be meant instead.

    Parameters
    ----------
    have : sequence of str
        Names that are there; more than wanted are no fault.
    wanted : sequence of str
        Names of the features.

    Raises
    ------
    DataError
        Lists all that are missing.

    Examples
    --------
    >>> from sk_ensemble.production._predict_chunks import refuse_missing
    >>> refuse_missing(["closes", "open"], ["open", "close"])
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.DataError: Features missing: 'close' (is it 'closes'?). ...
    """
    names = [str(name) for name in have]
    missing = [name for name in wanted if name not in names]
    if not missing:
        return
    unused = [name for name in names if name not in wanted]
    shown = []
    for name in missing:
        close = get_close_matches(name, unused, n=1)
        shown.append(f"{name!r} (is it {close[0]!r}?)" if close else repr(name))
    msg = (
        f"Features missing: {', '.join(shown)}. The model was fitted on "
        f"{list(wanted)} and there are {names}. Add or rename the columns."
    )
    raise DataError(msg)


class ChunkPredictor:
    """Predict one part of a table after the other.

    The bars of each symbol come in the order of time; symbols may be mixed in any way.
    Of each symbol as many bars are remembered as a window needs, so that where the
    table is cut makes no difference to any bit.

    Parameters
    ----------
    served : ServedModel
        The model.
    time : str, default="datetime"
        Column or index level with the times.
    symbol : str, default="symbol"
        Column or index level with the symbols.
    """

    def __init__(
        self, served: ServedModel, *, time: str = "datetime", symbol: str = "symbol"
    ) -> None:
        self._served = served
        self._names = {"time": time, "symbol": symbol}
        self._tails: dict[Any, tuple[FloatArray, NanosecondArray]] = {}

    def predict(self, frame: pd.DataFrame) -> PredictionOutput:
        """Predict the rows of the next part that have enough history, in their order.

        Parameters
        ----------
        frame : DataFrame of n_bars rows
            Keys and features; other columns are left alone.

        Returns
        -------
        output : PredictionOutput
            At most one prediction per row.
        """
        panel, positions = self._extended(frame)
        depth = positions - panel.history.segment_start[positions] + 1
        kept = positions[depth >= self._served.min_history]
        samples = Panel(panel.history, kept)
        history = panel.history
        symbols = history.symbol_names[history.symbol_codes[kept]]
        output = self._served.output(samples, history.stamps[kept], symbols)
        self._remember(history)
        return output

    def remember(self, frame: pd.DataFrame) -> None:
        """Take bars as history, without predicting them."""
        panel, _ = self._extended(frame)
        self._remember(panel.history)

    def _extended(self, frame: pd.DataFrame) -> tuple[Panel, IntArray]:
        """Return the bars after what is remembered, and where they stand."""
        refuse_missing(list(frame.columns), self._served.features)
        symbols, times = symbol_time_keys(frame, **self._names)
        self._refuse_old(symbols, times)
        own = frame[list(self._served.features)].reset_index(drop=True)
        own = own.assign(symbol=symbols, datetime=from_utc_ns(times))
        # The part comes first, so that rows in messages are rows of the part.
        whole = pd.concat([own, *self._tail_frames(symbols)], ignore_index=True)
        panel = Panel.from_frame(
            whole,
            features=list(self._served.features),
            max_gap=self._served.max_gap,
            dtype=self._served.dtype,
        )
        return panel, panel.history.locate(symbols, times)

    def _tail_frames(self, symbols: np.ndarray) -> list[pd.DataFrame]:
        """Return what is remembered of the symbols of a part."""
        frames = []
        for symbol in pd.unique(symbols):
            if symbol not in self._tails:
                continue
            values, times = self._tails[symbol]
            frame = pd.DataFrame(values, columns=list(self._served.features))
            names = [symbol] * len(frame)
            frames.append(frame.assign(symbol=names, datetime=from_utc_ns(times)))
        return [frame for frame in frames if len(frame)]

    def _refuse_old(self, symbols: np.ndarray, times: NanosecondArray) -> None:
        """Raise if a bar is not later than those that are remembered."""
        codes, names = pd.factorize(symbols)
        none = np.iinfo(np.int64).min
        last = np.array([self._last_time(name, none) for name in names], dtype=np.int64)
        old: BoolArray = times <= last[codes]
        if not old.any():
            return
        row = int(np.argmax(old))
        msg = (
            f"{old.sum()} bar(s) are not later than bars before them, the first is row "
            f"{row} (symbol {symbols[row]!r}, {format_ns(times[row])}) after "
            f"{format_ns(int(last[codes[row]]))}. Sort the table by time within each "
            "symbol, and keep one row of each time."
        )
        raise DataError(msg)

    def _last_time(self, symbol: Any, default: int) -> int:
        tail = self._tails.get(symbol)
        return default if tail is None else int(tail[1][-1])

    def _remember(self, history: History) -> None:
        """Keep the last bars of each symbol of a part."""
        # One at least, whose time tells which bars come too late.
        n_bars = max(1, self._served.n_kept - 1)
        for number, symbol in enumerate(history.symbol_names):
            end = int(history.symbol_bounds[number + 1])
            own = slice(max(int(history.symbol_bounds[number]), end - n_bars), end)
            self._tails[symbol] = (
                history.block[own].copy(),
                history.stamps[own].copy(),
            )
