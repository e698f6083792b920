"""Windows over a panel: positions and a length, gathered when asked for."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray, Rows
from sk_ensemble.panel._history import History
from sk_ensemble.panel._samples import Samples
from sk_ensemble.panel._summary import windows_html
from sk_ensemble.utils.memory import refuse_beyond_memory

__all__ = ["Windows"]

#: Bytes that an item of an array may have at most.
_LARGEST_ITEM = 2**31 - 1


def _strided_windows(block: FloatArray, window_length: int) -> np.ndarray:
    """View every window of a block as one item, a run of memory, without a copy."""
    n_bars, n_features = block.shape
    bar = n_features * block.itemsize
    # Strides are not the block's: numpy gives an axis of length one any, such as 0.
    return np.ndarray(
        (n_bars - window_length + 1,), f"V{window_length * bar}", block, strides=(bar,)
    )


def _are_items(block: FloatArray, window_length: int) -> bool:
    """Tell whether a block has windows, and each can be an item of an array."""
    n_bars, n_features = block.shape
    size = window_length * n_features * block.itemsize
    return bool(window_length <= n_bars and 0 < size <= _LARGEST_ITEM)


def _padded_rows(first: IntArray, starts: IntArray, window_length: int) -> IntArray:
    """Return the rows of windows that begin at `first`, none before its segment."""
    bars: IntArray = first[:, None] + np.arange(window_length)
    return np.maximum(bars, starts[:, None], out=bars)


def _refuse_too_large(windows: Windows) -> None:
    n_samples, window_length, n_features = windows.shape
    refuse_beyond_memory(
        n_samples * window_length * n_features * windows.dtype.itemsize,
        f"An array of {n_samples} windows of {window_length} bars and {n_features} "
        "features",
        "Use fewer samples or shorter windows, or a model that takes windows as they "
        "are, such as a booster or a network.",
    )


class Windows(Samples):
    """Hold one window of bars per sample, lazily, as a 3-D array would.

    The window of sample t holds the bars t-lag-window_length+1 ... t-lag of its own
    symbol and segment; where the segment has fewer, its earliest bar is repeated.
    Nothing is copied until a batch is gathered. A `Windower` makes them.

    Parameters
    ----------
    history : History
        The bars of every symbol.
    positions : ndarray of int64 of shape (n_samples,)
        Row of the history at which each sample stands.
    label_end : ndarray of int64 of shape (n_samples,) or None, default=None
        Time at which each sample's label is known, nanoseconds in UTC.
    window_length : int, default=1
        Bars per window.
    lag : int, default=0
        Bars between the sample and the last bar of its window.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.preprocessing import Windower
    >>> windows = Windower(2).transform(np.array([[1.0], [2.0], [3.0]]))
    >>> windows.shape
    (3, 2, 1)
    >>> windows.gather([0, 2])[:, :, 0]
    array([[1., 1.],
           [2., 3.]])
    """

    ndim = 3

    def __init__(
        self,
        history: History,
        positions: IntArray,
        label_end: NanosecondArray | None = None,
        *,
        window_length: int = 1,
        lag: int = 0,
    ) -> None:
        super().__init__(history, positions, label_end)
        self.window_length = int(window_length)
        self.lag = int(lag)

    @classmethod
    def from_panel(cls, panel: Samples, window_length: int, lag: int = 0) -> Self:
        """Return windows over the samples of a panel, without checks.

        Parameters
        ----------
        panel : Panel of shape (n_samples, n_features)
            The samples.
        window_length : int
            Bars per window.
        lag : int, default=0
            Bars between the sample and the last bar of its window.

        Returns
        -------
        windows : Windows of shape (n_samples, window_length, n_features)
            One window per sample.
        """
        return cls(
            panel.history,
            panel.positions,
            panel.label_end_ns,
            window_length=window_length,
            lag=lag,
        )

    def _with(self, positions: IntArray, label_end: NanosecondArray | None) -> Self:
        return type(self)(
            self.history,
            positions,
            label_end,
            window_length=self.window_length,
            lag=self.lag,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of samples, bars per window and features."""
        return len(self), self.window_length, self.history.n_features

    @property
    def first_bars(self) -> IntArray:
        """Row of the first bar of each window, before padding, shape (n_samples,)."""
        return self.positions - (self.lag + self.window_length - 1)

    @property
    def complete(self) -> BoolArray:
        """Mark samples whose window needs no padding, shape (n_samples,)."""
        return self.first_bars >= self.segment_starts

    def bar_rows(self, rows: Rows = slice(None)) -> IntArray:
        """Return the rows of the history that each window holds.

        Parameters
        ----------
        rows : array-like of int, slice or mask, default=slice(None, None, None)
            The samples, numbers of shape (n_rows,).

        Returns
        -------
        bar_rows : ndarray of int64 of shape (n_rows, window_length)
            Rows of the block, padded by repeating the earliest bar.
        """
        part = self[rows]
        return _padded_rows(part.first_bars, part.segment_starts, self.window_length)

    def gather(self, rows: Rows = slice(None)) -> FloatArray:
        """Return one batch of windows as an array.

        Parameters
        ----------
        rows : array-like of int, slice or mask, default=slice(None, None, None)
            The samples, in any order, with repeats; numbers of shape (n_rows,).

        Returns
        -------
        batch : ndarray of shape (n_rows, window_length, n_features)
            A copy of these windows.

        Raises
        ------
        MemoryError
            If the copy is larger than the memory that is left.
        """
        part = self[rows]
        _refuse_too_large(part)
        block, length = self.history.block, self.window_length
        first, starts = part.first_bars, part.segment_starts
        if not _are_items(block, length):
            return block[_padded_rows(first, starts, length)]
        # A window is one run of memory, so a batch is one copy per window, which is
        # several times faster than one copy per bar.
        batch = _strided_windows(block, length)[np.maximum(first, 0)]
        batch = batch.view(block.dtype).reshape(part.shape)
        padded = np.flatnonzero(first < starts)
        if len(padded):
            batch[padded] = block[_padded_rows(first[padded], starts[padded], length)]
        return batch

    def reachable_bars(self) -> BoolArray:
        """Mark the bars of the history that some window holds, shape (n_bars,)."""
        starts = self.segment_starts
        first = np.maximum(self.first_bars, starts)
        last = np.maximum(self.positions - self.lag, starts)
        return self.history.bars_between(first, last)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            msg = "Windows are gathered on demand: an array of them is always a copy."
            raise ValueError(msg)
        return self.gather().astype(dtype or self.dtype, copy=False)

    def __repr__(self) -> str:
        lag = f", lag {self.lag}" if self.lag else ""
        return (
            f"Windows({len(self)} samples x {self.window_length} bars{lag} x "
            f"{self.history.n_features} features of {self.history.n_bars} bars)"
        )

    def _repr_html_(self) -> str:
        return windows_html(self)
