"""What the combinatorially symmetric cross-validation of a selection found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray

__all__ = ["BacktestOverfitting"]


@dataclass(frozen=True, eq=False, repr=False)
class BacktestOverfitting:
    """How the trial that is best in one half of the time does in the other.

    Made by :func:`probability_of_backtest_overfitting`. One entry of each array
    belongs to one way of choosing half of the blocks.

    Attributes
    ----------
    pbo : float
        Share of the splits in which the trial chosen in one half is not above the
        median of all trials in the other half (``logits <= 0``).
    logits : ndarray of float64 of shape (n_splits,)
        ``log(w / (1 - w))``, where w is the rank (1 is worst, ties share) of the chosen
        trial in the other half over ``n_trials + 1``.
    chosen : ndarray of int64 of shape (n_splits,)
        Column of the trial that is best in sample.
    in_sample, out_of_sample : ndarray of float64 of shape (n_splits,)
        Performance of the chosen trial in the half it was chosen by and in the other.
    slope : float
        Slope of the regression of `out_of_sample` on `in_sample`; negative where
        looking better means being worse. NaN if `in_sample` does not vary.
    intercept : float
        The same regression's value at 0.
    probability_of_loss : float
        Share of the splits in which the chosen trial loses in the other half.
    n_trials : int
        Number of trials.
    n_blocks : int
        Number of blocks of time.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.metrics import probability_of_backtest_overfitting
    >>> returns = np.random.default_rng(0).normal(size=(400, 6))
    >>> returns[:, 2] += 0.5
    >>> probability_of_backtest_overfitting(returns, n_blocks=8).to_frame().iloc[0]
    chosen           2.0...
    in_sample        0.5...
    out_of_sample    0.4...
    logit            1.7...
    Name: 0, dtype: float64
    """

    pbo: float
    logits: FloatArray
    chosen: IntArray
    in_sample: FloatArray
    out_of_sample: FloatArray
    slope: float
    intercept: float
    probability_of_loss: float
    n_trials: int
    n_blocks: int

    def __repr__(self) -> str:
        return (
            f"BacktestOverfitting(pbo={self.pbo:.3f}, slope={self.slope:.3f}, "
            f"probability_of_loss={self.probability_of_loss:.3f}, "
            f"n_trials={self.n_trials}, n_splits={len(self.logits)})"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per split.

        Returns
        -------
        splits : DataFrame of n_splits rows
            Columns ``chosen``, ``in_sample``, ``out_of_sample`` and ``logit``.
        """
        return pd.DataFrame(
            {
                "chosen": self.chosen,
                "in_sample": self.in_sample,
                "out_of_sample": self.out_of_sample,
                "logit": self.logits,
            }
        )

    @property
    def share_chosen(self) -> FloatArray:
        """Share of the splits in which each trial is best in sample.

        Returns
        -------
        shares : ndarray of float64 of shape (n_trials,)
            Fractions that add up to 1. A selection that always picks the same trial
            is a stable one.
        """
        counts = np.bincount(self.chosen, minlength=self.n_trials)
        return counts / len(self.chosen)
