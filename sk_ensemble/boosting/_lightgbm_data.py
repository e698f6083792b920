"""Hand windows to LightGBM batch by batch. Importing this needs lightgbm."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._flat_rows import (
    bin_sample,
    flat_batch,
    rows_per_batch,
)
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import Windows

__all__ = ["as_dataset"]


class _Batches(lightgbm.Sequence):
    """Show windows as rows that LightGBM reads some at a time."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.batch_size = rows_per_batch(windows)

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, rows: Any) -> FloatArray:
        if isinstance(rows, int | np.integer):
            return flat_batch(self.windows, [rows])[0]
        return flat_batch(self.windows, rows)


def _bins(samples: TrainingSet, params: dict[str, Any]) -> lightgbm.Dataset:
    """Choose the bins of every column, from a sample where rows are very many.

    Left to itself LightGBM would draw 200,000 rows, one call for each.
    """
    rows = bin_sample(samples.windows)
    chosen = flat_batch(samples.windows, slice(None) if rows is None else rows)
    return lightgbm.Dataset(chosen, params=params).construct()


def as_dataset(
    samples: TrainingSet, params: dict[str, Any], reference: Any = None
) -> lightgbm.Dataset:
    """Return the samples with their features put into bins.

    Parameters
    ----------
    samples : TrainingSet
        The samples.
    params : dict
        The library's parameters for data sets.
    reference : lightgbm.Dataset or None, default=None
        Where to take the bins from; None chooses them.

    Returns
    -------
    dataset : lightgbm.Dataset
        One byte per cell, without the values.
    """
    return lightgbm.Dataset(
        [_Batches(samples.windows)],
        label=samples.codes,
        weight=samples.weights,
        reference=_bins(samples, params) if reference is None else reference,
        params=params,
    ).construct()
