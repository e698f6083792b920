"""Intervals of several figures from one set of resampled days.

The draws are those of :func:`~sk_ensemble.metrics.day_block_bootstrap`, so that a mean
has the same interval here. As every figure of every model is resampled by the same
draws, two models can be compared day by day, and figures that are no means, such as the
direction AUC, cost a product of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.metrics import Interval
from sk_ensemble.utils.sessions import local_days
from sk_ensemble.utils.time import to_utc_ns

__all__ = ["Contrast", "DayDraws"]

#: Bins of the scores of a direction AUC. Only in resamples; 400 cannot be told from
#: more by eye, and no bin at all is shared where there are fewer different scores.
_SCORE_BINS = 400

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Contrast:
    """A mean difference with its interval, and how sure it is that there is one.

    Attributes
    ----------
    interval : Interval
        The mean difference and its 95 % interval.
    p_value : float
        Two-sided, of the hypothesis that the mean is zero.
    """

    interval: Interval
    p_value: float


def _codes(times: Any) -> tuple[IntArray, int]:
    """Return the place of the day, UTC, of each row, and the number of days."""
    days, codes = np.unique(
        local_days(to_utc_ns(times, name="times"), "UTC"), return_inverse=True
    )
    return codes, len(days)


def _bins(scores: FloatArray) -> IntArray:
    """Return bins of about equal numbers of rows, equal scores in one bin."""
    values = np.unique(scores)
    if len(values) > _SCORE_BINS:
        values = np.unique(np.quantile(scores, np.linspace(0, 1, _SCORE_BINS)))
    return np.searchsorted(values, scores)


def _auc(up: FloatArray, down: FloatArray) -> FloatArray:
    """Return the AUC of counts per score bin, of shape (n_resamples, n_bins)."""
    below = np.cumsum(down, axis=1) - down
    wins = (up * (below + down / 2)).sum(axis=1)
    pairs = up.sum(axis=1) * down.sum(axis=1)
    auc = np.full(len(pairs), np.nan)
    np.divide(wins, pairs, out=auc, where=pairs > 0)
    return auc


def _mcc(counts: FloatArray) -> FloatArray:
    """Return the correlation of tables of shape (n_resamples, n_classes, n_classes)."""
    total = counts.sum(axis=(1, 2))
    truth, guess = counts.sum(axis=2), counts.sum(axis=1)
    right = np.trace(counts, axis1=1, axis2=2)
    shared = right * total - (truth * guess).sum(axis=1)
    spread = (total**2 - (truth**2).sum(axis=1)) * (total**2 - (guess**2).sum(axis=1))
    mcc = np.zeros(len(shared))
    np.divide(shared, np.sqrt(spread), out=mcc, where=spread > 0)
    return mcc


class DayDraws:
    """Draw whole days with replacement, once, for all figures of the same rows.

    Parameters
    ----------
    times : array-like of datetime64 of shape (n_rows,)
        Time of each row.
    n_resamples : int, default=1000
        Number of resamples.
    """

    def __init__(self, times: Any, n_resamples: int = 1000) -> None:
        self._codes, self.n_days = _codes(times)
        self._n_resamples = n_resamples

    @cached_property
    def _weights(self) -> FloatArray:
        """How often each day is in each resample."""
        shape = (self._n_resamples, self.n_days)
        draws = np.random.default_rng(0).integers(self.n_days, size=shape)
        cells = draws + np.arange(len(draws))[:, None] * self.n_days
        counts = np.bincount(cells.ravel(), minlength=draws.size)
        return counts.reshape(shape).astype(np.float64)

    @cached_property
    def _sizes(self) -> FloatArray:
        """Rows of each resample."""
        return self._weights @ np.bincount(self._codes, minlength=self.n_days)

    def _tallies(self, bins: IntArray, n_bins: int) -> FloatArray:
        """Return the rows of each bin in each resample."""
        cells = self._codes * n_bins + bins
        counts = np.bincount(cells, minlength=self.n_days * n_bins)
        return self._weights @ counts.reshape(self.n_days, n_bins)

    def _interval(self, estimate: float, resampled: FloatArray) -> Interval:
        if self.n_days < 2:
            return Interval(estimate, np.nan, np.nan, self.n_days)
        tail = (1 - _CONFIDENCE) / 2
        low, high = np.quantile(resampled, [tail, 1 - tail])
        return Interval(float(estimate), float(low), float(high), self.n_days)

    def _means(self, values: FloatArray) -> FloatArray:
        sums = np.bincount(self._codes, weights=values, minlength=self.n_days)
        means: FloatArray = self._weights @ sums / self._sizes
        return means

    def mean(self, values: FloatArray) -> Interval:
        """Return the mean of one value per row."""
        return self._interval(float(np.mean(values)), self._means(values))

    def contrast(self, values: FloatArray) -> Contrast:
        """Return the mean of paired differences, and whether it is one.

        The p-value counts resamples on the other side of zero, the data themselves as
        one of them, so it is never zero.
        """
        if not np.any(values):
            return Contrast(Interval(0.0, 0.0, 0.0, self.n_days), 1.0)
        means = self._means(values)
        beyond = min((means <= 0).sum(), (means >= 0).sum())
        p_value = min(1.0, 2 * (1 + beyond) / (1 + len(means)))
        return Contrast(self._interval(float(np.mean(values)), means), float(p_value))

    def shares(
        self, bins: IntArray, n_bins: int, happened: Any
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the share of each bin in which something happened, with its interval.

        Parameters
        ----------
        bins : ndarray of int of shape (n_rows,)
            Bin of each row; none is empty.
        n_bins : int
            Number of bins.
        happened : ndarray of bool of shape (n_rows,)
            Whether it happened.

        Returns
        -------
        estimates, lows, highs : ndarray of shape (n_bins,)
            Shares and the ends of their 95 % intervals.
        """
        cells = bins + n_bins * np.asarray(happened, dtype=np.int64)
        whole = np.bincount(cells, minlength=2 * n_bins).reshape(2, n_bins)
        drawn = self._tallies(cells, 2 * n_bins).reshape(-1, 2, n_bins)
        sizes = drawn.sum(axis=1)
        shares = np.divide(
            drawn[:, 1], sizes, out=np.full_like(sizes, np.nan), where=sizes > 0
        )
        tail = (1 - _CONFIDENCE) / 2
        low, high = np.nanquantile(shares, [tail, 1 - tail], axis=0)
        return whole[1] / whole.sum(axis=0), low, high

    def mcc(self, truth: IntArray, guess: IntArray, n_classes: int) -> Interval:
        """Return Matthews' correlation of class places 0, 1, ...."""
        square = n_classes * n_classes
        cells = truth * n_classes + guess
        shape = (-1, n_classes, n_classes)
        whole = np.bincount(cells, minlength=square).astype(np.float64).reshape(shape)
        drawn = self._tallies(cells, square).reshape(shape)
        return self._interval(float(_mcc(whole)[0]), _mcc(drawn))

    def auc(self, estimate: float, is_up: Any, scores: FloatArray) -> Interval:
        """Return an AUC that is known for all rows, with its interval.

        Parameters
        ----------
        estimate : float
            The AUC of all rows.
        is_up : ndarray of float of shape (n_rows,)
            1 for up, 0 for down, NaN for rows that do not count.
        scores : ndarray of shape (n_rows,)
            What ranks the rows.
        """
        bins = _bins(scores)
        n_bins = int(bins.max()) + 1
        # Rows that do not count go to the last of three groups.
        group = np.where(np.isnan(is_up), 2, is_up).astype(np.int64)
        drawn = self._tallies(group * n_bins + bins, 3 * n_bins)
        down, up = drawn[:, :n_bins], drawn[:, n_bins : 2 * n_bins]
        return self._interval(estimate, _auc(up, down))
