"""Read one bar: its time and its features, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.production._predict_chunks import refuse_missing
from sk_ensemble.utils.time import format_ns

__all__ = ["BarReader", "nanoseconds_of"]


def nanoseconds_of(value: Any, symbol: Any) -> int:
    """Return a time stamp as nanoseconds in UTC; a naive one is UTC.

    Parameters
    ----------
    value : Timestamp, datetime, datetime64 or str
        The time stamp.
    symbol : object
        Symbol of the bar, for the message.

    Raises
    ------
    DataError
        If it is none; numbers are refused.
    """
    try:
        if isinstance(value, bool | int | float | np.number):
            # A number has no unit, and guessing one may be a thousand times wrong.
            raise TypeError
        stamp = pd.Timestamp(value)
        if pd.isna(stamp):
            raise ValueError
        return int(stamp.as_unit("ns").value)
    except (TypeError, ValueError) as error:
        msg = (
            f"The bar of symbol {symbol!r} has the time {value!r}, which is no time "
            "stamp. Give a Timestamp, a datetime or a text such as '2024-01-02 10:05'."
        )
        raise DataError(msg) from error


class BarReader:
    """Read bars of the features that a model needs.

    Parameters
    ----------
    features : sequence of str
        Their names, in the order of fit.
    dtype : dtype
        Type of the features.
    time : str, default="datetime"
        Name of the time.

    Examples
    --------
    >>> from sk_ensemble.production._online_bar import BarReader
    >>> reader = BarReader(["close", "volume"], "float32")
    >>> bar = {"datetime": "1970-01-01 00:00:01", "volume": 7, "close": 1.5}
    >>> reader.read("IF", bar)
    (1000000000, array([1.5, 7. ], dtype=float32))
    """

    def __init__(
        self, features: Sequence[str], dtype: Any, *, time: str = "datetime"
    ) -> None:
        self._features = tuple(features)
        self._dtype = np.dtype(dtype)
        self._time = time

    def read(
        self, symbol: Any, bar: Mapping[str, Any] | pd.Series
    ) -> tuple[int, FloatArray]:
        """Return time and features of a bar.

        Parameters
        ----------
        symbol : object
            Its symbol, for messages.
        bar : mapping or Series
            The time and all features by name; others are left alone.

        Returns
        -------
        time : int
            Nanoseconds in UTC.
        values : ndarray of shape (n_features,)
            The features, rounded to the type as `Panel.from_frame` rounds them.

        Raises
        ------
        DataError
            If something is missing, no number or not finite; NaN is allowed.
        """
        try:
            found = [bar[name] for name in self._features]
            stamp = bar[self._time]
        except KeyError:
            self._refuse_missing(bar)
            raise
        time = nanoseconds_of(stamp, symbol)
        return time, self._values(found, symbol, time)

    def _refuse_missing(self, bar: Any) -> None:
        names = [str(name) for name in bar.keys()]  # noqa: SIM118 - a Series iterates values
        if self._time not in names:
            msg = f"The bar has no {self._time!r}, only {names}. Add the time."
            raise DataError(msg)
        refuse_missing([name for name in names if name != self._time], self._features)

    def _values(self, found: list[Any], symbol: Any, time: int) -> FloatArray:
        """Return the features as an array, refusing what no panel may hold."""
        for name, value in zip(self._features, found, strict=True):
            if value is None or value is pd.NA:
                continue
            if not isinstance(value, int | float | np.number | np.bool_):
                self._refuse(name, value, symbol, time, "is no number")
        exact = np.array(
            [np.nan if value is None or value is pd.NA else value for value in found],
            dtype=np.float64,
        )
        with np.errstate(over="ignore"):
            values = exact.astype(self._dtype)
        infinite = np.isinf(values)
        if infinite.any():
            place = int(np.argmax(infinite))
            what = "is not finite"
            if np.isfinite(exact[place]):
                what = f"is too large for {self._dtype}"
            self._refuse(self._features[place], found[place], symbol, time, what)
        return values

    def _refuse(self, name: str, value: Any, symbol: Any, time: int, what: str) -> None:
        msg = (
            f"Feature {name!r} of symbol {symbol!r} at {format_ns(time)} {what}: "
            f"{value!r}. The bar is not taken. Give a finite number, or NaN where it "
            "is missing and the model allows that."
        )
        raise DataError(msg)
