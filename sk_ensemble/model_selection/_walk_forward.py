"""Train on the past and test on what follows, again and again."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import NanosecondArray
from sk_ensemble.model_selection._block_split import BlockSplit
from sk_ensemble.model_selection._blocks import Blocks
from sk_ensemble.model_selection._fold_map import FoldSketch
from sk_ensemble.model_selection._parameters import check_count
from sk_ensemble.model_selection._periods import (
    Span,
    cut_last_periods,
    read_span,
    refuse_untimed_span,
    span_before,
)
from sk_ensemble.model_selection._plan import SplitPlan
from sk_ensemble.model_selection._units import Units
from sk_ensemble.utils.time import unique_times

__all__ = ["WalkForwardSplit"]

_EVER = np.iinfo(np.int64).min


def _count_back(plan: SplitPlan, fold: int, units: Units, size: int) -> int:
    """Return the first of the last `size` units that purging leaves to a fold."""
    block = plan.folds[fold][0]
    past = plan.times < plan.blocks.first[block]
    stamps = unique_times(plan.times[past & ~plan.excluded[block]])
    places = np.searchsorted(units.first, stamps, side="right") - 1
    kept = unique_times(places)[-size:]
    return int(units.first[kept[0]]) if len(kept) else _EVER


def _train_starts(plan: SplitPlan, units: Units, size: Span | None) -> NanosecondArray:
    """Return the first time each fold may train on."""
    n_folds = len(plan.folds)
    if size is None:
        return np.full(n_folds, _EVER)
    if isinstance(size, int):
        starts = [_count_back(plan, fold, units, size) for fold in range(n_folds)]
        return np.array(starts)
    return np.asarray(span_before(plan.blocks.first, size))


class WalkForwardSplit(BlockSplit):
    """Train on the past and test the block of time that follows, again and again.

    The last `n_splits` blocks of time are tested, each by a model trained only on
    samples before it, as it would have been at that time. Training samples whose label
    reaches into the block are purged. By default the training set grows from fold to
    fold (expanding); with `max_train_size` it is of one length (rolling).

    Use it as ``cv=`` anywhere in scikit-learn, nested too. `cross_val_oof` gives the
    predictions of all tested samples.

    Parameters
    ----------
    n_splits : int, default=5
        Number of test blocks, at least 1. Something must be left before the first.
    test_size : int, str, Timedelta, DateOffset or None, default=None
        Length of each test block: a number of different times of the samples (of days
        or sessions with `align_to`); a duration such as ``"30D"``, counted back from
        the last sample; or a calendar frequency of pandas such as ``"MS"`` (months) or
        ``"W-MON"`` (weeks from Monday), of which each period, by UTC dates, is a block,
        the last one as far as it goes. Periods without samples do not count. None: the
        number of times (days, sessions) divided by ``n_splits + 1``, rounded down.
    max_train_size : int, str, Timedelta, DateOffset or None, default=None
        Train at most on this much. A number counts the last different times (days,
        sessions) that purging leaves; a duration or calendar frequency such as
        ``"6MS"`` is counted back from the first time (from the beginning of the period)
        of the test block, before purging. None: on everything before the block.
    purged_size : int or None, default=None
        Purge as if each label lasted this many bars of the sample's own symbol, besides
        the real label ends where they are known. Bars are counted in the history of
        the panel (so bars without a sample count too), else in the rows of X. None:
        purge by real label ends only, which must then be known.
    closed : {"both", "left"}, default="both"
        Whether a label span holds its end: with "both", a sample goes if its label
        ends on the very bar on which the other begins; with "left", it stays.
    align_to : None, "day", str or Timedelta, default=None
        Where blocks may begin. None: at any time of the samples. "day": with the first
        sample of a UTC date. A duration such as ``"45min"``: after a pause of all
        symbols longer than this. As in `PurgedSplit`.

    See Also
    --------
    cross_val_oof : Out-of-sample predictions of all tested samples.
    PurgedSplit : Each block once, trained on what comes before and after; what it says
        about input and label ends holds here too.
    sklearn.model_selection.TimeSeriesSplit : The same for one symbol and labels of one
        length: ``WalkForwardSplit(n, purged_size=h)`` has the folds of
        ``TimeSeriesSplit(n, gap=h)``, and of ``gap=h - 1`` with ``closed="left"``.

    Notes
    -----
    There is no embargo: it keeps training samples away that come after a test block,
    and here none does. Training windows reach back only, so they hold no test bars;
    test windows may hold training bars, as they will when the model is used.

    The cost is one pass over the rows per fold.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection import WalkForwardSplit
    >>> cv = WalkForwardSplit(3, test_size=2, max_train_size=4, purged_size=1)
    >>> for train, test in cv.split(np.zeros((12, 1))):
    ...     print("train", train, "test", test)
    train [1 2 3 4] test [6 7]
    train [3 4 5 6] test [8 9]
    train [5 6 7 8] test [10 11]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        test_size: Any = None,
        max_train_size: Any = None,
        purged_size: int | None = None,
        closed: str = "both",
        align_to: Any = None,
    ) -> None:
        self.n_splits = n_splits
        self.test_size = test_size
        self.max_train_size = max_train_size
        self.purged_size = purged_size
        self.closed = closed
        self.align_to = align_to

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
        return check_count(self.n_splits, "n_splits", 1)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        for name in ("test_size", "max_train_size"):
            if getattr(self, name) is not None:
                read_span(getattr(self, name), name)

    def _cut(self, units: Units) -> tuple[Blocks, tuple[tuple[int, ...], ...]]:
        n_splits = self.get_n_splits()
        size = self.test_size
        span = (
            max(1, len(units) // (n_splits + 1))
            if size is None
            else read_span(size, "test_size")
        )
        blocks = cut_last_periods(units, n_splits, span)
        return blocks, tuple((block,) for block in range(n_splits))

    def _train_spans(self, plan: SplitPlan, units: Units) -> Blocks:
        size = self.max_train_size
        span = None if size is None else read_span(size, "max_train_size")
        if span is not None:
            refuse_untimed_span(span, "max_train_size", units)
        return Blocks(_train_starts(plan, units, span), plan.blocks.first - 1)

    def _fold_sketch(self) -> FoldSketch:
        n_splits, rolls = self.get_n_splits(), self.max_train_size is not None
        folds = (
            ({fold + 1}, range(fold if rolls else 0, fold + 1))
            for fold in range(n_splits)
        )
        return FoldSketch(n_splits + 1, folds)
