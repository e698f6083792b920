"""What panels and windows share: samples as positions in a shared history."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd

from sk_ensemble._typing import IntArray, NanosecondArray, Rows
from sk_ensemble.panel._history import History, read_only
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["Samples"]


def _is_everything(part: Any) -> bool:
    """Tell whether a part of an index is a bare colon."""
    return isinstance(part, slice) and part == slice(None)


def _rows_of(key: Any, kind: str) -> Rows:
    """Return the row part of an index, refusing any other selection."""
    if not isinstance(key, tuple):
        return key
    rows, *rest = key
    if not all(part is Ellipsis or _is_everything(part) for part in rest):
        msg = (
            f"{kind}[rows, columns] cannot select columns. Choose features with "
            "Panel.from_frame(frame, features=[...]), or inside a Pipeline with "
            "RowTransformer(ColumnTransformer(...))."
        )
        raise TypeError(msg)
    return rows


def _checked_rows(rows: Rows, n_samples: int, kind: str) -> Rows:
    """Return a slice, mask or integer array that selects samples, or raise."""
    if isinstance(rows, slice):
        return rows
    rows = np.asarray(rows)
    if rows.ndim != 1:
        msg = (
            f"{kind} takes a 1-D array of row numbers, a slice or a boolean mask, "
            f"got an index of {rows.ndim} dimensions. For one sample use [[i]]."
        )
        raise TypeError(msg)
    if rows.size == 0:
        return rows.astype(np.int64)
    if rows.dtype == bool and len(rows) != n_samples:
        msg = f"The mask has {len(rows)} entries, the {kind} {n_samples} samples."
        raise IndexError(msg)
    if rows.dtype.kind not in "iub":
        msg = f"{kind} rows must be integers or booleans, got dtype {rows.dtype}."
        raise TypeError(msg)
    if rows.dtype != bool and (rows.max() >= n_samples or rows.min() < -n_samples):
        beyond = rows.max() if rows.max() >= n_samples else rows.min()
        msg = f"Row {beyond} is out of bounds for a {kind} of {n_samples} samples."
        raise IndexError(msg)
    return rows


class Samples:
    """Samples of a history, ordered and repeated as the caller likes.

    Parameters
    ----------
    history : History
        The bars of every symbol.
    positions : ndarray of int64 of shape (n_samples,)
        Row of the history at which each sample stands.
    label_end : ndarray of int64 of shape (n_samples,) or None, default=None
        Time at which each sample's label is known, nanoseconds in UTC.

    See Also
    --------
    sk_ensemble.panel.Panel : Samples of one bar each.
    sk_ensemble.panel.Windows : Samples of several bars each.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.panel import Panel, Samples, history_of_array
    >>> panel = Panel(history_of_array(np.zeros((5, 2))), np.arange(5))
    >>> isinstance(panel, Samples), panel[[3, 1]].positions
    (True, array([3, 1]))
    """

    #: Leave binary operators with arrays to us, so that they fail instead of mixing.
    __array_ufunc__ = None
    __iter__: Any = None

    def __init__(
        self,
        history: History,
        positions: IntArray,
        label_end: NanosecondArray | None = None,
    ) -> None:
        self.history = history
        self.positions = np.asarray(positions, dtype=np.int64)
        self._label_end_ns = label_end
        self._protect()

    def _protect(self) -> None:
        """Refuse writing to the arrays of the samples."""
        self.positions = read_only(self.positions)
        if self._label_end_ns is not None:
            self._label_end_ns = read_only(self._label_end_ns)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Protect the arrays again: unpickled ones can be written to."""
        self.__dict__.update(state)
        self._protect()

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, key: Any) -> Self:
        kind = type(self).__name__
        rows = _checked_rows(_rows_of(key, kind), len(self), kind)
        ends = self._label_end_ns
        return self._with(self.positions[rows], None if ends is None else ends[rows])

    def _with(self, positions: IntArray, label_end: NanosecondArray | None) -> Self:
        """Return the same kind of object with other samples."""
        raise NotImplementedError

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the features."""
        return self.history.block.dtype

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Names of the features, or None for plain arrays."""
        return self.history.columns

    @property
    def times_ns(self) -> NanosecondArray | None:
        """Times of the samples in nanoseconds, UTC, shape (n_samples,)."""
        times = self.history.times
        return None if times is None else times[self.positions]

    @property
    def times(self) -> np.ndarray | None:
        """Times of the samples, datetime64[ns] in UTC, shape (n_samples,)."""
        times = self.times_ns
        return None if times is None else from_utc_ns(times)

    @property
    def symbol_codes(self) -> IntArray:
        """Numbers of the samples' symbols, shape (n_samples,)."""
        return self.history.symbol_codes[self.positions]

    @property
    def symbols(self) -> np.ndarray:
        """Symbols of the samples, shape (n_samples,)."""
        return self.history.symbol_names[self.symbol_codes]

    @property
    def segment_starts(self) -> IntArray:
        """Row of the first bar of each sample's segment, shape (n_samples,)."""
        return self.history.segment_start[self.positions]

    @property
    def label_end_ns(self) -> NanosecondArray | None:
        """Ends of the labels in nanoseconds, UTC, shape (n_samples,)."""
        return self._label_end_ns

    @property
    def label_end(self) -> np.ndarray | None:
        """Ends of the labels, datetime64[ns] in UTC, shape (n_samples,)."""
        ends = self._label_end_ns
        return None if ends is None else from_utc_ns(ends)

    @property
    def index(self) -> pd.MultiIndex:
        """Symbol and datetime of the samples, as the index of a frame or Series.

        ``pd.DataFrame(proba, index=X.index, columns=model.classes_)`` keeps
        predictions with their bars.
        """
        times = self.times_ns
        if times is None:
            msg = "Rows of a plain array have neither symbols nor times to index by."
            raise AttributeError(msg)
        return pd.MultiIndex.from_arrays(
            [self.symbols, pd.DatetimeIndex(from_utc_ns(times)).tz_localize("UTC")],
            names=["symbol", "datetime"],
        )

    def time_order(self) -> IntArray:
        """Return the row numbers that put the samples in (time, symbol) order."""
        times = self.times_ns
        if times is None:
            return np.arange(len(self))
        return np.lexsort((self.symbol_codes, times))
