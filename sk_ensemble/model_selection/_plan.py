"""Everything a splitter works out before it yields its first fold.

A plan knows for each block of time which rows it tests and which it takes away from
training. A fold tests one or several blocks: each block purges and embargoes on its
own, and what any of them takes away is not trained on. A fold that walks forward
trains only on a span of time before its block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sk_ensemble._typing import BoolArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.model_selection._bars import own_bar_later
from sk_ensemble.model_selection._blocks import Blocks
from sk_ensemble.model_selection._embargo import embargo_stops, parse_embargo
from sk_ensemble.model_selection._label_spans import read_label_end
from sk_ensemble.model_selection._purge import (
    closed_ends,
    is_within,
    latest_in_blocks,
    overlaps,
)
from sk_ensemble.model_selection._runs import (
    Runs,
    find_runs,
    join_runs,
    rows_outside,
)
from sk_ensemble.model_selection._sorted_spans import SortedSpans
from sk_ensemble.model_selection._timeline import Timeline
from sk_ensemble.utils.time import is_ascending

__all__ = ["FoldRows", "SplitPlan", "plan_folds", "refuse_empty_folds"]

#: Mean number of runs per block up to which joining slices beats masks.
_FEW_RUNS = 200


@dataclass(frozen=True)
class FoldRows:
    """What becomes of each row in one fold; exactly one of the five, (n_rows,)."""

    train: BoolArray
    test: BoolArray
    purged: BoolArray
    embargoed: BoolArray
    unused: BoolArray


@dataclass(frozen=True)
class SplitPlan:
    """Blocks of time, the zones around them, and the folds made of them.

    Parameters
    ----------
    timeline : Timeline
        The rows of X.
    times, ends : ndarray of int64 of shape (n_rows,)
        First and last instant of each row's label span.
    blocks : Blocks
        First and last time of each block.
    purge_stops : ndarray of int64 of shape (n_blocks,)
        Last instant of the labels of each block.
    embargo_anchors, embargo_stops : ndarray of int64 of shape (n_blocks,)
        The embargo takes the times after the anchor up to the stop.
    folds : tuple of tuple of int
        Numbers of the blocks that each fold tests.
    train_spans : Blocks or None, default=None
        First and last time each fold may train on; None means any time.
    """

    timeline: Timeline
    times: NanosecondArray
    ends: NanosecondArray
    blocks: Blocks
    purge_stops: NanosecondArray
    embargo_anchors: NanosecondArray
    embargo_stops: NanosecondArray
    folds: tuple[tuple[int, ...], ...]
    train_spans: Blocks | None = None

    @cached_property
    def tested(self) -> list[BoolArray]:
        """Rows of each block."""
        return [
            is_within(self.times, first, last)
            for first, last in zip(*self.blocks, strict=True)
        ]

    @cached_property
    def overlapping(self) -> list[BoolArray]:
        """Rows whose label span overlaps that of each block, its own rows too."""
        return self._overlapping_until(self.purge_stops)

    @cached_property
    def excluded(self) -> list[BoolArray]:
        """Rows that each block takes from training: tested, purged or embargoed."""
        return self._overlapping_until(np.maximum(self.purge_stops, self.embargo_stops))

    def _overlapping_until(self, stops: NanosecondArray) -> list[BoolArray]:
        """Mark for each block the rows whose span overlaps [first, stop]."""
        return [
            overlaps(self.times, self.ends, first, stop)
            for first, stop in zip(self.blocks.first, stops, strict=True)
        ]

    def candidates(self, fold: int) -> BoolArray:
        """Mark the rows at times on which a fold may train."""
        if self.train_spans is None:
            return np.ones(len(self.times), dtype=bool)
        first, last = self.train_spans
        return is_within(self.times, first[fold], last[fold])

    def train_mask(self, fold: int) -> BoolArray:
        """Mark the rows a fold trains on: none that a tested block takes away."""
        kept = ~_any_of(self.excluded, self.folds[fold])
        return kept if self.train_spans is None else kept & self.candidates(fold)

    def test_mask(self, fold: int) -> BoolArray:
        """Mark the rows a fold tests."""
        return _any_of(self.tested, self.folds[fold])

    def rows(self, fold: int) -> FoldRows:
        """Return what becomes of each row in a fold."""
        train, test = self.train_mask(fold), self.test_mask(fold)
        rest = self.candidates(fold) & ~(train | test)
        purged = rest & _any_of(self.overlapping, self.folds[fold])
        embargoed = rest & ~purged
        return FoldRows(train, test, purged, embargoed, ~(train | test | rest))

    def indices(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the training and test rows of each fold, ascending."""
        rows = np.arange(len(self.times))
        for fold in range(len(self.folds)):
            if self._by_runs:
                yield (
                    _take(rows, self._train_runs(fold)),
                    _take(rows, self._test_runs(fold)),
                )
            else:
                yield (
                    np.flatnonzero(self.train_mask(fold)),
                    np.flatnonzero(self.test_mask(fold)),
                )

    def trains_on_nothing(self, fold: int) -> bool:
        """Tell whether no row is left for a fold to train on."""
        if self._by_runs:
            return len(self._train_runs(fold).starts) == 0
        return not self.train_mask(fold).any()

    @cached_property
    def _by_runs(self) -> bool:
        """Whether the rows of blocks lie in so few runs that these are quicker."""
        if self.train_spans is not None:
            return False
        if self._sorted_spans is not None:
            return True
        parts = self._excluded_runs + self._tested_runs
        return sum(len(part.starts) for part in parts) <= _FEW_RUNS * len(parts)

    @cached_property
    def _sorted_spans(self) -> SortedSpans | None:
        """The label spans, if the rows are in the order of time."""
        return SortedSpans(self.times, self.ends) if is_ascending(self.times) else None

    @cached_property
    def _excluded_runs(self) -> list[Runs]:
        if self._sorted_spans is None:
            return [find_runs(mask) for mask in self.excluded]
        stops = np.maximum(self.purge_stops, self.embargo_stops)
        zones = zip(self.blocks.first, stops, strict=True)
        return [self._sorted_spans.overlapping(*zone) for zone in zones]

    @cached_property
    def _tested_runs(self) -> list[Runs]:
        if self._sorted_spans is None:
            return [find_runs(mask) for mask in self.tested]
        blocks = zip(*self.blocks, strict=True)
        return [self._sorted_spans.within(*block) for block in blocks]

    def _train_runs(self, fold: int) -> Runs:
        """Return the runs of rows a fold trains on."""
        taken = join_runs([self._excluded_runs[block] for block in self.folds[fold]])
        return rows_outside(taken, len(self.times))

    def _test_runs(self, fold: int) -> Runs:
        """Return the runs of rows a fold tests."""
        return join_runs([self._tested_runs[block] for block in self.folds[fold]])


def _take(rows: IntArray, runs: Runs) -> IntArray:
    """Return a copy of the rows of the runs."""
    slices = map(slice, runs.starts, runs.stops)
    return (
        np.concatenate([rows[part] for part in slices])
        if len(runs.starts)
        else rows[:0]
    )


def _any_of(masks: list[BoolArray], chosen: tuple[int, ...]) -> BoolArray:
    """Return the union of the chosen masks."""
    union = masks[chosen[0]]
    for number in chosen[1:]:
        union = union | masks[number]
    return union


def _counted_ends(
    timeline: Timeline, times: NanosecondArray, purged_size: int
) -> NanosecondArray:
    """Return the ends of labels of `purged_size` bars of each row's own symbol."""
    if purged_size == 0:
        return times
    return own_bar_later(timeline.bars(), purged_size, timeline.stamps)


def _refuse_unpurged() -> None:
    """Raise because nothing says how long the labels are."""
    msg = (
        "Nothing says when the labels end, so overlapping ones could not be purged. "
        "Pass X as a Panel from panel.align(labels), which carries label_end; or route "
        "label_end to split; or set purged_size to the horizon in bars (purged_size=0 "
        "if labels end on their own bar)."
    )
    raise ValueError(msg)


def plan_folds(
    timeline: Timeline,
    label_end: Any,
    blocks: Blocks,
    folds: tuple[tuple[int, ...], ...],
    *,
    purged_size: int | None,
    embargo_size: Any,
    closed: str,
    sample_stamps: NanosecondArray,
) -> SplitPlan:
    """Find the zones to purge and to embargo around blocks.

    Parameters
    ----------
    timeline : Timeline
        The rows of X.
    label_end : array-like of shape (n_rows,) or None
        Ends of the labels; None means those that X carries, if any.
    blocks : Blocks
        First and last time of each block.
    folds : tuple of tuple of int
        Numbers of the blocks that each fold tests.
    purged_size : int or None
        Bars of the row's own symbol that a label lasts, besides its real end.
    embargo_size : int, float, str or Timedelta
        Length of the embargo.
    closed : {"both", "left"}
        Whether a span holds its end.
    sample_stamps : ndarray of int64 of shape (n_stamps,)
        Different times of the rows, ascending.

    Returns
    -------
    plan : SplitPlan
        The zones and folds.
    """
    embargo = parse_embargo(embargo_size)
    times = timeline.times
    spans = [read_label_end(label_end, timeline)]
    if purged_size is not None:
        spans.append(_counted_ends(timeline, times, purged_size))
    known = [closed_ends(times, ends, closed) for ends in spans if ends is not None]
    if not known:
        _refuse_unpurged()
    # Real label ends come first, so they anchor the embargo where there are any.
    latest = [latest_in_blocks(times, ends, blocks) for ends in known]
    return SplitPlan(
        timeline=timeline,
        times=times,
        ends=np.maximum.reduce(known),
        blocks=blocks,
        purge_stops=np.maximum.reduce(latest),
        embargo_anchors=latest[0],
        embargo_stops=embargo_stops(embargo, latest[0], timeline, sample_stamps),
        folds=folds,
    )


def _of_the_unused(rows: FoldRows) -> str:
    """Say how many rows lie outside the times a fold may train on, if any do."""
    n_unused = int(rows.unused.sum())
    return f", {n_unused} outside the times to train on" if n_unused else ""


def refuse_empty_folds(plan: SplitPlan, settings: str) -> None:
    """Raise if a fold has nothing left to train on.

    Parameters
    ----------
    plan : SplitPlan
        The folds.
    settings : str
        Parameters of the splitter, for the message.

    Raises
    ------
    EmptyFoldError
        For the first such fold, with its numbers.
    """
    for number in range(len(plan.folds)):
        if plan.trains_on_nothing(number):
            rows = plan.rows(number)
            msg = (
                f"Fold {number} of {len(plan.folds)} (counted from 0) has no training "
                f"rows: of {len(plan.times)} rows, {rows.test.sum()} are tested, "
                f"{rows.purged.sum()} purged and {rows.embargoed.sum()} under embargo"
                f"{_of_the_unused(rows)}, with {settings}. Use fewer or shorter test "
                "blocks, a smaller purged_size or embargo_size, or a longer history; "
                "describe_splits shows the numbers of every fold."
            )
            raise EmptyFoldError(msg)
