"""Choose an ensemble without the rows that it is then judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.ensemble._folds import Fold
from sk_ensemble.ensemble._meta_samples import MemberPredictions, MetaSamples

__all__ = ["Chooser", "Combination", "CrossFit", "cross_fit"]


class Combination(Protocol):
    """A way to combine members, once chosen."""

    def combine(self, predictions: MemberPredictions) -> FloatArray:
        """Return probabilities of shape (n_rows, n_classes)."""


class Chooser(Protocol):
    """A way to choose how members are combined."""

    def choose(self, samples: MetaSamples) -> Combination:
        """Return the combination that suits the samples."""


@dataclass(frozen=True, eq=False)
class CrossFit:
    """What comes out of choosing fold by fold.

    Parameters
    ----------
    proba : ndarray of float64 of shape (n_rows, n_classes)
        Probabilities of the ensemble, NaN where there are none. Those of a row come
        from combinations that were chosen without it.
    combinations : list of Combination or None, of length n_folds
        What each fold chose; None where too little was there to choose by.
    """

    proba: FloatArray
    combinations: list[Combination | None]

    @property
    def judged(self) -> BoolArray:
        """Rows that have probabilities, shape (n_rows,)."""
        return np.asarray(~np.isnan(self.proba).any(axis=1))


def _can_choose(samples: MetaSamples, rows: IntArray) -> bool:
    """Tell whether rows hold two classes at least, which any choice needs."""
    return len(np.unique(samples.codes[rows])) > 1


def cross_fit(
    chooser: Chooser, samples: MetaSamples, folds: Sequence[Fold], n_classes: int
) -> CrossFit:
    """Choose on the training rows of each fold and combine on its test rows.

    The training rows of a fold are purged of all that overlaps its test rows, so a
    row never takes part in a choice it is judged by, nor does any row whose label
    overlaps its own. Rows without predictions of all members take no part.

    Parameters
    ----------
    chooser : Chooser
        How members are combined.
    samples : MetaSamples
        Out-of-fold predictions.
    folds : sequence of Fold
        The folds; rows tested by several have the mean.
    n_classes : int
        Number of classes.

    Returns
    -------
    result : CrossFit
        Probabilities and combinations.
    """
    total = np.zeros((len(samples), n_classes))
    counts = np.zeros(len(samples), dtype=np.int64)
    combinations: list[Combination | None] = []
    for fold in folds:
        chosen_by = fold.train[samples.usable[fold.train]]
        if not _can_choose(samples, chosen_by):
            combinations.append(None)
            continue
        combination = chooser.choose(samples[chosen_by])
        judged = fold.test[samples.predictions.complete[fold.test]]
        total[judged] += combination.combine(samples.predictions[judged])
        counts[judged] += 1
        combinations.append(combination)
    proba = np.full_like(total, np.nan)
    known = counts > 0
    proba[known] = total[known] / counts[known, None]
    return CrossFit(proba, combinations)
