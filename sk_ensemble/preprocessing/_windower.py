"""Cut windows of past bars, without copying them."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags

from sk_ensemble._typing import BoolArray, FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import (
    Panel,
    Windows,
    checked_table,
    history_of_array,
    history_of_frame,
    refuse_other_index,
)
from sk_ensemble.preprocessing._panel_output import PanelOutputMixin
from sk_ensemble.utils.feature_names import check_features, set_features
from sk_ensemble.utils.sklearn_api import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    feature_names_in,
    fit_context,
    fit_task,
)
from sk_ensemble.utils.time import format_ns

__all__ = ["Windower"]


def flat_names(columns: np.ndarray, window_length: int, lag: int) -> list[str]:
    """Name the columns of flattened windows, earliest bar first.

    Examples
    --------
    >>> from sk_ensemble.preprocessing._windower import flat_names
    >>> flat_names(["close"], window_length=2, lag=0)
    ['close[t-1]', 'close[t]']
    """
    ages = range(lag + window_length - 1, lag - 1, -1)
    return [
        f"{name}[t-{age}]" if age else f"{name}[t]" for age in ages for name in columns
    ]


def _first(windows: Windows, chosen: BoolArray) -> str:
    """Name the first of the chosen samples for a message."""
    sample = int(np.argmax(chosen))
    times = windows.times_ns
    if times is None:
        return f"row {sample}"
    return f"symbol {windows.symbols[sample]!r} at {format_ns(times[sample])}"


def _refuse_without_past(windows: Windows) -> None:
    """Raise if a lagged window would have to hold a bar that is too recent."""
    if not windows.lag:
        # A sample's own bar is there; comparing would take memory for each.
        return
    without = windows.positions - windows.lag < windows.segment_starts
    if not without.any():
        return
    msg = (
        f"lag={windows.lag} asks for bars that {without.sum()} of {len(windows)} "
        f"samples do not have, the first is {_first(windows, without)}: "
        f"fewer than {windows.lag} bars of its segment precede it. Take a Panel and "
        "leave such samples out with panel.align(labels, "
        f"min_history={windows.lag + 1})."
    )
    raise DataError(msg)


def _refuse_incomplete(windows: Windows) -> None:
    """Raise if a window would be padded."""
    short = ~windows.complete
    if not short.any():
        return
    needed = windows.window_length + windows.lag
    msg = (
        f"incomplete='error', and {short.sum()} of {len(windows)} samples have fewer "
        f"than {needed} bars of history, the first is "
        f"{_first(windows, short)}. Take a Panel and leave them out with "
        f"panel.align(labels, min_history={needed}), or use incomplete='pad'."
    )
    raise DataError(msg)


def _refuse_key_columns(X: Any) -> None:
    """Raise if symbols or times stand in a column of a frame, not in its index."""
    columns = X.columns if isinstance(X, pd.DataFrame) else ()
    keys = [name for name in ("symbol", "datetime") if name in columns]
    if not keys:
        return
    msg = (
        f"The frame has the columns {keys}, which are no features: windows would run "
        "across symbols. Use Panel.from_frame(frame), or index the frame with "
        "frame.set_index(['symbol', 'datetime'])."
    )
    raise DataError(msg)


class Windower(PanelOutputMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Cut the window of past bars that belongs to each sample.

    The window of sample t holds the bars t-lag-window_length+1 ... t-lag of its own
    symbol, cut from the symbol's full history: never across symbols, and never
    spliced over rows that a cross-validation fold has left out. It copies nothing.

    Parameters
    ----------
    window_length : int, default=60
        Bars per window.
    lag : int, default=0
        Bars between the sample and the last bar of its window; 1 is "past bars only,
        excluding the current one".
    incomplete : {"pad", "error"}, default="pad"
        What to do where a symbol's history (or segment, see `Panel.from_frame`) is
        shorter than the window: repeat its earliest bar, or raise.
    flatten : bool, default=False
        Return a matrix of shape (n_samples, window_length * n_features) for any
        scikit-learn estimator, earliest bar first, with names like ``close[t-3]``.
        The matrix is built in memory and carries no times.

    Attributes
    ----------
    n_features_in_ : int
        Features per bar.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.

    Raises
    ------
    DataError
        If `lag` reaches before the first bar of a sample's segment, if a window is
        incomplete under ``incomplete="error"``, or if a frame holds several symbols
        without saying which row belongs to which.

    See Also
    --------
    RowTransformer : Scale or impute bars before they are windowed.

    Notes
    -----
    A `Panel` knows its full history, so windows are exact under cross-validation. A
    DataFrame (indexed by symbol and datetime, or by time alone) or an array is taken
    as the complete history it shows: if a splitter has dropped rows from it, the
    windows behind the hole are spliced. Use a panel where that matters.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.preprocessing import Windower
    >>> bars = np.arange(8.0).reshape(4, 2)
    >>> Windower(3).transform(bars)
    Windows(4 samples x 3 bars x 2 features of 4 bars)
    >>> Windower(2, flatten=True).fit_transform(bars)
    array([[0., 1., 0., 1.],
           [0., 1., 2., 3.],
           [2., 3., 4., 5.],
           [4., 5., 6., 7.]])
    """

    n_features_in_: int
    feature_names_in_: np.ndarray

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "window_length": [Interval(Integral, 1, None, closed="left")],
        "lag": [Interval(Integral, 0, None, closed="left")],
        "incomplete": [StrOptions({"pad", "error"})],
        "flatten": ["boolean"],
    }

    def __init__(
        self,
        window_length: int = 60,
        *,
        lag: int = 0,
        incomplete: str = "pad",
        flatten: bool = False,
    ) -> None:
        self.window_length = window_length
        self.lag = lag
        self.incomplete = incomplete
        self.flatten = flatten

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and record the features; nothing is learnt.

        Parameters
        ----------
        X : Panel, DataFrame or array-like of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or None, default=None
            Targets; only their index is looked at, if they have one.

        Returns
        -------
        self : Windower
            The transformer itself.

        Raises
        ------
        DataError
            If `y` is indexed by other bars than the samples of a panel.
        """
        with fit_task(self, X, y):
            refuse_other_index(X, y, name="y")
            self._bars_of(X, reset=True)
        return self

    def _transform(self, X: Any) -> Windows | FloatArray:
        self._validate_params()
        panel = self._bars_of(X, reset=False)
        windows = Windows.from_panel(panel, self.window_length, self.lag)
        _refuse_without_past(windows)
        if self.incomplete == "error":
            _refuse_incomplete(windows)
        return windows.gather().reshape(len(windows), -1) if self.flatten else windows

    def _bars_of(self, X: Any, *, reset: bool) -> Panel:
        """Return the samples as a panel in the caller's order, checking features."""
        if isinstance(X, Windows):
            msg = "Windower got Windows: the bars are windowed already. Use it once."
            raise TypeError(msg)
        if isinstance(X, Panel):
            self._check_panel(X, reset=reset)
            return X
        _refuse_key_columns(X)
        values = self._values(X, reset=reset)
        if isinstance(X, pd.DataFrame):
            return Panel(*history_of_frame(X, values))
        return Panel(history_of_array(values), np.arange(len(values)))

    def _values(self, X: Any, *, reset: bool) -> FloatArray:
        """Return the checked values of a table, comparing features once fitted."""
        if not reset and not hasattr(self, "n_features_in_"):
            # There is no fit to compare with, and this is none either.
            return clone(self)._values(X, reset=True)
        return checked_table(self, X, reset=reset, ensure_all_finite="allow-nan")

    def _check_panel(self, panel: Panel, *, reset: bool) -> None:
        """Record or compare the features of a panel."""
        n_features = panel.history.n_features
        if reset:
            set_features(self, n_features, panel.columns)
        elif hasattr(self, "n_features_in_"):
            check_features(self, n_features, panel.columns)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features, or of the flattened columns.

        Parameters
        ----------
        input_features : array-like of shape (n_features,) or None, default=None
            Names per bar; None means those seen in fit, else ``x0``, ``x1``, ...

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
            One name per feature, or per bar and feature if `flatten`.
        """
        names = feature_names_in(self, input_features)
        if self.flatten:
            names = flat_names(names, self.window_length, self.lag)
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        """Describe the transformer to scikit-learn: stateless, NaN allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.requires_fit = False
        return tags
