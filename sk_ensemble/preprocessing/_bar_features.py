"""A plain set of features of bars that leaks nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sk_ensemble.exceptions import DataError
from sk_ensemble.preprocessing._bar_columns import WARM_UP_BARS, feature_columns
from sk_ensemble.preprocessing._bar_path import BarPath, bar_paths, of_symbol
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["bar_features"]


def _features_of_symbol(path: BarPath, timezone: Any) -> pd.DataFrame:
    """Return keys and features of one symbol after its warm-up."""
    zone = of_symbol(timezone, path.symbol, "timezone")
    n_rows = len(path.times) - WARM_UP_BARS
    times = path.times[WARM_UP_BARS:]
    stamps = pd.DatetimeIndex(from_utc_ns(times)).tz_localize("UTC")
    keys = {"datetime": stamps, "symbol": path.symbol}
    return pd.DataFrame({**keys, **feature_columns(path, zone, n_rows)})


def _refuse_short(paths: list[BarPath]) -> None:
    """Warn of symbols that are all warm-up, or raise if all of them are."""
    short = {p.symbol: len(p.times) for p in paths if len(p.times) <= WARM_UP_BARS}
    if not short:
        return
    msg = (
        f"No features for symbols with at most {WARM_UP_BARS} bars, all needed to warm "
        f"up (bars per symbol: {short})."
    )
    if len(short) == len(paths):
        raise DataError(f"{msg} No symbol is left. Add earlier bars.")
    warnings.warn(msg, UserWarning, stacklevel=3)


def bar_features(
    bars: pd.DataFrame,
    *,
    timezone: str | Mapping[Any, str] | pd.Series = "UTC",
    session_gap: Any = "4h",
) -> pd.DataFrame:
    """Compute clock, return, volatility, candle, trend and volume features of bars.

    A set of 31 ordinary features that is safe to start with: they do not depend on
    the unit of the price, on other symbols or on anything after the bar, and no
    return reaches from one contract into the next.

    Parameters
    ----------
    bars : DataFrame of n_bars rows
        Columns `open`, `high`, `low`, `close`, `volume`, keys `symbol` and `datetime`
        (END of the bar) as columns or index levels, and, where contracts change, a
        boolean column `new_contract`. Any row order.
    timezone : str, mapping or Series, default="UTC"
        Exchange time zone for the clock features: one name for all symbols, or one
        for each, as ``contract_specs()["timezone"]``. Daylight saving is followed. In
        a zone without it, UTC serves as well, only the phase differs.
    session_gap : str, Timedelta, mapping or Series, default="4h"
        A longer step between two bars of a symbol starts a new session; one for all
        symbols or one for each.

    Returns
    -------
    features : DataFrame
        Columns `datetime` (UTC), `symbol` and 31 float64 features, sorted by symbol,
        then datetime. The first 239 bars of each symbol are left out.

    Raises
    ------
    DataError
        If a column is absent, doubled or no number; if a price is not finite and
        positive, a volume negative, a high or low inconsistent; for duplicate or
        missing keys, an unknown time zone, or if no symbol has 240 bars.

    Warns
    -----
    UserWarning
        If some symbol, but not every, has fewer than 240 bars and is left out.

    Notes
    -----
    The features of bar t use bars t-240 ... t of its own symbol, and beyond these
    only the bar at which the session of bar t started, with the close before it.

    - `day_sin`, `day_cos`, `week_sin`, `week_cos`: exchange clock at the bar's end.
      `session_hours`: hours since the first bar of the session, at most 24.
      `log_pause`: log(1 + minutes since the last bar).
    - `return_n`: log return over n bars, divided by volatility x sqrt(n).
      `session_return`: since the open of the session, likewise. `gap_return`: from the
      last session's close to this session's open, over volatility x sqrt(20).
    - `volatility_n`: log ratio of the volatility of n bars and of 240. `range_1`: log
      of high to low over volatility; `range_12`: log ratio of its means over 12 and 240
      bars. `unchanged_48`: share of the last 48 bars that left the close unchanged.
    - `body`, `upper_shadow`, `lower_shadow`: parts of the candle over volatility.
      `close_location`: the close in the bar's range, -1 at the low, 1 at the high;
      `close_location_12`: its mean over 12 bars.
    - `range_position_n`: the close in the range of n bars. `mean_distance_n`: log
      price minus its mean over n bars, over volatility x sqrt(n). `efficiency_24`:
      net move over the sum of the moves of 24 bars.
    - `volume_n`: log volume, as mean of n bars, minus its mean over 240.
      `signed_volume_12`: share of rising minus share of falling volume, 12 bars.

    Volatility is the root mean square of the log returns of the last 240 bars within
    sessions: across a session gap, or into a new contract, the bar's own open takes
    the place of the last close. Overnight moves do enter returns, ranges and means;
    the jump into a new contract enters nothing. Whatever is divided by volatility is
    clipped to [-10, 10], and the log ratios of volatility and range to [-3, 3]. Where a
    range is nil, positions in it are 0. All values are rounded to 9 decimals.

    Examples
    --------
    >>> from sk_ensemble.datasets import contract_specs, load_bars
    >>> from sk_ensemble.preprocessing import bar_features
    >>> bars = load_bars(symbols=["IF"], start="2021-09")
    >>> features = bar_features(bars, timezone=contract_specs()["timezone"])
    >>> len(bars) - len(features), features.shape[1]
    (239, 33)
    >>> bool(features.notna().all(axis=None))
    True
    """
    paths = list(bar_paths(bars, session_gap))
    _refuse_short(paths)
    long = [path for path in paths if len(path.times) > WARM_UP_BARS]
    parts = [_features_of_symbol(path, timezone) for path in long]
    return pd.concat(parts, ignore_index=True)
