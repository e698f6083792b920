"""The features of one symbol's bars, each from this bar and the ones before it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
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


def _mean(values: FloatArray, n_bars: int) -> FloatArray:
    """Return the mean of the last `n_bars` values, NaN before there are as many."""
    return pd.Series(values).rolling(n_bars).mean().to_numpy()


def _sum(values: FloatArray, n_bars: int) -> FloatArray:
    """Return the sum of the last `n_bars` values, NaN before there are as many."""
    return pd.Series(values).rolling(n_bars).sum().to_numpy()


def _change(values: FloatArray, n_bars: int) -> FloatArray:
    """Return the change over the last `n_bars` steps, NaN before there are as many."""
    return pd.Series(values).diff(n_bars).to_numpy()


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide, with 0 where there is nothing to divide by."""
    fine = denominator != 0
    return np.where(fine, numerator, 0.0) / np.where(fine, denominator, 1.0)


def _volatility(path: BarPath, n_bars: int) -> FloatArray:
    """Return the root mean square of the returns within sessions, never 0."""
    squares = _mean(path.step_in_session**2, n_bars)
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


def _session_start_rows(path: BarPath) -> IntArray:
    """Return for every bar the row at which its session started."""
    rows = np.arange(len(path.times))
    return np.maximum.accumulate(np.where(path.starts, rows, 0))


def _local_minutes(path: BarPath, timezone: str) -> FloatArray:
    """Return minutes since 1970-01-01 00:00 on the clock of the time zone."""
    stamps = pd.DatetimeIndex(from_utc_ns(path.times)).tz_localize("UTC")
    try:
        local = stamps.tz_convert(timezone).tz_localize(None)
    except (KeyError, TypeError, ValueError) as error:
        msg = f"timezone must be a name such as 'Asia/Shanghai', got {timezone!r}."
        raise DataError(msg) from error
    return local.as_unit("ns").asi8 / _MINUTE_NS


def _clock(path: BarPath, timezone: str) -> Columns:
    """Return where in the day, the week and the session the bar ends."""
    minutes = _local_minutes(path, timezone)
    day = 2 * np.pi * (minutes % _DAY_MINUTES) / _DAY_MINUTES
    # 1970-01-01 was a Thursday, three days after a Monday.
    in_week = (minutes + 3 * _DAY_MINUTES) % (7 * _DAY_MINUTES)
    week = 2 * np.pi * in_week / (7 * _DAY_MINUTES)
    since_start = path.times - path.times[_session_start_rows(path)]
    pause = np.diff(path.times, prepend=path.times[:1]) / _MINUTE_NS
    return {
        "day_sin": np.sin(day),
        "day_cos": np.cos(day),
        "week_sin": np.sin(week),
        "week_cos": np.cos(week),
        "session_hours": np.minimum(since_start / (60 * _MINUTE_NS), 24.0),
        "log_pause": np.log1p(pause),
    }


def _returns(path: BarPath, level: FloatArray, volatility: FloatArray) -> Columns:
    """Return log returns over several horizons, in units of volatility."""
    start = _session_start_rows(path)
    in_session = np.arange(len(start)) - start + 1
    since_open = level - (level - path.body)[start]
    columns = {
        f"return_{n}": _scaled(_change(level, n), volatility * np.sqrt(n))
        for n in _RETURN_BARS
    }
    columns["session_return"] = _scaled(since_open, volatility * np.sqrt(in_session))
    columns["gap_return"] = _scaled(path.gap[start], volatility * np.sqrt(20))
    return columns


def _variability(path: BarPath, volatility: FloatArray) -> Columns:
    """Return short volatility and range relative to the long ones."""
    spread = path.high - path.low
    return {
        "volatility_12": _log_ratio(_volatility(path, 12), volatility),
        "volatility_48": _log_ratio(_volatility(path, 48), volatility),
        "range_1": _scaled(spread, volatility),
        "range_12": _log_ratio(_mean(spread, 12), _mean(spread, _LONG)),
        "unchanged_48": _mean((path.step == 0).astype(float), 48),
    }


def _candle(path: BarPath, volatility: FloatArray) -> Columns:
    """Return the shape of the bar."""
    body_top = np.maximum(0.0, -path.body)
    body_bottom = np.minimum(0.0, -path.body)
    location = _ratio(-(path.high + path.low), path.high - path.low)
    return {
        "body": _scaled(path.body, volatility),
        "upper_shadow": _scaled(path.high - body_top, volatility),
        "lower_shadow": _scaled(body_bottom - path.low, volatility),
        "close_location": location,
        "close_location_12": _mean(location, 12),
    }


def _range_position(path: BarPath, level: FloatArray, n_bars: int) -> FloatArray:
    """Return where the close stands in the range: -1 at the low, 1 at the high."""
    top = pd.Series(level + path.high).rolling(n_bars).max().to_numpy()
    bottom = pd.Series(level + path.low).rolling(n_bars).min().to_numpy()
    return _ratio(2 * level - top - bottom, top - bottom)


def _trend(path: BarPath, level: FloatArray, volatility: FloatArray) -> Columns:
    """Return where the price stands relative to its recent past."""
    columns = {
        f"range_position_{n}": _range_position(path, level, n) for n in _RANGE_BARS
    }
    for n in _RANGE_BARS:
        distance = level - _mean(level, n)
        columns[f"mean_distance_{n}"] = _scaled(distance, volatility * np.sqrt(n))
    travelled = _sum(np.abs(path.step), 24)
    columns["efficiency_24"] = np.clip(_ratio(_change(level, 24), travelled), -1, 1)
    return columns


def _volume(path: BarPath) -> Columns:
    """Return volume relative to its past, and its direction."""
    log_volume = np.log1p(path.volume)
    usual = _mean(log_volume, _LONG)
    signed = _sum(np.sign(path.step) * path.volume, 12)
    return {
        "volume_1": log_volume - usual,
        "volume_12": _mean(log_volume, 12) - usual,
        "signed_volume_12": _ratio(signed, _sum(path.volume, 12)),
    }


def feature_columns(path: BarPath, timezone: str) -> Columns:
    """Return all features of a symbol; the first `WARM_UP_BARS` hold NaN."""
    level, volatility = path.level, _volatility(path, _LONG)
    columns = {
        **_clock(path, timezone),
        **_returns(path, level, volatility),
        **_variability(path, volatility),
        **_candle(path, volatility),
        **_trend(path, level, volatility),
        **_volume(path),
    }
    # Adding nought turns -0.0 into 0.0.
    return {name: np.round(c, _DECIMALS) + 0.0 for name, c in columns.items()}
