"""Say in plain numbers what a splitter does to the samples."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection._plan import FoldRows, SplitPlan
from sk_ensemble.model_selection._units import DAY
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["describe_splits", "embargo_days"]


class _Planner(Protocol):
    """A splitter of this package."""

    def _plan_folds(self, X: Any, y: Any, label_end: Any) -> SplitPlan: ...


def _share(part: int, total: int) -> float:
    """Return a share, NaN of nothing."""
    return part / total if total else float("nan")


def _fold_numbers(rows: FoldRows) -> dict[str, Any]:
    """Return the counts and shares of one fold."""
    n_train, n_test = int(rows.train.sum()), int(rows.test.sum())
    n_purged, n_embargoed = int(rows.purged.sum()), int(rows.embargoed.sum())
    n_rest = n_train + n_purged + n_embargoed
    return {
        "train": n_train,
        "test": n_test,
        "purged": n_purged,
        "embargoed": n_embargoed,
        "unused": int(rows.unused.sum()),
        "purged_share": _share(n_purged, n_rest),
        "embargoed_share": _share(n_embargoed, n_rest),
    }


def _test_times(plan: SplitPlan) -> dict[str, Any]:
    """Return the first and last test time of each fold."""
    first = np.array([plan.blocks.first[list(fold)].min() for fold in plan.folds])
    last = np.array([plan.blocks.last[list(fold)].max() for fold in plan.folds])
    if plan.timeline.keys is None:
        return {"test_start": first, "test_end": last}
    return {
        "test_start": pd.DatetimeIndex(from_utc_ns(first)).tz_localize("UTC"),
        "test_end": pd.DatetimeIndex(from_utc_ns(last)).tz_localize("UTC"),
    }


def describe_splits(
    cv: _Planner, X: Any, y: Any = None, *, label_end: Any = None
) -> pd.DataFrame:
    """Count the rows trained, tested, purged and under embargo in each fold.

    A fold that would be empty is shown rather than refused.

    Parameters
    ----------
    cv : PurgedSplit, CombinatorialPurgedSplit or WalkForwardSplit
        The splitter.
    X : Panel, Windows, DataFrame or array-like of n_samples rows
        The samples.
    y : array-like of shape (n_samples,), default=None
        Not used, but a Series whose index differs from that of X is refused.
    label_end : array-like of datetime64 of shape (n_samples,), default=None
        Time at which each label ends; None means the panel's own.

    Returns
    -------
    table : DataFrame of n_splits rows
        Columns ``train``, ``test``, ``purged``, ``embargoed``, ``unused`` (rows; they
        add up to n_samples; a row both purged and under embargo counts as purged, and
        unused are those outside the times on which a walk-forward fold may train),
        ``purged_share``, ``embargoed_share`` (of the rows neither tested nor unused),
        and ``test_start``, ``test_end`` (first and last test time in UTC, or row
        number).

    See Also
    --------
    embargo_days : The length of the embargo in trading days.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection import PurgedSplit, describe_splits
    >>> cv = PurgedSplit(2, purged_size=2, embargo_size=1)
    >>> table = describe_splits(cv, np.zeros((10, 1)))
    >>> table[["train", "test", "purged", "embargoed", "test_start", "test_end"]]
          train  test  purged  embargoed  test_start  test_end
    fold
    0         2     5       2          1           0         4
    1         3     5       2          0           5         9
    """
    plan = cv._plan_folds(X, y, label_end)
    rows = map(plan.rows, range(len(plan.folds)))
    table = pd.DataFrame([_fold_numbers(each) for each in rows])
    return table.assign(**_test_times(plan)).rename_axis(index="fold")


def _day_clock(times: NanosecondArray) -> FloatArray:
    """Return the trading days passed before each bar and after the last.

    A bar is the n-th part of a day that has n bars, so half a day counts as half.
    """
    _, day, counts = np.unique(times // DAY, return_inverse=True, return_counts=True)
    return np.concatenate(([0.0], np.cumsum(1 / counts[day])))


def _days_between(
    times: NanosecondArray, after: IntArray, upto: IntArray
) -> FloatArray:
    """Return the trading days of a symbol between pairs of times."""
    clock = _day_clock(times)
    start = np.searchsorted(times, after, side="right")
    stop = np.searchsorted(times, np.maximum(after, upto), side="right")
    return clock[stop] - clock[start]


def embargo_days(
    cv: _Planner, X: Any, y: Any = None, *, label_end: Any = None
) -> pd.Series:
    """Return how many trading days of each symbol the embargo lasts.

    An embargo in bars is counted in the time stamps of all symbols, so the same number
    is short where many symbols trade around the clock and long where one trades four
    hours a day. This says how long it really is.

    Parameters
    ----------
    cv : PurgedSplit, CombinatorialPurgedSplit or WalkForwardSplit
        The splitter.
    X : Panel, Windows or DataFrame of n_samples rows
        The samples. A frame has a time or (symbol, time) index.
    y : array-like of shape (n_samples,), default=None
        Not used, but a Series whose index differs from that of X is refused.
    label_end : array-like of datetime64 of shape (n_samples,), default=None
        Time at which each label ends; None means the panel's own.

    Returns
    -------
    days : Series of float of shape (n_symbols,)
        Days by symbol: the median over the blocks whose embargo ends before the data
        do, NaN where there is none. A trading day is a UTC date on which the symbol
        has bars; a part of its bars is that part of a day.

    Raises
    ------
    DataError
        If the rows of `X` have no times.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sk_ensemble.model_selection import PurgedSplit, embargo_days
    >>> times = pd.date_range("2024-01-01", periods=96, freq="h")
    >>> index = pd.MultiIndex.from_product([["A", "B"], times])
    >>> frame = pd.DataFrame({"close": np.arange(192.0)}, index=index)
    >>> embargo_days(PurgedSplit(2, purged_size=1, embargo_size=36), frame).round(2)
    symbol
    A    1.5
    B    1.5
    Name: embargo_days, dtype: float64
    """
    plan = cv._plan_folds(X, y, label_end)
    if plan.timeline.keys is None:
        msg = (
            "The rows of X have no times, so an embargo of rows has no length in days. "
            "Pass a Panel or a DataFrame indexed by time or (symbol, time)."
        )
        raise DataError(msg)
    bars = plan.timeline.bars()
    whole = plan.embargo_stops <= plan.timeline.stamps[-1]
    after, upto = plan.embargo_anchors[whole], plan.embargo_stops[whole]
    days = [
        np.median(_days_between(bars.times[start:stop], after, upto))
        if whole.any()
        else np.nan
        for start, stop in zip(bars.bounds[:-1], bars.bounds[1:], strict=True)
    ]
    index = pd.Index(bars.names, name="symbol", dtype=object)
    return pd.Series(days, index=index, name="embargo_days", dtype=float)
