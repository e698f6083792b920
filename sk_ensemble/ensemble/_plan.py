"""What a fit is going to do, worked out before anything is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import indexable

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.ensemble._folds import Fold, make_folds, mean_over_folds
from sk_ensemble.ensemble._member_fits import FoldFit, Member, TrainingRows
from sk_ensemble.ensemble._meta_samples import MemberPredictions, MetaSamples
from sk_ensemble.ensemble._order import arrange, arrange_params, canonical_order
from sk_ensemble.ensemble._routing import FitParams
from sk_ensemble.panel import refuse_other_index
from sk_ensemble.utils.sklearn_api import check_sample_weight

__all__ = ["FitPlan", "Outcome", "checked_weights", "indexed_samples", "plan_fit"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came true, in the order in which rows are worked on.

    Parameters
    ----------
    codes : ndarray of int64 of shape (n_rows,)
        Number of each row's class.
    weights : ndarray of float64 of shape (n_rows,)
        Weight of each row.
    order : ndarray of int64 of shape (n_rows,)
        Where each row stood in the input.
    params : dict
        Parameters for the fit of a final estimator.
    """

    codes: IntArray
    weights: FloatArray
    order: IntArray
    params: dict[str, Any]

    def samples(
        self, members: tuple[FloatArray, ...], extra: FloatArray | None = None
    ) -> MetaSamples:
        """Put them together with what the members said."""
        predictions = MemberPredictions(members, extra)
        return MetaSamples(predictions, self.codes, self.weights, self.params)


@dataclass(frozen=True, eq=False)
class FitPlan:
    """Members, samples and folds of a fit.

    Parameters
    ----------
    members : list of Member
        What is fitted.
    rows : TrainingRows
        The samples, in (time, symbol) order where they have times.
    folds : list of Fold
        The folds.
    outcome : Outcome
        What came true, in the same order.
    """

    members: list[Member]
    rows: TrainingRows
    folds: list[Fold]
    outcome: Outcome

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the members."""
        return tuple(member.name for member in self.members)

    def out_of_fold(self, fits: list[list[FoldFit]]) -> tuple[FloatArray, ...]:
        """Return the mean prediction of each row by each member."""
        n_rows = len(self.outcome.codes)
        return tuple(
            mean_over_folds(self.folds, [fit.values for fit in part], n_rows)
            for part in fits
        )


def indexed_samples(X: Any) -> Any:
    """Return samples of which rows can be taken, refusing sparse ones."""
    if issparse(X):
        msg = (
            "Sparse data was passed for X, but dense data is required. Use "
            "X.toarray(), or a panel."
        )
        raise TypeError(msg)
    return indexable(X)[0]


def checked_weights(X: Any, weights: Any, codes: IntArray) -> FloatArray:
    """Return one weight per row, 1 by default, not negative and not all zero."""
    refuse_other_index(X, weights, name="sample_weight")
    return check_sample_weight(
        weights, codes, dtype=np.float64, ensure_non_negative=True
    )


def plan_fit(
    members: Sequence[tuple[str, Any, str]],
    X: Any,
    y: np.ndarray,
    classes: np.ndarray,
    codes: IntArray,
    weights: FloatArray,
    cv: Any,
    given: FitParams,
) -> FitPlan:
    """Put samples in order and cut the folds.

    Parameters
    ----------
    members : sequence of (str, classifier, str)
        Names, classifiers and what is called to predict.
    X : Panel, Windows, DataFrame or array-like of n_rows rows
        The samples.
    y : ndarray of shape (n_rows,)
        Their labels.
    classes : ndarray of shape (n_classes,)
        The classes.
    codes : ndarray of int64 of shape (n_rows,)
        Number of each label's class.
    weights : ndarray of float64 of shape (n_rows,)
        Weight of each row.
    cv : cross-validator or list of (train, test)
        What cuts the folds.
    given : FitParams
        Parameters of all fits and of the split.

    Returns
    -------
    plan : FitPlan
        What is to be done.
    """
    order = canonical_order(X, codes, weights)
    rows = TrainingRows(arrange(X, order), y[order], classes)
    split_params = arrange_params(given.splitter, order)
    final_params = arrange_params(given.final, order)
    return FitPlan(
        [
            Member(name, estimator, method, arrange_params(own, order))
            for (name, estimator, method), own in zip(
                members, given.members, strict=True
            )
        ],
        rows,
        make_folds(cv, rows.X, rows.y, split_params, order),
        Outcome(codes[order], weights[order], order, final_params),
    )
