"""The features of one symbol's bars, each from this bar and the ones before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.preprocessing._bar_path import BarPath
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["WARM_UP_BARS", "feature_columns"]

#: Bars at the start of a symbol for which some feature is not yet known.
WARM_UP_BARS = 239

_LONG = WARM_UP_BARS + 1
_RETURN_BARS = (1, 3, 10, 30, 120)
_RANGE_BARS = (20, 120)
_SMALLEST_VOLATILITY = 1e-6
_LARGEST = 10.0
_LARGEST_LOG_RATIO = 3.0
#: Finer differences are rounding errors; left in, they would turn ties into signs.
_DECIMALS = 9
_MINUTE_NS = 60 * 10**9
_DAY_MINUTES = 24 * 60

Columns = dict[str, FloatArray]


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide, with 0 where there is nothing to divide by."""
    fine = denominator != 0
    return np.where(fine, numerator, 0.0) / np.where(fine, denominator, 1.0)


class _Recent:
    """Give the last bars of a path, and sums over windows that end at them.

    Each sum is made anew from its own window, in one order of adding. So it depends
    neither on where the path begins nor on how many bars are asked for, and features
    made bar by bar have the bits of those made at once.
    """

    def __init__(self, path: BarPath, n_rows: int) -> None:
        self.path, self.n_rows = path, n_rows

    def last(self, values: Any) -> Any:
        """Cut an array down to the last bars."""
        return values[len(values) - self.n_rows :]

    def sum(self, values: FloatArray, n_bars: int) -> FloatArray:
        """Return the sum over `n_bars` bars, for each of the last ones."""
        return next(self.sums(values, n_bars, first=n_bars))

    def sums(
        self, values: FloatArray, n_bars: int, *, first: int = 1
    ) -> Iterator[FloatArray]:
        """Yield the sums over the newest `first`, ..., `n_bars` bars."""
        reach = values[len(values) - self.n_rows - n_bars + 1 :]
        if self.n_rows == 1:
            # Running sums add in the same order as the loop below.
            yield from np.cumsum(reach[::-1])[first - 1 :, None]
            return
        total = np.zeros(self.n_rows)
        for age in range(n_bars):
            total += reach[n_bars - 1 - age : len(reach) - age]
            if age + 1 >= first:
                yield total

    def mean(self, values: FloatArray, n_bars: int) -> FloatArray:
        """Return the mean over `n_bars` bars, for each of the last ones."""
        return self.sum(values, n_bars) / n_bars

    def volatility(self, n_bars: int) -> FloatArray:
        """Return the root mean square of the returns within sessions, never 0."""
        squares = self.mean(self.path.step_in_session**2, n_bars)
        return np.maximum(np.sqrt(squares), _SMALLEST_VOLATILITY)


def _scaled(values: FloatArray, unit: FloatArray) -> FloatArray:
    """Divide by a volatility and clip."""
    return np.clip(values / unit, -_LARGEST, _LARGEST)


def _log_ratio(short: FloatArray, long: FloatArray) -> FloatArray:
    """Return the log of a ratio of two sizes, clipped."""
    logs = np.log(np.maximum(short, _SMALLEST_VOLATILITY)) - np.log(
        np.maximum(long, _SMALLEST_VOLATILITY)
    )
    return np.clip(logs, -_LARGEST_LOG_RATIO, _LARGEST_LOG_RATIO)


def _local_minutes(times: NanosecondArray, timezone: str) -> FloatArray:
    """Return minutes since 1970-01-01 00:00 on the clock of the time zone."""
    stamps = pd.DatetimeIndex(from_utc_ns(times)).tz_localize("UTC")
    try:
        local = stamps.tz_convert(timezone).tz_localize(None)
    except (KeyError, TypeError, ValueError) as error:
        msg = f"timezone must be a name such as 'Asia/Shanghai', got {timezone!r}."
        raise DataError(msg) from error
    return local.as_unit("ns").asi8 / _MINUTE_NS


def _clock(recent: _Recent, timezone: str) -> Columns:
    """Return where in the day, the week and the session the bar ends."""
    path = recent.path
    times = recent.last(path.times)
    minutes = _local_minutes(times, timezone)
    day = 2 * np.pi * (minutes % _DAY_MINUTES) / _DAY_MINUTES
    # 1970-01-01 was a Thursday, three days after a Monday.
    in_week = (minutes + 3 * _DAY_MINUTES) % (7 * _DAY_MINUTES)
    week = 2 * np.pi * in_week / (7 * _DAY_MINUTES)
    since_start = times - recent.last(path.session.start)
    pause = recent.last(np.diff(path.times, prepend=path.times[:1])) / _MINUTE_NS
    return {
        "day_sin": np.sin(day),
        "day_cos": np.cos(day),
        "week_sin": np.sin(week),
        "week_cos": np.cos(week),
        "session_hours": np.minimum(since_start / (60 * _MINUTE_NS), 24.0),
        "log_pause": np.log1p(pause),
    }


def _returns(recent: _Recent, volatility: FloatArray) -> Columns:
    """Return log returns over several horizons, in units of volatility."""
    session, step = recent.path.session, recent.path.step
    columns = {
        f"return_{n}": _scaled(recent.sum(step, n), volatility * np.sqrt(n))
        for n in _RETURN_BARS
    }
    since_open, n_bars = recent.last(session.move), recent.last(session.n_bars)
    columns["session_return"] = _scaled(since_open, volatility * np.sqrt(n_bars))
    columns["gap_return"] = _scaled(recent.last(session.gap), volatility * np.sqrt(20))
    return columns


def _variability(recent: _Recent, volatility: FloatArray) -> Columns:
    """Return short volatility and range relative to the long ones."""
    path = recent.path
    spread = path.high - path.low
    return {
        "volatility_12": _log_ratio(recent.volatility(12), volatility),
        "volatility_48": _log_ratio(recent.volatility(48), volatility),
        "range_1": _scaled(recent.last(spread), volatility),
        "range_12": _log_ratio(recent.mean(spread, 12), recent.mean(spread, _LONG)),
        "unchanged_48": recent.mean((path.step == 0).astype(float), 48),
    }


def _candle(recent: _Recent, volatility: FloatArray) -> Columns:
    """Return the shape of the bar."""
    path = recent.path
    location = _ratio(-(path.high + path.low), path.high - path.low)
    body, high, low = map(recent.last, (path.body, path.high, path.low))
    return {
        "body": _scaled(body, volatility),
        "upper_shadow": _scaled(high - np.maximum(0.0, -body), volatility),
        "lower_shadow": _scaled(np.minimum(0.0, -body) - low, volatility),
        "close_location": recent.last(location),
        "close_location_12": recent.mean(location, 12),
    }


def _place(recent: _Recent, n_bars: int) -> tuple[FloatArray, FloatArray]:
    """Return where the close stands in the range, and above the mean, of some bars.

    The first is -1 at the low and 1 at the high, the second a log of prices.
    """
    path = recent.path
    top, bottom = recent.last(path.high).copy(), recent.last(path.low).copy()
    distance = np.zeros(recent.n_rows)
    # How far the price has come since each of the bars before this one.
    for age, move in enumerate(recent.sums(path.step, n_bars - 1), start=1):
        end = len(path.times) - age
        rows = slice(end - recent.n_rows, end)
        np.maximum(top, path.high[rows] - move, out=top)
        np.minimum(bottom, path.low[rows] - move, out=bottom)
        distance += move
    return _ratio(-(top + bottom), top - bottom), distance / n_bars


def _trend(recent: _Recent, volatility: FloatArray) -> Columns:
    """Return where the price stands relative to its recent past."""
    step = recent.path.step
    places = {n: _place(recent, n) for n in _RANGE_BARS}
    columns = {f"range_position_{n}": place for n, (place, _) in places.items()}
    for n, (_, distance) in places.items():
        columns[f"mean_distance_{n}"] = _scaled(distance, volatility * np.sqrt(n))
    travelled = recent.sum(np.abs(step), 24)
    columns["efficiency_24"] = np.clip(_ratio(recent.sum(step, 24), travelled), -1, 1)
    return columns


def _volume(recent: _Recent) -> Columns:
    """Return volume relative to its past, and its direction."""
    path = recent.path
    log_volume = np.log1p(path.volume)
    usual = recent.mean(log_volume, _LONG)
    signed = recent.sum(np.sign(path.step) * path.volume, 12)
    return {
        "volume_1": recent.last(log_volume) - usual,
        "volume_12": recent.mean(log_volume, 12) - usual,
        "signed_volume_12": _ratio(signed, recent.sum(path.volume, 12)),
    }


def feature_columns(path: BarPath, timezone: str, n_rows: int) -> Columns:
    """Return all features of the last bars of a symbol.

    Parameters
    ----------
    path : BarPath of n_bars bars
        The bars.
    timezone : str
        Exchange time zone.
    n_rows : int
        How many bars to return the features of, at most ``n_bars - WARM_UP_BARS``.
    """
    recent = _Recent(path, n_rows)
    volatility = recent.volatility(_LONG)
    columns = {
        **_clock(recent, timezone),
        **_returns(recent, volatility),
        **_variability(recent, volatility),
        **_candle(recent, volatility),
        **_trend(recent, volatility),
        **_volume(recent),
    }
    # Adding nought turns -0.0 into 0.0.
    return {name: np.round(c, _DECIMALS) + 0.0 for name, c in columns.items()}
