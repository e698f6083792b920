"""Hand windows of numbers of bins to LightGBM. Importing this needs lightgbm."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._bins import has_missing, in_bins, one_row_per_bin
from sk_ensemble.boosting._flat_rows import flat_batch, rows_per_batch
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import Windows

__all__ = ["as_dataset", "dataset_of_bins", "number_of_missing"]


def number_of_missing(windows: Windows, edges: list[FloatArray]) -> FloatArray:
    """Return what stands for a missing value in each column.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples to train on.
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.

    Returns
    -------
    numbers : ndarray of float32 of shape (window_length * n_features,)
        NaN where values are missing at times. Where none ever is, the library takes a
        missing one for 0 when it predicts, so here it is the number of the bin of 0.
    """
    of_zero = [np.searchsorted(feature_edges, 0) for feature_edges in edges]
    numbers = np.where(has_missing(windows), np.nan, of_zero)
    return np.tile(numbers.astype(np.float32), windows.window_length)


def _numbers(codes: np.ndarray, of_missing: FloatArray) -> FloatArray:
    """Return numbers from 0 on, as the library has a bin at 0 anyway."""
    numbers = codes.astype(np.float32)
    numbers -= 1
    return np.where(codes == 0, of_missing, numbers)


class _Batches(lightgbm.Sequence):
    """Show windows as rows that LightGBM reads some at a time."""

    def __init__(self, codes: Windows, of_missing: FloatArray) -> None:
        self.codes, self.of_missing = codes, of_missing
        self.batch_size = rows_per_batch(codes)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> FloatArray:
        return _numbers(flat_batch(self.codes, rows), self.of_missing)


def dataset_of_bins(
    edges: list[FloatArray], of_missing: FloatArray, params: dict[str, Any]
) -> lightgbm.Dataset:
    """Return few rows from which other data sets take the bins of their columns.

    Parameters
    ----------
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.
    of_missing : ndarray of float32 of shape (n_columns,)
        From `number_of_missing`.
    params : dict
        The library's parameters for data sets.

    Returns
    -------
    dataset : lightgbm.Dataset
        Each number of a bin is a bin, and NaN is where there are missing values.
    """
    rows = one_row_per_bin(edges, len(of_missing) // len(edges)) - 1
    return lightgbm.Dataset(np.vstack([rows, of_missing]), params=params).construct()


def as_dataset(
    samples: TrainingSet,
    edges: list[FloatArray],
    of_missing: FloatArray,
    params: dict[str, Any],
    reference: lightgbm.Dataset,
) -> lightgbm.Dataset:
    """Return the samples in bins.

    Parameters
    ----------
    samples : TrainingSet
        The samples.
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.
    of_missing : ndarray of float32 of shape (n_columns,)
        From `number_of_missing`.
    params : dict
        The library's parameters for data sets.
    reference : lightgbm.Dataset
        From `dataset_of_bins`.

    Returns
    -------
    dataset : lightgbm.Dataset
        One byte per cell, without the values.
    """
    return lightgbm.Dataset(
        [_Batches(in_bins(samples.windows, edges), of_missing)],
        label=samples.codes,
        weight=samples.weights,
        reference=reference,
        params=params,
    ).construct()
