"""Hand windows of numbers of bins to CatBoost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._bins import has_missing, in_bins
from sk_ensemble.boosting._flat_rows import flat_columns, order_of_rows
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import Windows
from sk_ensemble.utils.optional import import_optional

__all__ = ["as_pool", "table_of_borders"]


def _border_lines(edges: list[FloatArray], windows: Windows) -> Iterator[str]:
    """Yield the library's table of borders: one between each two numbers of bins.

    The number of missing values counts only where there are some, as a bin more costs
    time in every round. A column without any border would be an error.
    """
    first = [
        0 if is_missing or len(feature_edges) == 0 else 1
        for feature_edges, is_missing in zip(edges, has_missing(windows), strict=True)
    ]
    n_features = len(edges)
    for column in range(windows.window_length * n_features):
        feature = column % n_features
        for number in range(first[feature], len(edges[feature]) + 1):
            yield f"{column}\t{number}.5\n"


@contextmanager
def table_of_borders(edges: list[FloatArray], windows: Windows) -> Iterator[str]:
    """Write a file that tells the library that each number of a bin is a bin.

    Left to itself it would find that out by counting the numbers of every column,
    which takes as long as putting all rows into bins.

    Parameters
    ----------
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples to train on.

    Yields
    ------
    path : str
        The file, which is there as long as the context is open.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "borders.tsv"
        with path.open("w", encoding="ascii") as file:
            file.writelines(_border_lines(edges, windows))
        yield str(path)


def as_pool(
    samples: TrainingSet,
    edges: list[FloatArray],
    *,
    start: list[float],
    n_threads: int,
) -> Any:
    """Return the samples in bins, with the margins that training starts from.

    Parameters
    ----------
    samples : TrainingSet
        The samples.
    edges : list of ndarray
        Edges of the bins of each feature, from `bin_edges`.
    start : list of float
        Margins of every sample to start from.
    n_threads : int
        Threads to use.

    Returns
    -------
    pool : catboost.Pool
        One byte per cell.
    """
    catboost = import_optional("catboost", extra="boosting")
    # The library copies what does not lie in columns, to four bytes per cell.
    rows = flat_columns(in_bins(samples.windows, edges))
    order = order_of_rows(rows, samples.codes)
    return catboost.Pool(
        np.asfortranarray(rows[order]),
        samples.codes[order],
        weight=samples.weights[order],
        baseline=np.tile(start, (len(samples), 1)),
        thread_count=n_threads,
    )
