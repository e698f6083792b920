"""What an ensemble is chosen by: predictions of its members, and what came true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.utils.rows import take_params

__all__ = ["MemberPredictions", "MetaSamples", "complete_rows"]


@dataclass(frozen=True, eq=False)
class MemberPredictions:
    """Predictions of all members for the same rows.

    Parameters
    ----------
    members : tuple of ndarray of shape (n_rows, n_outputs)
        One array per member, NaN where it has no prediction.
    extra : ndarray of shape (n_rows, n_features) or None, default=None
        Features that are passed through to the final estimator.
    """

    members: tuple[FloatArray, ...]
    extra: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.members[0])

    def __getitem__(self, rows: Any) -> MemberPredictions:
        extra = None if self.extra is None else self.extra[rows]
        return MemberPredictions(tuple(part[rows] for part in self.members), extra)

    @cached_property
    def complete(self) -> BoolArray:
        """Rows that every member has predicted, shape (n_rows,)."""
        return complete_rows(self.members)

    def stacked(self) -> FloatArray:
        """Return the predictions as one array, (n_members, n_rows, n_outputs)."""
        return np.stack(self.members)


def complete_rows(arrays: Iterable[FloatArray]) -> BoolArray:
    """Mark the rows in which no array has a NaN."""
    masks = [~np.isnan(array).any(axis=1) for array in arrays]
    return np.logical_and.reduce(masks)


@dataclass(frozen=True, eq=False)
class MetaSamples:
    """Rows that choose an ensemble.

    Parameters
    ----------
    predictions : MemberPredictions
        What the members say.
    codes : ndarray of int64 of shape (n_rows,)
        Number of the class that came true.
    weights : ndarray of float64 of shape (n_rows,)
        Weights of the rows.
    params : dict
        Further parameters for the fit of a final estimator.
    """

    predictions: MemberPredictions
    codes: IntArray
    weights: FloatArray
    params: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: IntArray) -> MetaSamples:
        return MetaSamples(
            self.predictions[rows],
            self.codes[rows],
            self.weights[rows],
            take_params(self.params, rows, len(self)),
        )

    @cached_property
    def usable(self) -> BoolArray:
        """Rows that count and that every member has predicted."""
        return self.predictions.complete & (self.weights > 0)
