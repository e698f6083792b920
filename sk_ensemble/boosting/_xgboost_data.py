"""Hand windows to xgboost batch by batch. Importing this needs xgboost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xgboost

from sk_ensemble.boosting._flat_rows import bin_sample, flat_batch, row_slices
from sk_ensemble.estimator import TrainingSet

__all__ = ["as_quantile_matrix"]


class _Batches(xgboost.DataIter):
    """Go through a training set in batches, as often as xgboost asks for it."""

    def __init__(self, samples: TrainingSet) -> None:
        super().__init__()
        self.samples = samples
        self.slices = row_slices(samples.windows)
        self.place = 0

    def reset(self) -> None:
        """Start again with the first batch."""
        self.place = 0

    def next(self, input_data: Callable[..., Any]) -> bool:
        """Hand over the next batch, or say that there is none."""
        if self.place == len(self.slices):
            return False
        rows = self.slices[self.place]
        self.place += 1
        input_data(
            data=flat_batch(self.samples.windows, rows),
            label=self.samples.codes[rows],
            weight=self.samples.weights[rows],
        )
        return True


def as_quantile_matrix(
    samples: TrainingSet, *, max_bin: int, n_threads: int, ref: Any = None
) -> xgboost.QuantileDMatrix:
    """Return the samples with their features put into bins.

    Parameters
    ----------
    samples : TrainingSet
        The samples.
    max_bin : int
        Bins per column.
    n_threads : int
        Threads to use.
    ref : QuantileDMatrix or None, default=None
        Where to take the bins from; None chooses them, from a sample of the rows
        where there are very many.

    Returns
    -------
    matrix : QuantileDMatrix
        One byte per cell, without the values.
    """
    settings = {"max_bin": max_bin, "nthread": n_threads}
    rows = bin_sample(samples.windows) if ref is None else None
    if rows is not None:
        ref = xgboost.QuantileDMatrix(_Batches(samples[rows]), **settings)
    return xgboost.QuantileDMatrix(_Batches(samples), ref=ref, **settings)
