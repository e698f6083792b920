"""What a notebook shows of panels and windows: keys are counted, bars are not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.panel._history import History
from sk_ensemble.panel._samples import Samples
from sk_ensemble.utils.html import facts_html, listed, table_html
from sk_ensemble.utils.memory import readable_size
from sk_ensemble.utils.time import from_utc_ns

if TYPE_CHECKING:
    from sk_ensemble.panel._windows import Windows

__all__ = ["panel_html", "symbol_counts", "windows_html"]

_SYMBOLS, _FEATURES = 8, 10


def symbol_counts(samples: Samples) -> IntArray:
    """Return the number of samples of each symbol of the history."""
    n_symbols = len(samples.history.symbol_names)
    return np.bincount(samples.symbol_codes, minlength=n_symbols)


def _span(first: int, last: int) -> str:
    """Return two times to the second."""
    start, stop = from_utc_ns(np.array([first, last])).astype("datetime64[s]")
    return f"{start} to {stop}".replace("T", " ")


def _span_of(times: NanosecondArray | None) -> str:
    if times is None or not len(times):
        return ""
    return _span(int(times.min()), int(times.max()))


def _shared_facts(samples: Samples) -> Iterator[tuple[str, str]]:
    """Yield what is told of panels and windows."""
    history = samples.history
    span = _span_of(samples.times_ns)
    if span:
        yield "Samples", f"{span} UTC"
    known = "known" if samples.label_end_ns is not None else "unknown"
    yield "Ends of labels", known
    n_symbols = len(history.symbol_names)
    of_symbols = f" of {n_symbols:,} symbols" if history.times is not None else ""
    size = readable_size(history.block.nbytes)
    yield (
        "History",
        f"{history.n_bars:,} bars{of_symbols}, {history.block.dtype}, {size}",
    )
    if history.columns is not None:
        yield "Features", listed(history.columns, _FEATURES)


def _symbol_rows(samples: Samples) -> Iterator[list[str]]:
    """Yield symbol, samples, bars and time span of the first symbols."""
    history, counts = samples.history, symbol_counts(samples)
    bounds = history.symbol_bounds
    for code, name in enumerate(history.symbol_names[:_SYMBOLS]):
        start, stop = int(bounds[code]), int(bounds[code + 1])
        yield [
            name,
            f"{counts[code]:,}",
            f"{stop - start:,}",
            _bars(history, start, stop),
        ]


def _bars(history: History, start: int, stop: int) -> str:
    """Return the time span of the bars of a symbol, which are in order."""
    if stop == start:
        return ""
    return _span(int(history.stamps[start]), int(history.stamps[stop - 1]))


def _symbols(samples: Samples) -> str:
    history = samples.history
    if history.times is None:
        return ""
    table = table_html(
        ["Symbol", "Samples", "Bars", "First to last bar, UTC"], _symbol_rows(samples)
    )
    n_more = len(history.symbol_names) - _SYMBOLS
    return f"{table}<p>and {n_more:,} more symbols</p>" if n_more > 0 else table


def panel_html(panel: Samples) -> str:
    """Return what a notebook shows of a panel.

    Parameters
    ----------
    panel : Panel of shape (n_samples, n_features)
        The panel.
    """
    title = f"Panel: {len(panel):,} samples × {panel.history.n_features:,} features"
    return facts_html(title, _shared_facts(panel)) + _symbols(panel)


def _window_facts(windows: Windows) -> Iterator[tuple[str, str]]:
    length, lag = windows.window_length, windows.lag
    first, last = (f"t-{age}" if age else "t" for age in (lag + length - 1, lag))
    bars = first if length == 1 else f"{first} ... {last}"
    yield "Window of sample t", f"bars {bars} of its own symbol"
    n_complete = int(windows.complete.sum())
    n_padded = len(windows) - n_complete
    padded = f"; {n_padded:,} repeat their earliest bar" if n_padded else ""
    yield "With a full history", f"{n_complete:,}{padded}"
    n_bytes = int(np.prod(windows.shape)) * windows.dtype.itemsize
    yield "As one array", f"{readable_size(n_bytes)}, made only on request"


def windows_html(windows: Windows) -> str:
    """Return what a notebook shows of windows.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The windows.
    """
    n_samples, window_length, n_features = windows.shape
    title = (
        f"Windows: {n_samples:,} samples × {window_length:,} bars × "
        f"{n_features:,} features"
    )
    facts = [*_window_facts(windows), *_shared_facts(windows)]
    return facts_html(title, facts) + _symbols(windows)
