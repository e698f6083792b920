"""Read every kind of input as windows, and check what is in them.

A family sees one thing only: `Windows`. A matrix is windows of one bar, a 3-D array
is a block in which every sample is a segment of its own, a panel is windows of the
samples' own bars.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._from_rows import (
    history_of_array,
    history_of_frame,
    index_keys,
)
from sk_ensemble.panel._samples import Samples
from sk_ensemble.panel._tables import TABLE_TYPES, checked_table
from sk_ensemble.panel._windows import Windows
from sk_ensemble.utils.feature_names import check_features, set_features
from sk_ensemble.utils.time import format_ns

__all__ = ["as_windows", "bars_in_reach", "check_columns", "check_finite"]

#: Bars looked at together when values are checked, to bound the memory this takes.
_CHUNK = 65_536

#: Rows looked at side by side, so that short ones fill the processor's registers.
_ABREAST = 16

#: Models that compute in float32 would take anything larger for infinity.
_LARGEST = float(np.finfo(np.float32).max)


def as_windows(estimator: Any, X: Any, *, reset: bool) -> Windows:
    """Return any input as windows, in the caller's row order.

    Parameters
    ----------
    estimator : estimator
        Its `n_features_in_`, `feature_names_in_` and `window_length_` are set, or
        compared with the input.
    X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
        The samples.
    reset : bool
        True in fit, False afterwards.

    Returns
    -------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples.

    Raises
    ------
    DataError
        If width, names or window length differ from those seen in fit.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.baseline import PriorBaseline
    >>> from sk_ensemble.panel import as_windows
    >>> as_windows(PriorBaseline(), np.zeros((4, 3, 2)), reset=True)
    Windows(4 samples x 3 bars x 2 features of 12 bars)
    """
    if isinstance(X, Samples):
        windows = _of_samples(estimator, X, reset=reset)
    elif _n_dimensions(X) == 3:
        windows = _of_array_3d(estimator, X, reset=reset)
    else:
        windows = _of_table(estimator, X, reset=reset)
    if reset:
        estimator.window_length_ = windows.window_length
    elif windows.window_length != estimator.window_length_:
        msg = (
            f"X has windows of {windows.window_length} bars, "
            f"{type(estimator).__name__} was fitted on windows of "
            f"{estimator.window_length_}. Use the same Windower for both."
        )
        raise DataError(msg)
    return windows


def _n_dimensions(X: Any) -> int:
    """Return the number of dimensions, 0 where the input does not tell."""
    return len(getattr(X, "shape", ()))


def _record_or_check(
    estimator: Any, n_features: int, columns: Any, *, reset: bool
) -> None:
    action = set_features if reset else check_features
    action(estimator, n_features, columns)


def _of_samples(estimator: Any, X: Samples, *, reset: bool) -> Windows:
    """Take a panel as windows of one bar, and windows as they are."""
    if not len(X):
        msg = (
            "Found array with 0 sample(s) while a minimum of 1 is required by "
            f"{type(estimator).__name__}."
        )
        raise DataError(msg)
    _record_or_check(estimator, X.history.n_features, X.columns, reset=reset)
    return X if isinstance(X, Windows) else Windows.from_panel(X, 1)


def _of_array_3d(estimator: Any, X: Any, *, reset: bool) -> Windows:
    """Take every sample of a 3-D array as a segment of its own."""
    values = check_array(
        X,
        dtype=TABLE_TYPES,
        ensure_all_finite=False,
        allow_nd=True,
        estimator=estimator,
        input_name="X",
    )
    n_samples, window_length, n_features = values.shape
    if not window_length or not n_features:
        msg = f"X has shape {values.shape}: windows need at least one bar and feature."
        raise DataError(msg)
    _record_or_check(estimator, n_features, None, reset=reset)
    history = history_of_array(
        values.reshape(-1, n_features), segment_length=window_length
    )
    last_bars = np.arange(1, n_samples + 1) * window_length - 1
    return Windows(history, last_bars, window_length=window_length)


def _of_table(estimator: Any, X: Any, *, reset: bool) -> Windows:
    """Take every row of a matrix or frame as a window of one bar."""
    values = checked_table(estimator, X, reset=reset, ensure_all_finite=False)
    if isinstance(X, pd.DataFrame) and _has_own_keys(X):
        return Windows(*history_of_frame(X, values))
    columns = getattr(estimator, "feature_names_in_", None)
    history = history_of_array(
        values, None if columns is None else tuple(columns), segment_length=1
    )
    return Windows(history, np.arange(len(values)))


def _has_own_keys(frame: pd.DataFrame) -> bool:
    """Tell whether every row has its own (symbol, time).

    A resampled frame has repeats; its rows are then taken in the order given.
    """
    return index_keys(frame) is not None and frame.index.is_unique


class _Facts(NamedTuple):
    """What a pass over the bars in reach of the windows found, per feature."""

    n_nan: IntArray
    n_infinite: IntArray
    first_bad: tuple[int, int] | None
    minimum: FloatArray
    maximum: FloatArray
    n_bars: int


def bars_in_reach(windows: Windows) -> IntArray:
    """Return the rows of the history that the windows hold, ascending.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples.

    Returns
    -------
    rows : ndarray of int64 of shape (n_bars_in_reach,)
        Rows of ``windows.history.block``.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.panel import bars_in_reach
    >>> from sk_ensemble.preprocessing import Windower
    >>> bars_in_reach(Windower(2).transform(np.zeros((9, 1)))[[3, 7]])
    array([2, 3, 6, 7])
    """
    if len(windows) * windows.window_length * 4 < windows.history.n_bars:
        return np.unique(windows.bar_rows())
    return np.flatnonzero(windows.reachable_bars())


def _chunks(windows: Windows) -> Any:
    """Yield (rows, values) of the bars in reach, some at a time."""
    block = windows.history.block
    rows = bars_in_reach(windows)
    if len(rows) == len(block):
        for start in range(0, len(block), _CHUNK):
            yield rows[start : start + _CHUNK], block[start : start + _CHUNK]
        return
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        yield part, block[part]


def _reduced(function: np.ufunc, values: FloatArray) -> FloatArray:
    """Reduce the rows of each feature, several rows side by side at a time."""
    n_rows, n_features = values.shape
    n_whole = n_rows - n_rows % _ABREAST
    if n_whole:
        wide = values[:n_whole].reshape(-1, _ABREAST * n_features)
        few = function.reduce(wide, axis=0).reshape(_ABREAST, n_features)
        values = np.concatenate([few, values[n_whole:]])
    reduced: FloatArray = function.reduce(values, axis=0)
    return reduced


def _facts(windows: Windows, *, allow_nan: bool) -> _Facts:
    """Look once at every bar in reach of the windows."""
    n_features = windows.history.n_features
    n_nan, n_infinite = np.zeros((2, n_features), dtype=np.int64)
    low = np.full(n_features, np.inf)
    high = np.full(n_features, -np.inf)
    first_bad, n_bars = None, 0
    for rows, values in _chunks(windows):
        n_bars += len(rows)
        least, most = _reduced(np.minimum, values), _reduced(np.maximum, values)
        if (least >= -_LARGEST).all() and (most <= _LARGEST).all():
            # None is NaN either, as that would be the least and the most.
            low, high = np.fmin(low, least), np.fmax(high, most)
            continue
        low = np.fmin(low, np.fmin.reduce(values, axis=0))
        high = np.fmax(high, np.fmax.reduce(values, axis=0))
        nan = np.isnan(values)
        infinite = np.abs(values) > _LARGEST
        n_nan += nan.sum(axis=0)
        n_infinite += infinite.sum(axis=0)
        bad = infinite if allow_nan else nan | infinite
        if first_bad is None and bad.any():
            row, column = np.argwhere(bad)[0]
            first_bad = int(rows[row]), int(column)
    return _Facts(n_nan, n_infinite, first_bad, low, high, n_bars)


def _feature(windows: Windows, column: int) -> str:
    """Name a feature for a message."""
    return repr(windows.columns[column]) if windows.columns else f"number {column}"


def _place(windows: Windows, bar: int) -> str:
    """Name a bar for a message."""
    history = windows.history
    if history.times is None:
        row, step = divmod(bar, windows.window_length)
        return f"row {row}" + (f", bar {step}" if windows.window_length > 1 else "")
    symbol = history.symbol_names[history.symbol_codes[bar]]
    return f"symbol {symbol!r} at {format_ns(history.times[bar])}"


def _refuse_bad(windows: Windows, facts: _Facts, name: str) -> None:
    """Raise for NaN or infinite values that the estimator cannot take."""
    if facts.first_bad is None:
        return
    bar, column = facts.first_bad
    value = windows.history.block[bar, column]
    if np.isinf(value):
        kind, count = "infinity", facts.n_infinite[column]
        advice = "Replace it, or make it NaN and use a model that allows NaN."
    elif np.isfinite(value):
        kind, count = f"{value:g}, too large for float32", facts.n_infinite[column]
        advice = "Rescale the feature, or make it NaN and use a model that allows NaN."
    else:
        kind, count = "NaN", facts.n_nan[column]
        advice = (
            "Put RowTransformer(SimpleImputer()) before the Windower, or use a model "
            "that allows NaN, such as XGBoostClassifier."
        )
    msg = (
        f"Input X contains {kind}, which {name} does not accept: feature "
        f"{_feature(windows, column)} has {count} in the bars of the windows, the "
        f"first is {_place(windows, bar)}. {advice}"
    )
    raise DataError(msg)


def check_finite(estimator: Any, windows: Windows, *, allow_nan: bool) -> None:
    """Refuse infinite values, and NaN unless allowed, in the bars of the windows.

    Finite values beyond the range of float32 count as infinite, in all families.

    Parameters
    ----------
    estimator : estimator
        Named in the message.
    windows : Windows
        Bars outside of all windows are not looked at.
    allow_nan : bool
        Whether the estimator takes NaN.

    Raises
    ------
    DataError
        With the feature, the number of values and the first bar.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.baseline import PriorBaseline
    >>> from sk_ensemble.panel import check_finite
    >>> from sk_ensemble.preprocessing import Windower
    >>> windows = Windower(2).transform(np.array([[1.0], [np.nan], [3.0]]))
    >>> check_finite(PriorBaseline(), windows, allow_nan=True)
    >>> check_finite(PriorBaseline(), windows, allow_nan=False)
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.DataError: Input X contains NaN, ...
    """
    facts = _facts(windows, allow_nan=allow_nan)
    _refuse_bad(windows, facts, type(estimator).__name__)


def check_columns(estimator: Any, windows: Windows, *, allow_nan: bool) -> None:
    """Check the values to be trained on: as `check_finite`, and useless features.

    Parameters
    ----------
    estimator : estimator
        Named in the messages.
    windows : Windows
        The training samples.
    allow_nan : bool
        Whether the estimator takes NaN.

    Raises
    ------
    DataError
        As `check_finite`, and for a feature that holds no value at all.

    Warns
    -----
    UserWarning
        With the names of features that are constant.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.baseline import PriorBaseline
    >>> from sk_ensemble.panel import check_columns
    >>> from sk_ensemble.preprocessing import Windower
    >>> windows = Windower(2).transform(np.full((3, 1), np.nan))
    >>> check_columns(PriorBaseline(), windows, allow_nan=True)
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.DataError: Features without any value in the training ...
    """
    facts = _facts(windows, allow_nan=allow_nan)
    _refuse_bad(windows, facts, type(estimator).__name__)
    empty = np.flatnonzero(facts.n_nan == facts.n_bars)
    if len(empty):
        names = ", ".join(_feature(windows, column) for column in empty.tolist())
        msg = (
            f"Features without any value in the training windows: {names}. Leave them "
            "out with Panel.from_frame(frame, features=[...])."
        )
        raise DataError(msg)
    constant = np.flatnonzero((facts.minimum == facts.maximum) & (facts.n_nan == 0))
    if len(constant) and facts.n_bars > 1 and windows.columns:
        names = ", ".join(_feature(windows, column) for column in constant.tolist())
        msg = f"Features that are constant over the training windows: {names}."
        warnings.warn(msg, UserWarning, stacklevel=5)
