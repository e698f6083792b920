"""Hand windows of numbers of bins to xgboost. Importing this needs xgboost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xgboost

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._bins import in_bins, one_row_per_bin
from sk_ensemble.boosting._flat_rows import flat_batch, row_slices
from sk_ensemble.boosting._xgboost_trees import n_bins_in_all
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import Windows

__all__ = ["as_quantile_matrix", "matrix_of_bins"]

#: The number of the bin of missing values.
_MISSING = 0


class _Batches(xgboost.DataIter):
    """Go through a training set in batches, as often as xgboost asks for it."""

    def __init__(self, codes: Windows, samples: TrainingSet) -> None:
        super().__init__()
        self.codes, self.samples = codes, samples
        self.slices = row_slices(codes)
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
            data=flat_batch(self.codes, rows),
            label=self.samples.codes[rows],
            weight=self.samples.weights[rows],
        )
        return True


def matrix_of_bins(
    edges: list[FloatArray], window_length: int, *, n_threads: int
) -> xgboost.QuantileDMatrix:
    """Return few rows from which other matrices take the bins of their columns.

    Parameters
    ----------
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.
    window_length : int
        Bars per window.
    n_threads : int
        Threads to use.

    Returns
    -------
    matrix : QuantileDMatrix
        Each number of a bin is a bin.
    """
    rows = one_row_per_bin(edges, window_length)
    settings = {"max_bin": n_bins_in_all(edges), "nthread": n_threads}
    return xgboost.QuantileDMatrix(rows, missing=_MISSING, **settings)


def as_quantile_matrix(
    samples: TrainingSet,
    edges: list[FloatArray],
    *,
    ref: xgboost.QuantileDMatrix,
    n_threads: int,
) -> xgboost.QuantileDMatrix:
    """Return the samples in bins.

    Parameters
    ----------
    samples : TrainingSet
        The samples.
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.
    ref : QuantileDMatrix
        From `matrix_of_bins`, or another one that has taken its bins from there.
    n_threads : int
        Threads to use.

    Returns
    -------
    matrix : QuantileDMatrix
        One byte per cell, without the values.
    """
    return xgboost.QuantileDMatrix(
        _Batches(in_bins(samples.windows, edges), samples),
        missing=_MISSING,
        max_bin=n_bins_in_all(edges),
        nthread=n_threads,
        ref=ref,
    )
