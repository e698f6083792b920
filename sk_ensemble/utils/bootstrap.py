"""Confidence intervals that respect how bars of one day hang together.

Errors and profits of neighbouring bars are correlated, above all where labels
overlap, so an interval that treats rows as independent is far too short. Here whole
days are drawn with replacement, and a day's rows always stay together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_scalar

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.sessions import local_days
from sk_ensemble.utils.time import NAT, to_utc_ns

__all__ = ["Interval", "day_block_bootstrap"]

#: Drawn days that are held at once.
_MOST_DRAWS = 2**20


@dataclass(frozen=True)
class Interval:
    """An estimate with a confidence interval.

    Attributes
    ----------
    estimate : float
        The statistic of all values.
    low, high : float
        Ends of the interval. NaN if the statistic is undefined in some resample.
    n_blocks : int
        Number of blocks (days) that were resampled.

    Examples
    --------
    >>> from sk_ensemble.metrics import Interval
    >>> Interval(estimate=0.5, low=0.25, high=0.75, n_blocks=40).low
    0.25
    """

    estimate: float
    low: float
    high: float
    n_blocks: int


#: Computes a statistic of each row of drawn days, of shape (n_resamples, n_days).
_OfDays: TypeAlias = Callable[[IntArray], FloatArray]


def _mean_of_days(values: FloatArray, starts: IntArray, sizes: IntArray) -> _OfDays:
    """Return the mean over the rows of drawn days, from sums per day."""
    sums = np.add.reduceat(values, starts)

    def means(days: IntArray) -> FloatArray:
        found: FloatArray = sums[days].sum(axis=1) / sizes[days].sum(axis=1)
        return found

    return means


def _rows_of_days(days: IntArray, starts: IntArray, sizes: IntArray) -> IntArray:
    """Return the rows of the drawn days, day after day."""
    drawn = sizes[days]
    before = np.cumsum(drawn) - drawn
    return np.arange(drawn.sum()) + np.repeat(starts[days] - before, drawn)


def _statistic_of_days(
    values: FloatArray, starts: IntArray, sizes: IntArray, statistic: Callable[..., Any]
) -> _OfDays:
    """Return the statistic of the rows of drawn days, one resample after the other."""

    def statistics(draws: IntArray) -> FloatArray:
        return np.array(
            [statistic(values[_rows_of_days(days, starts, sizes)]) for days in draws],
            dtype=np.float64,
        )

    return statistics


def _statistic_of_draws(
    values: FloatArray, sizes: IntArray, statistic: Callable[..., Any]
) -> _OfDays:
    """Return the statistic of values of which each day has one, all draws at once."""
    if (sizes != 1).any():
        msg = (
            "A vectorized statistic needs one row for each day, as resamples have "
            f"different numbers of rows otherwise; a day has {sizes.max()}. Sum the "
            "rows of a day first, or leave vectorized=False."
        )
        raise DataError(msg)
    return lambda draws: np.asarray(statistic(values[draws], axis=1))


def _resampled(
    evaluate: _OfDays, n_days: int, n_resamples: int, rng: np.random.Generator
) -> FloatArray:
    """Return the statistic of each resample, in pieces that fit into memory."""
    n_at_once = max(1, _MOST_DRAWS // n_days)
    sizes = [
        min(n_at_once, n_resamples - done) for done in range(0, n_resamples, n_at_once)
    ]
    return np.concatenate(
        [evaluate(rng.integers(n_days, size=(size, n_days))) for size in sizes]
    )


def _checked_values(values: npt.ArrayLike) -> FloatArray:
    """Return one finite float64 per row."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        msg = f"values must have one dimension, got shape {array.shape}."
        raise DataError(msg)
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array)))
        msg = f"values must be finite, got {array[row]} in row {row}. Drop such rows."
        raise DataError(msg)
    return array


def _checked_days(times: Any, n_values: int, timezone: str) -> IntArray:
    """Return the day number of each row."""
    nanoseconds = to_utc_ns(times, name="times")
    if len(nanoseconds) != n_values:
        msg = f"values and times differ in length: {n_values} and {len(nanoseconds)}."
        raise DataError(msg)
    if (nanoseconds == NAT).any():
        msg = f"A time is missing in row {np.argmax(nanoseconds == NAT)}."
        raise DataError(msg)
    return local_days(nanoseconds, timezone)


def day_block_bootstrap(
    values: npt.ArrayLike,
    times: Any,
    *,
    statistic: Callable[..., Any] = np.mean,
    vectorized: bool = False,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    random_state: int | np.random.Generator | None = 0,
    timezone: str = "UTC",
) -> Interval:
    """Compute a percentile bootstrap interval by resampling whole days.

    Parameters
    ----------
    values : array-like of shape (n_rows,)
        One finite number per row: a loss per bar, a profit per day.
    times : array-like of shape (n_rows,)
        Time of each row, in any order. Rows of several symbols on one day are one
        block.
    statistic : callable, default=np.mean
        Function of the resampled rows, an array of shape (n_drawn_rows,) in which
        every drawn day is complete. The mean is computed from sums per day.
    vectorized : bool, default=False
        Whether `statistic` takes a parameter `axis`, and so all resamples in one call.
        Needs one row for each day.
    n_resamples : int, default=1000
        Number of resamples.
    confidence : float, default=0.95
        Share of the resamples inside the interval, fraction.
    random_state : int, Generator or None, default=0
        Seed of the draws.
    timezone : str, default="UTC"
        Time zone in which a day begins at midnight.

    Returns
    -------
    interval : Interval
        Estimate, ends of the interval and number of days.

    Raises
    ------
    DataError
        If there are fewer than two days, a value is not finite, or a vectorized
        statistic is given several rows for one day.

    Notes
    -----
    Days are taken as independent: dependence that reaches over several days makes the
    interval too short. With fewer than some 20 days no bootstrap interval is
    trustworthy. A statistic other than the mean costs one gather of all rows per
    resample; give it one row per day where that is what it needs, as for the Sharpe
    ratio of daily profits.

    References
    ----------
    Efron, B. and Tibshirani, R. J. (1993). An Introduction to the Bootstrap,
    sections 8.5 (blocks) and 13.3 (percentile interval). Chapman & Hall.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sk_ensemble.metrics import day_block_bootstrap
    >>> times = pd.date_range("2021-01-01", periods=960, freq="1h")
    >>> values = np.random.default_rng(0).normal(size=960)
    >>> interval = day_block_bootstrap(values, times)
    >>> interval.n_blocks, interval.low < 0 < interval.high
    (40, True)
    """
    check_scalar(n_resamples, "n_resamples", int, min_val=1)
    check_scalar(
        confidence,
        "confidence",
        float,
        min_val=0,
        max_val=1,
        include_boundaries="neither",
    )
    rows = _checked_values(values)
    days = _checked_days(times, len(rows), timezone)
    order = np.argsort(days, kind="stable")
    _, starts, sizes = np.unique(days[order], return_index=True, return_counts=True)
    n_days = len(starts)
    if n_days < 2:
        msg = f"A bootstrap of days needs at least two days, got {n_days}."
        raise DataError(msg)
    if statistic is np.mean:
        evaluate = _mean_of_days(rows[order], starts, sizes)
    elif vectorized:
        evaluate = _statistic_of_draws(rows[order], sizes, statistic)
    else:
        evaluate = _statistic_of_days(rows[order], starts, sizes, statistic)
    rng = np.random.default_rng(random_state)
    resampled = _resampled(evaluate, n_days, n_resamples, rng)
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    estimate = statistic(rows, axis=0) if vectorized else statistic(rows)
    return Interval(float(estimate), float(low), float(high), n_days)
