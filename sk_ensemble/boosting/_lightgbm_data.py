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

__all__ = ["as_dataset", "dataset_of_bins"]


def _numbers(codes: np.ndarray) -> FloatArray:
    """Return numbers from 0 on, as the library has a bin at 0 anyway, and NaN."""
    numbers = codes.astype(np.float32)
    numbers -= 1
    numbers[codes == 0] = np.nan
    return numbers


class _Batches(lightgbm.Sequence):
    """Show windows as rows that LightGBM reads some at a time."""

    def __init__(self, codes: Windows) -> None:
        self.codes = codes
        self.batch_size = rows_per_batch(codes)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> FloatArray:
        return _numbers(flat_batch(self.codes, rows))


def dataset_of_bins(
    windows: Windows, edges: list[FloatArray], params: dict[str, Any]
) -> lightgbm.Dataset:
    """Return few rows from which other data sets take the bins of their columns.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples to train on, which say what features are missing at times.
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.
    params : dict
        The library's parameters for data sets.

    Returns
    -------
    dataset : lightgbm.Dataset
        Each number of a bin is a bin, and NaN is where there are missing values.
    """
    rows = one_row_per_bin(edges, windows.window_length) - 1
    last = np.where(np.tile(has_missing(windows), windows.window_length), np.nan, 0)
    rows = np.vstack([rows, last.astype(np.float32)])
    return lightgbm.Dataset(rows, params=params).construct()


def as_dataset(
    samples: TrainingSet,
    edges: list[FloatArray],
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
        [_Batches(in_bins(samples.windows, edges))],
        label=samples.codes,
        weight=samples.weights,
        reference=reference,
        params=params,
    ).construct()
