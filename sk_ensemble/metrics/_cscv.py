"""Tell whether the trial that is best in one half of the time is so in the other.

Time is cut into an even number of blocks. Every half of the blocks serves once to
choose the best trial, and the other half to see how it does. The Sharpe ratio of a half
follows from sums per block, so all halves together are a product of two matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import comb
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_scalar

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics._backtest_overfitting import BacktestOverfitting
from sk_ensemble.utils.profits import checked_profits

__all__ = ["probability_of_backtest_overfitting"]

_MOST_BLOCKS = 22
#: Numbers in one table of performances, to bound the memory.
_CHUNK = 2_000_000

Performance = Callable[[FloatArray], npt.ArrayLike]


class _BlockSums(NamedTuple):
    """Sums over the rows of each block, of deviations from each trial's mean."""

    size: FloatArray
    first: FloatArray
    second: FloatArray
    is_active: BoolArray
    mean: FloatArray

    @classmethod
    def of(cls, returns: FloatArray, starts: IntArray) -> _BlockSums:
        """Add up the blocks that begin at these rows."""
        mean = returns.mean(axis=0)
        deviations = returns - mean
        return cls(
            size=np.diff(np.append(starts, len(returns))).astype(np.float64),
            first=np.add.reduceat(deviations, starts),
            second=np.add.reduceat(deviations**2, starts),
            is_active=np.logical_or.reduceat(returns != 0, starts),
            mean=mean,
        )


def _refuse_constant(varies: BoolArray) -> None:
    """Raise if some trial does not vary in some half."""
    if not varies.all():
        column = int(np.argmin(varies.all(axis=0)))
        msg = (
            f"The returns of trial {column} are constant over a half of the blocks, so "
            "they have no Sharpe ratio. Leave the trial out, or use fewer and longer "
            "blocks."
        )
        raise DataError(msg)


def _sharpe_of_halves(sums: _BlockSums, halves: FloatArray) -> FloatArray:
    """Return the Sharpe ratio (ddof 1) of each trial in each half; idle trials have 0.

    `halves` has one row per half, with 1 for its blocks and 0 for the others.
    """
    size = (halves @ sums.size)[:, None]
    first = halves @ sums.first
    variance = (halves @ sums.second - first**2 / size) / (size - 1)
    floor = 1e-12 * (sums.second.sum(axis=0) / sums.size.sum())
    is_idle = halves @ sums.is_active == 0
    _refuse_constant((variance > floor) | is_idle)
    mean = sums.mean + first / size
    return np.divide(
        mean, np.sqrt(np.maximum(variance, 0)), out=np.zeros_like(mean), where=~is_idle
    )


def _rows_of(half: FloatArray, starts: IntArray, n_rows: int) -> BoolArray:
    """Tell which rows belong to the blocks of a half."""
    return np.repeat(half > 0, np.diff(np.append(starts, n_rows)))


def _measured(performance: Performance, returns: FloatArray) -> FloatArray:
    """Return the user's measure of each trial after checking its shape."""
    values = np.asarray(performance(returns), dtype=np.float64)
    if values.shape != (returns.shape[1],) or np.isnan(values).any():
        msg = (
            "performance must turn returns of shape (n_rows, n_trials) into one number "
            f"per trial, got {values} for shape {returns.shape}. NaN is no number: "
            "give trials without a value the worst one."
        )
        raise DataError(msg)
    return values


def _tables(
    returns: FloatArray, starts: IntArray, performance: str | Performance
) -> Callable[[FloatArray], FloatArray]:
    """Return the function that measures all trials in each of some halves."""
    if callable(performance):
        return lambda halves: np.stack(
            [
                _measured(performance, returns[_rows_of(half, starts, len(returns))])
                for half in halves
            ]
        )
    sums = _BlockSums.of(returns, starts)
    return lambda halves: _sharpe_of_halves(sums, halves)


def _halves(n_blocks: int) -> FloatArray:
    """Return a row of zeros and ones for each half of the blocks."""
    chosen = np.array(list(combinations(range(n_blocks), n_blocks // 2)))
    halves = np.zeros((len(chosen), n_blocks))
    np.put_along_axis(halves, chosen, 1, axis=1)
    return halves


def _selected(
    inside: FloatArray, outside: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Return choice, its performance inside and outside, and its rank outside."""
    chosen = inside.argmax(axis=1)
    rows = np.arange(len(chosen))
    there = outside[rows, chosen]
    below = (outside < there[:, None]).sum(axis=1)
    equal = (outside == there[:, None]).sum(axis=1)
    return chosen, inside[rows, chosen], there, below + (equal + 1) / 2


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return slope and intercept of the regression of y on x."""
    deviations = x - x.mean()
    spread = deviations @ deviations
    if spread <= 1e-24 * (x @ x):
        return float("nan"), float("nan")
    slope = float(deviations @ y / spread)
    return slope, float(y.mean() - slope * x.mean())


def _checked_returns(returns: npt.ArrayLike) -> FloatArray:
    """Return returns of two or more trials."""
    values = checked_profits(returns, name="returns", n_dimensions=2)
    if values.shape[1] < 2:
        msg = (
            "Overfitting by selection needs two or more trials, got returns of shape "
            f"{values.shape}. Give each strategy that was tried a column; for one "
            "strategy see probabilistic_sharpe_ratio."
        )
        raise DataError(msg)
    return values


def _checked_n_blocks(n_blocks: int, n_rows: int) -> int:
    """Return an even number of blocks that the rows are enough for."""
    check_scalar(n_blocks, "n_blocks", Integral, min_val=2)
    if n_blocks % 2 or n_blocks > _MOST_BLOCKS:
        msg = (
            f"n_blocks must be even and at most {_MOST_BLOCKS}, got {n_blocks}: there "
            f"are {comb(n_blocks, n_blocks // 2):,} ways to choose half of them."
        )
        raise ValueError(msg)
    if n_rows < 2 * n_blocks:
        msg = (
            f"{n_rows} rows are too few for {n_blocks} blocks: each needs two rows, "
            "and some ten to mean anything. Use fewer blocks."
        )
        raise DataError(msg)
    return int(n_blocks)


def _checked_performance(performance: Any) -> str | Performance:
    """Return "sharpe" or a callable."""
    if performance != "sharpe" and not callable(performance):
        msg = f'performance must be "sharpe" or a callable, got {performance!r}.'
        raise ValueError(msg)
    return performance


def probability_of_backtest_overfitting(
    returns: npt.ArrayLike,
    *,
    n_blocks: int = 16,
    performance: str | Performance = "sharpe",
) -> BacktestOverfitting:
    """Compute how often the best of several trials is no better than their median.

    Combinatorially symmetric cross-validation: time is cut into `n_blocks` blocks;
    every half of them chooses the trial with the best performance, and the other half
    ranks it. If choosing helps, the chosen trial ranks high there too.

    Parameters
    ----------
    returns : array-like of shape (n_periods, n_trials)
        Return of each strategy that was tried (a column) in each period, in order of
        time. All of them: leaving bad ones out makes the others look chosen by luck.
    n_blocks : int, default=16
        Number of blocks of time, even, 2 to 22. 16 blocks make 12,870 splits.
    performance : "sharpe" or callable, default="sharpe"
        The Sharpe ratio per period (0 for a trial that did nothing), or a
        function that turns returns of shape (n_rows, n_trials) into an array of shape
        (n_trials,), greater is better, less than 0 a loss. A function is called twice
        per split.

    Returns
    -------
    result : BacktestOverfitting
        Probability of overfitting, logits, degradation and probability of loss.

    Raises
    ------
    DataError
        If there are fewer than two trials or too few rows, a return is not finite, or a
        trial does not vary.
    ValueError
        If `n_blocks` is odd or too large.

    Notes
    -----
    **Ties and the median.** Equal performances share their ranks, and the first of
    equally good trials is chosen. A chosen trial *at* the median counts as overfitted,
    as in the paper, which integrates the logits up to 0. Trials without any merit
    therefore have an expected probability of 1/2 if their number N is even, and of
    (N + 1) / (2 N), such as 0.571 for seven, if it is odd.

    **Rows that do not divide.** The first blocks are longer by one row, as in the
    splitters, and no row is dropped; halves may then differ by some rows. (Other
    libraries drop the first rows, with different results.)

    **What it does not say.** It judges the selection, not the strategy: among equally
    good strategies choosing is luck, and the probability is near 1/2. The splits share
    their data, so it is an estimate with a wide error: twenty trials of pure noise
    have an average of 1/2 over many data sets, and on one anything from 0.15 to 0.95.
    Returns must not reach over the ends of blocks much; take periods longer than the
    positions are held.

    References
    ----------
    Bailey, D. H., Borwein, J. M., López de Prado, M. and Zhu, Q. J. (2017). The
    Probability of Backtest Overfitting. Journal of Computational Finance 20(4).

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.metrics import probability_of_backtest_overfitting
    >>> noise = np.random.default_rng(0).normal(size=(640, 20))
    >>> probability_of_backtest_overfitting(noise).pbo > 0.3
    True
    >>> noise[:, 7] += 0.3
    >>> probability_of_backtest_overfitting(noise).pbo < 0.01
    True
    """
    values = _checked_returns(returns)
    n_blocks = _checked_n_blocks(n_blocks, len(values))
    blocks = np.array_split(np.arange(len(values)), n_blocks)
    starts = np.array([block[0] for block in blocks])
    measure = _tables(values, starts, _checked_performance(performance))
    halves = _halves(n_blocks)
    n_parts = -(-halves.shape[0] * values.shape[1] // _CHUNK)
    parts = [
        _selected(measure(part), measure(1 - part))
        for part in np.array_split(halves, n_parts)
    ]
    chosen, inside, outside, ranks = map(np.concatenate, zip(*parts, strict=True))
    n_trials = values.shape[1]
    slope, intercept = _line(inside, outside)
    return BacktestOverfitting(
        pbo=float(np.mean(ranks <= (n_trials + 1) / 2)),
        logits=np.log(ranks / (n_trials + 1 - ranks)),
        chosen=chosen.astype(np.int64),
        in_sample=inside,
        out_of_sample=outside,
        slope=slope,
        intercept=intercept,
        probability_of_loss=float(np.mean(outside < 0)),
        n_trials=n_trials,
        n_blocks=n_blocks,
    )
