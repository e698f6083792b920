"""What all splitters of this package share: how folds are asked for."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator

from sk_ensemble._typing import IntArray
from sk_ensemble.model_selection._blocks import Blocks
from sk_ensemble.model_selection._fold_map import FoldSketch, fold_map_html
from sk_ensemble.model_selection._label_spans import refuse_other_rows
from sk_ensemble.model_selection._parameters import check_choice, check_count
from sk_ensemble.model_selection._plan import (
    SplitPlan,
    plan_folds,
    refuse_empty_folds,
)
from sk_ensemble.model_selection._timeline import read_timeline
from sk_ensemble.model_selection._units import Units, group_times
from sk_ensemble.utils.time import unique_times

__all__ = ["BlockSplit"]


class BlockSplit(BaseEstimator, BaseCrossValidator):
    """Base of splitters that test blocks of time and purge around each.

    A subclass has the parameters `purged_size`, `closed` and `align_to` besides its
    own, and says which blocks there are and which of them each fold tests.
    """

    purged_size: int | None
    embargo_size: Any = 0
    closed: str
    align_to: Any

    @abstractmethod
    def get_n_splits(
        self, X: Any = None, y: Any = None, groups: Any = None, label_end: Any = None
    ) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups, label_end : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
            Number of folds.
        """

    @abstractmethod
    def _cut(self, units: Units) -> tuple[Blocks, tuple[tuple[int, ...], ...]]:
        """Return the blocks, and for each fold the numbers of those it tests."""

    @abstractmethod
    def _fold_sketch(self) -> FoldSketch:
        """Return the folds without data, for a notebook."""

    def _html_repr(self) -> str:
        """Return what scikit-learn's `_repr_html_` and `_repr_mimebundle_` show."""
        return fold_map_html(self)

    def _train_spans(self, plan: SplitPlan, units: Units) -> Blocks | None:
        """Return the first and last time each fold may train on; None is any time."""
        return None

    def split(
        self, X: Any, y: Any = None, groups: Any = None, label_end: Any = None
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Return the training and test rows of each fold.

        Everything is checked, and every fold counted, before the first is returned.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.
        y : array-like of shape (n_samples,), default=None
            Not used, but a Series whose index differs from that of X is refused.
        groups : array-like of shape (n_samples,), default=None
            Ignored.
        label_end : array-like of datetime64 of shape (n_samples,), default=None
            Time at which each label ends; None means the panel's own.

        Returns
        -------
        folds : iterator of (train, test)
            Two int64 arrays of row numbers of X each, ascending, shape (n_train,) and
            (n_test,).

        Raises
        ------
        EmptyFoldError
            If purging and embargo leave a fold without training rows.
        DataError
            If X, y or `label_end` do not fit together, or lack times or symbols that
            the parameters need; a `LabelSpanError` for an end that is missing or lies
            before its own sample.
        ValueError
            If neither label ends nor `purged_size` are known, or a parameter is out of
            range.
        """
        if groups is not None:
            name = type(self).__name__
            msg = f"{name} ignores groups: it keeps equal times together."
            warnings.warn(msg, UserWarning, stacklevel=2)
        plan = self._plan_folds(X, y, label_end)
        refuse_empty_folds(plan, repr(self))
        return plan.indices()

    def _check_parameters(self) -> None:
        """Raise if a parameter that all splitters share is out of range."""
        if self.purged_size is not None:
            check_count(self.purged_size, "purged_size", 0)
        check_choice(self.closed, "closed", ("both", "left"))

    def _plan_folds(self, X: Any, y: Any, label_end: Any) -> SplitPlan:
        """Check parameters and data and plan every fold."""
        self.get_n_splits()
        self._check_parameters()
        timeline = read_timeline(X)
        refuse_other_rows(y, timeline, "y")
        stamps = unique_times(timeline.times)
        units = group_times(stamps, timeline, self.align_to)
        blocks, folds = self._cut(units)
        plan = plan_folds(
            timeline,
            label_end,
            blocks,
            folds,
            purged_size=self.purged_size,
            embargo_size=self.embargo_size,
            closed=self.closed,
            sample_stamps=stamps,
        )
        return replace(plan, train_spans=self._train_spans(plan, units))
