"""The panel: samples over the full history of every symbol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError, PanelConversionError
from sk_ensemble.panel._align import (
    as_class_array,
    read_labels,
    value_rows,
    without_warm_up,
)
from sk_ensemble.panel._from_frame import history_from_frame
from sk_ensemble.panel._from_parquet import history_from_parquet
from sk_ensemble.panel._history import History
from sk_ensemble.panel._plot import plot_panel
from sk_ensemble.panel._samples import Samples
from sk_ensemble.panel._summary import panel_html, symbol_counts
from sk_ensemble.utils.bars import symbol_time_keys
from sk_ensemble.utils.text import one_line
from sk_ensemble.utils.time import format_ns, from_utc_ns

__all__ = ["Panel"]

_NO_ARRAY = (
    "A Panel does not become an array by itself: the steps behind it could no longer "
    "tell symbols and bars apart. Ways out: RowTransformer(StandardScaler()) lifts a "
    "row-wise transformer to panels, before a Windower; Windower(1, flatten=True) "
    "gives one-bar rows to any scikit-learn estimator; panel.to_numpy() and "
    "panel.to_frame() are explicit copies of the samples."
)


class Panel(Samples):
    """Hold samples over the full history of every symbol, as a 2-D array would.

    A panel acts as a matrix of shape (n_samples, n_features) in scikit-learn's
    machinery: it is indexed, split and sent to workers like an array. Behind it stand
    *all* bars of every symbol, so that a window is always cut from the real history,
    whatever rows a fold has dropped. Panels are immutable; folds share the bars.

    Build one with `Panel.from_frame` or `Panel.from_parquet`.

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
    sk_ensemble.preprocessing.Windower : Cut windows from a panel.
    sk_ensemble.preprocessing.RowTransformer : Scale or impute the bars of a panel.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble import Panel
    >>> frame = pd.DataFrame(
    ...     {
    ...         "symbol": ["B", "A", "A"],
    ...         "datetime": pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-02"]),
    ...         "close": [1.0, 2.0, 3.0],
    ...     }
    ... )
    >>> panel = Panel.from_frame(frame)
    >>> panel.shape
    (3, 1)
    >>> list(panel.symbols), panel.to_numpy().ravel().tolist()
    (['A', 'B', 'A'], [3.0, 1.0, 2.0])
    """

    ndim = 2

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        features: Sequence[str] | None = None,
        time: str = "datetime",
        symbol: str = "symbol",
        max_gap: Any = None,
        dtype: Any = "float32",
    ) -> Self:
        """Build a panel of every bar of a frame.

        Parameters
        ----------
        frame : DataFrame of n_bars rows
            Bars in any order.
        features : list of str or None, default=None
            Columns to use; None means all but the keys.
        time : str, default="datetime"
            Column or index level with the time of each bar.
        symbol : str, default="symbol"
            Column or index level with its symbol.
        max_gap : str, Timedelta or None, default=None
            A longer step between two bars of a symbol starts a new segment, which no
            window crosses. None: a symbol is one segment.
        dtype : {"float32", "float64"}, default="float32"
            Type of the features.

        Returns
        -------
        panel : Panel of shape (n_bars, n_features)
            Samples in (time, symbol) order. NaN features are kept.

        Raises
        ------
        DataError
            For duplicate (symbol, time), missing keys, features that are no finite
            numbers, no rows, unknown or repeated columns, mixed time zones.
        """
        history = history_from_frame(
            frame,
            features=features,
            time=time,
            symbol=symbol,
            max_gap=max_gap,
            dtype=dtype,
        )
        return cls._of_all_bars(history)

    @classmethod
    def from_parquet(
        cls,
        path: str | Path,
        *,
        features: Sequence[str] | None = None,
        time: str = "datetime",
        symbol: str = "symbol",
        max_gap: Any = None,
        dtype: Any = "float32",
        cache_dir: str | Path | None = None,
    ) -> Self:
        """Build a panel of every bar of a parquet file, reading only its columns.

        Parameters
        ----------
        path : str or Path
            The file.
        features : list of str or None, default=None
            Columns to read; None means all but the keys.
        time : str, default="datetime"
            Column with the time of each bar.
        symbol : str, default="symbol"
            Column with its symbol.
        max_gap : str, Timedelta or None, default=None
            A longer step between two bars of a symbol starts a new segment.
        dtype : {"float32", "float64"}, default="float32"
            Type of the features.
        cache_dir : str, Path or None, default=None
            Folder for decoded bars, keyed by the file's content and these arguments.
            The bars are then memory-mapped, so they may be larger than the memory.

        Returns
        -------
        panel : Panel of shape (n_bars, n_features)
            Samples in (time, symbol) order.

        Raises
        ------
        DataError
            As `from_frame`, and for a file that is missing, damaged or too large.
        """
        history = history_from_parquet(
            Path(path),
            features=features,
            time=time,
            symbol=symbol,
            max_gap=max_gap,
            dtype=dtype,
            cache_dir=None if cache_dir is None else Path(cache_dir),
        )
        return cls._of_all_bars(history)

    @classmethod
    def _of_all_bars(cls, history: History) -> Self:
        """Return a panel whose samples are all bars in (time, symbol) order."""
        # Symbols ascend already, and stay in order where times are equal.
        return cls(history, np.argsort(history.stamps, kind="stable"))

    def _with(self, positions: IntArray, label_end: NanosecondArray | None) -> Self:
        return type(self)(self.history, positions, label_end)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of samples and features."""
        return len(self), self.history.n_features

    def align(
        self,
        labels: pd.DataFrame | pd.Series,
        *,
        min_history: int = 0,
        exclude_neutrals: bool = False,
    ) -> tuple[Self, np.ndarray]:
        """Keep the samples that have a label, and return them with their labels.

        Bars without a label are no samples but stay in the history, so windows over
        the remaining samples still hold the real preceding bars.

        Parameters
        ----------
        labels : DataFrame or Series
            Columns or index levels ``symbol`` and ``datetime``; a frame has the
            columns ``label`` and, where known, ``label_end``. A missing label is no
            label.
        min_history : int, default=0
            Keep only samples with at least this many bars of the same segment, their
            own included; ``window_length + lag`` keeps complete windows only.
        exclude_neutrals : bool, default=False
            Leave out samples with label 0. This conditions on the outcome: never
            score a strategy on such samples.

        Returns
        -------
        X : Panel of shape (n_samples, n_features)
            The labelled samples, carrying `label_end` where the labels have it.
        y : ndarray of shape (n_samples,)
            Their labels; int64 for whole numbers.

        Raises
        ------
        LabelSpanError
            If a `label_end` is missing or before its bar.
        DataError
            For duplicate labels, or if no sample is left.

        Warns
        -----
        UserWarning
            If labels belong to no bar of the panel; they are dropped and counted.
            Labels from before a symbol's first bar are dropped silently: features
            need a few bars to start.
        """
        table = without_warm_up(read_labels(labels), self.history)
        rows_of_bars = value_rows(
            self.history, table.symbols, table.times, what="labels"
        )
        kept = self._kept_samples(rows_of_bars, min_history)
        label_rows = rows_of_bars[self.positions[kept]]
        y = as_class_array(table.values[label_rows])
        if exclude_neutrals:
            moved = y != 0
            kept, label_rows, y = kept[moved], label_rows[moved], y[moved]
        if not len(kept):
            msg = (
                f"No sample is left: of {len(self)} samples, "
                f"{(rows_of_bars[self.positions] >= 0).sum()} have a label, none of "
                f"them with min_history={min_history} bars"
                f"{' and a label other than 0' if exclude_neutrals else ''}."
            )
            raise DataError(msg)
        ends = None if table.ends is None else table.ends[label_rows]
        return self._with(self.positions[kept], ends), y

    def _kept_samples(self, rows_of_bars: IntArray, min_history: int) -> IntArray:
        """Return the samples with a label and enough history."""
        depth = self.positions - self.segment_starts + 1
        return np.flatnonzero(
            (rows_of_bars[self.positions] >= 0) & (depth >= min_history)
        )

    def lookup(self, values: pd.Series) -> np.ndarray:
        """Return the values of a (symbol, time)-indexed Series at the samples.

        Use it for weights, returns or sides: the panel has its own row order, so a
        Series cannot be used next to it as it stands.

        Parameters
        ----------
        values : Series
            Index levels ``symbol`` and ``datetime``.

        Returns
        -------
        values : ndarray of shape (n_samples,)
            One value per sample, in the order of the samples.

        Raises
        ------
        DataError
            If a sample has no value, or a bar has two.

        Examples
        --------
        >>> import pandas as pd
        >>> from sk_ensemble import Panel
        >>> index = pd.MultiIndex.from_product(
        ...     [["A"], pd.to_datetime(["2024-01-02", "2024-01-03"])],
        ...     names=["symbol", "datetime"],
        ... )
        >>> close = pd.Series([1.0, 2.0], index=index, name="close")
        >>> Panel.from_frame(close.to_frame())[[1]].lookup(close)
        array([2.])
        """
        if not isinstance(values, pd.Series):
            msg = (
                "lookup takes a Series with index levels symbol and datetime, got "
                f"{type(values).__name__}."
            )
            raise TypeError(msg)
        symbols, times = symbol_time_keys(values)
        mine = np.flatnonzero(self.history.locate(symbols, times) >= 0)
        rows_of_bars = value_rows(
            self.history, symbols[mine], times[mine], what="values"
        )
        rows = rows_of_bars[self.positions]
        if (rows < 0).any():
            sample = int(np.argmax(rows < 0))
            time = self.history.stamps[self.positions[sample]]
            msg = (
                f"{(rows < 0).sum()} of {len(self)} samples have no value in the "
                f"Series, the first is symbol {self.symbols[sample]!r} at "
                f"{format_ns(time)}. Add it, or take a panel of fewer samples."
            )
            raise DataError(msg)
        return values.to_numpy()[mine[rows]]

    def to_numpy(self) -> FloatArray:
        """Return a copy of the samples' own bars, shape (n_samples, n_features)."""
        return self.history.block[self.positions]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the samples' own bars, indexed by symbol and datetime."""
        return pd.DataFrame(self.to_numpy(), index=self.index, columns=self.columns)

    def plot(
        self,
        columns: str | Sequence[str] | None = None,
        *,
        symbols: str | Sequence[str] | None = None,
        y: Any = None,
        folds: Iterable[Any] | None = None,
    ) -> np.ndarray:
        """Draw columns of the samples over time, symbol by symbol.

        Nights, weekends and other pauses of all symbols are left out. A line breaks
        where `max_gap` has begun a new segment, or where a symbol is silent while
        others trade. Of more than 4,000 points the range in each of 2,000 stretches is
        drawn, which looks the same. For a part of the time take a part of the panel,
        ``panel[panel.times >= np.datetime64("2021-06")]``.

        Parameters
        ----------
        columns : str, list of str or None, default=None
            Features to draw; None means ``close``, or the first one where there is
            no such feature.
        symbols : str, list of str or None, default=None
            Symbols to draw; None means the first six.
        y : array-like of shape (n_samples,) or None, default=None
            Labels, which colour the foot of the axes: by their mean where several
            fall together.
        folds : iterable of (train, test) or None, default=None
            Row numbers of each fold, such as ``cv.split(X)``, drawn as lanes below.

        Returns
        -------
        axes : ndarray of matplotlib Axes of shape (n_symbols, n_columns)
            What was drawn on; ``axes[0, 0].figure`` is the figure.

        Raises
        ------
        DataError
            If there are no samples, a column or symbol is not there, or `y` does not
            hold a number for each sample.
        ImportError
            If matplotlib is not installed.

        See Also
        --------
        sk_ensemble.model_selection.plot_splits : What is purged and under embargo.

        Examples
        --------
        >>> from sk_ensemble import Panel
        >>> from sk_ensemble.datasets import load_bars
        >>> panel = Panel.from_frame(load_bars(symbols=["IF"], start="2021-10"))
        >>> axes = panel.plot(["close", "volume"])
        >>> axes.shape, axes[0, 1].get_ylabel()
        ((1, 2), 'volume')
        """
        return plot_panel(self, columns, symbols, y, folds)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise PanelConversionError(_NO_ARRAY)

    def __iter__(self) -> Iterator[Any]:
        raise PanelConversionError(_NO_ARRAY)

    def __repr__(self) -> str:
        labelled = ", with label ends" if self.label_end_ns is not None else ""
        return (
            f"Panel({len(self)} samples x {self.history.n_features} features of "
            f"{self.history.n_bars} bars{self._extent()}{labelled})"
        )

    def _repr_html_(self) -> str:
        return panel_html(self)

    def _extent(self) -> str:
        """Name the first symbols of the samples and the times they span."""
        times = self.times_ns
        if times is None or not len(self):
            return ""
        present = self.history.symbol_names[symbol_counts(self) > 0]
        names = ", ".join(map(one_line, present[:4]))
        names += ", ..." if len(present) > 4 else ""
        first, last = (
            from_utc_ns(time).astype("datetime64[s]")
            for time in (times.min(), times.max())
        )
        return f"; {names}; {first} to {last}"
