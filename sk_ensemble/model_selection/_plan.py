"""Everything a splitter works out before it yields its first fold.

A plan knows for each block of time which rows it tests and which it takes away from
training. A fold tests one or several blocks: each block purges and embargoes on its
own, and what any of them takes away is not trained on.
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
from sk_ensemble.model_selection._blocks import Blocks, cut_blocks, unique_times
from sk_ensemble.model_selection._embargo import embargo_stops, parse_embargo
from sk_ensemble.model_selection._label_spans import read_label_end
from sk_ensemble.model_selection._purge import (
    closed_ends,
    is_within,
    latest_in_blocks,
    overlaps,
)
from sk_ensemble.model_selection._timeline import Timeline

__all__ = ["FoldRows", "SplitPlan", "plan_blocks", "refuse_empty_folds"]


@dataclass(frozen=True)
class FoldRows:
    """What becomes of each row in one fold; exactly one of the four, (n_rows,)."""

    train: BoolArray
    test: BoolArray
    purged: BoolArray
    embargoed: BoolArray


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
    """

    timeline: Timeline
    times: NanosecondArray
    ends: NanosecondArray
    blocks: Blocks
    purge_stops: NanosecondArray
    embargo_anchors: NanosecondArray
    embargo_stops: NanosecondArray
    folds: tuple[tuple[int, ...], ...]

    def tested(self, block: int) -> BoolArray:
        """Mark the rows of a block."""
        return is_within(self.times, self.blocks.first[block], self.blocks.last[block])

    def overlapping(self, block: int) -> BoolArray:
        """Mark the rows whose label span overlaps the block's, its own rows too."""
        first, stop = self.blocks.first[block], self.purge_stops[block]
        return overlaps(self.times, self.ends, first, stop)

    @cached_property
    def excluded(self) -> list[BoolArray]:
        """Rows that each block takes from training: tested, purged or embargoed."""
        stops = np.maximum(self.purge_stops, self.embargo_stops)
        return [
            overlaps(self.times, self.ends, first, stop)
            for first, stop in zip(self.blocks.first, stops, strict=True)
        ]

    def train_mask(self, fold: tuple[int, ...]) -> BoolArray:
        """Mark the rows that no tested block takes from training."""
        return ~_any_of(self.excluded[block] for block in fold)

    def rows(self, fold: tuple[int, ...]) -> FoldRows:
        """Return what becomes of each row in a fold."""
        train = self.train_mask(fold)
        test = _any_of(self.tested(block) for block in fold)
        purged = _any_of(self.overlapping(block) for block in fold) & ~test
        return FoldRows(train, test, purged, ~(train | test | purged))

    def indices(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the training and test rows of each fold, ascending."""
        for fold in self.folds:
            test = _any_of(self.tested(block) for block in fold)
            yield np.flatnonzero(self.train_mask(fold)), np.flatnonzero(test)


def _any_of(masks: Iterator[BoolArray]) -> BoolArray:
    """Return the union of masks."""
    union = next(masks)
    for mask in masks:
        union = union | mask
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


def plan_blocks(
    timeline: Timeline,
    label_end: Any,
    *,
    n_blocks: int,
    folds: tuple[tuple[int, ...], ...],
    purged_size: int | None,
    embargo_size: Any,
    closed: str,
    name: str,
) -> SplitPlan:
    """Cut blocks and find the zones to purge and to embargo around them.

    Parameters
    ----------
    timeline : Timeline
        The rows of X.
    label_end : array-like of shape (n_rows,) or None
        Ends of the labels; None means those that X carries, if any.
    n_blocks : int
        How many blocks to cut.
    folds : tuple of tuple of int
        Numbers of the blocks that each fold tests.
    purged_size : int or None
        Bars of the row's own symbol that a label lasts, besides its real end.
    embargo_size : int, float, str or Timedelta
        Length of the embargo.
    closed : {"both", "left"}
        Whether a span holds its end.
    name : str
        Parameter that sets `n_blocks`, for messages.

    Returns
    -------
    plan : SplitPlan
        The zones and folds.
    """
    embargo = parse_embargo(embargo_size)
    times = timeline.times
    stamps = unique_times(times)
    blocks = cut_blocks(stamps, n_blocks, name=name)
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
        embargo_stops=embargo_stops(embargo, latest[0], timeline, stamps),
        folds=folds,
    )


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
    for number, fold in enumerate(plan.folds):
        if not plan.train_mask(fold).any():
            rows = plan.rows(fold)
            msg = (
                f"Fold {number} of {len(plan.folds)} (counted from 0) has no training "
                f"rows: of {len(plan.times)} rows, {rows.test.sum()} are tested, "
                f"{rows.purged.sum()} purged and {rows.embargoed.sum()} under embargo, "
                f"with {settings}. Use fewer or shorter test blocks, a smaller "
                "purged_size or embargo_size, or a longer history; describe_splits "
                "shows the numbers of every fold."
            )
            raise EmptyFoldError(msg)
