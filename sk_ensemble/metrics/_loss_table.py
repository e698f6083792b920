"""All losses of each row, for intervals and comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import pandas as pd

from sk_ensemble.metrics._inputs import checked_inputs, neutral_column
from sk_ensemble.metrics._rowwise import (
    brier_rows,
    direction_gain_rows,
    direction_rows,
    log_loss_rows,
    movement_rows,
)

__all__ = ["loss_table"]


def loss_table(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    neutral: Any = 0,
) -> pd.DataFrame:
    """Compute the losses of each row.

    The mean of a column is the metric of that name. The table serves what a mean
    cannot: intervals by :func:`day_block_bootstrap`, losses per symbol or hour, and
    differences between two models on the same rows.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes.
    proba : array-like of shape (n_samples, 3)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name.
    labels : sequence of 3 classes, default=(-1, 0, 1)
        All classes there are.
    neutral : label, default=0
        The class that means no movement.

    Returns
    -------
    losses : DataFrame of n_samples rows
        Columns ``log_loss``, ``movement_log_loss``, ``direction_log_loss``,
        ``direction_gain`` (nats per row) and ``brier_score``; with the index of `y`
        or `proba` if one of them has any.

    Raises
    ------
    DataError
        If a class is not among the labels, or a row holds no probabilities.

    Examples
    --------
    >>> from sk_ensemble.metrics import loss_table
    >>> losses = loss_table([1, 0], [[0.25, 0.25, 0.5], [0.25, 0.5, 0.25]])
    >>> losses["direction_gain"].round(4).tolist()
    [0.2877, 0.0]
    """
    column = neutral_column(labels, neutral, n_labels=3)
    inputs = checked_inputs(y, proba, labels)
    index = getattr(y, "index", getattr(proba, "index", None))
    return pd.DataFrame(
        {
            "log_loss": log_loss_rows(inputs),
            "movement_log_loss": movement_rows(inputs, column),
            "direction_log_loss": direction_rows(inputs, column),
            "direction_gain": direction_gain_rows(inputs, column),
            "brier_score": brier_rows(inputs),
        },
        index=index if isinstance(index, pd.Index) else None,
    )
