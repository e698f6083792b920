"""Checks of the folds themselves: nothing is fitted."""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import BoolArray, IntArray
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._folds import (
    Fold,
    Zones,
    bars_in_zones,
    ends_of,
    overlapping_rows,
    rows_reaching,
    zones_of_test,
)
from sk_ensemble.inspection._session import Session, SkipCheck
from sk_ensemble.panel import Windows

__all__ = [
    "check_duplicates",
    "check_label_spans",
    "check_timestamps",
    "check_windows",
    "rows_with_shared_labels",
    "rows_with_test_bars",
]

#: Share of the test windows that may occur in training by chance.
_CHANCE = 0.01


def check_timestamps(session: Session) -> list[Finding]:
    """Find times that are on both sides of a fold."""
    findings = []
    for fold in session.folds:
        test_times = np.unique(session.times[fold.test])
        shared = fold.train[np.isin(session.times[fold.train], test_times)]
        if len(shared):
            n_times = len(np.unique(session.times[shared]))
            message = (
                f"{n_times} of {len(test_times)} test times are times of training "
                f"samples too ({len(shared)} samples). Split at times, as PurgedSplit."
            )
            findings.append(
                session.finding(
                    "timestamps",
                    message,
                    shared[0],
                    fold=fold.number,
                    amount=float(len(shared)),
                )
            )
    return findings


def rows_with_shared_labels(session: Session, fold: Fold) -> BoolArray:
    """Mark the training samples whose label overlaps that of a test sample."""
    ends = ends_of(session.X)
    return overlapping_rows(
        session.times[fold.train],
        ends[fold.train],
        session.times[fold.test],
        ends[fold.test],
    )


def check_label_spans(session: Session) -> list[Finding]:
    """Find training labels that share bars with test labels."""
    if session.X.label_end_ns is None:
        msg = (
            "X carries no label ends. Build it with panel.align(labels) from labels "
            "with a label_end column."
        )
        raise SkipCheck(msg)
    findings = []
    for fold in session.folds:
        shared = fold.train[rows_with_shared_labels(session, fold)]
        if len(shared):
            message = (
                f"The labels of {len(shared)} of {len(fold.train)} training samples "
                "overlap test labels in time. Use a splitter that purges by label "
                "ends, such as PurgedSplit."
            )
            findings.append(
                session.finding(
                    "label_spans",
                    message,
                    shared[0],
                    fold=fold.number,
                    amount=float(len(shared)),
                )
            )
    return findings


def rows_with_test_bars(session: Session, fold: Fold) -> tuple[Zones, BoolArray]:
    """Return the test blocks, and mark training samples whose windows hold their bars.

    Each window is looked up among the bars of its own symbol.
    """
    history = session.X.history
    zones = zones_of_test(session.times, ends_of(session.X), fold)
    in_zone = bars_in_zones(history.stamps, zones)
    positions = session.X.positions[fold.train]
    return zones, rows_reaching(history, positions, session.reach, in_zone)


def _remedy(session: Session, zones: Zones, rows: IntArray) -> str:
    """Say what would keep the windows of these training samples clean."""
    inside = int(bars_in_zones(session.times[rows], zones).sum())
    if inside:
        return (
            f"{inside} of these samples stand inside the test block themselves: purge "
            "by label ends first"
        )
    needed = _needed_embargo(session, zones, rows)
    return f"embargo_size={needed} (time stamps of all symbols) would leave none"


def _needed_embargo(session: Session, zones: Zones, rows: IntArray) -> int:
    """Return how many time stamps after each block must go for none to be left."""
    stamps = session.X.history.unique_times
    times = session.times[rows]
    place = np.searchsorted(zones.last, times, side="left") - 1
    after = place >= 0
    ends = zones.last[place[after]]
    counts = np.searchsorted(stamps, times[after], side="right") - np.searchsorted(
        stamps, ends, side="right"
    )
    return int(counts.max(initial=0))


def check_windows(session: Session) -> list[Finding]:
    """Find training windows that contain bars of the test block."""
    findings = []
    length, lag = session.reach
    for fold in session.folds:
        zones, mask = rows_with_test_bars(session, fold)
        rows = fold.train[mask]
        if not len(rows):
            continue
        message = (
            f"{len(rows)} of {len(fold.train)} training windows contain test bars "
            f"({session.symbols_of(rows)}), with window_length={length} and lag={lag}; "
            f"{_remedy(session, zones, rows)}."
        )
        findings.append(
            session.finding(
                "windows",
                message,
                rows[0],
                fold=fold.number,
                amount=float(len(rows)),
            )
        )
    return findings


def _window_hashes(session: Session) -> np.ndarray:
    """Return one number per sample that stands for the content of its window."""
    rng = session.rng(7)
    block = session.X.history.block
    words = block.view(np.uint32 if block.itemsize == 4 else np.uint64)
    odd = rng.integers(2**63, size=words.shape[1], dtype=np.uint64) * 2 + 1
    bars = np.zeros(len(block), dtype=np.uint64)
    for place, factor in enumerate(odd):
        bars += (words[:, place].astype(np.uint64) + np.uint64(place + 1)) * factor
    length, lag = session.reach
    windows = Windows.from_panel(session.X, length, lag)
    total = np.zeros(len(windows), dtype=np.uint64)
    for age in range(length):
        rows = np.maximum(windows.positions - lag - age, windows.segment_starts)
        mixed = (bars[rows] ^ (bars[rows] >> np.uint64(29))) * np.uint64(2 * age + 3)
        total = (total << np.uint64(7)) ^ (total >> np.uint64(57)) ^ mixed
    return total


def _duplicates_of(session: Session, fold: Fold, hashes: np.ndarray) -> Finding | None:
    """Find what training and test samples of a fold have in common."""
    positions = session.X.positions
    same = fold.test[np.isin(positions[fold.test], positions[fold.train])]
    if len(same):
        message = (
            f"{len(same)} of {len(fold.test)} test samples are training samples too: "
            "the same bar of the same symbol."
        )
    else:
        same = fold.test[np.isin(hashes[fold.test], hashes[fold.train])]
        if len(same) <= _CHANCE * len(fold.test):
            return None
        message = (
            f"The windows of {len(same)} of {len(fold.test)} test samples occur, value "
            f"for value, in training ({session.symbols_of(same)}). Drop repeated bars, "
            "and symbols that are copies of each other."
        )
    return session.finding(
        "duplicates", message, same[0], fold=fold.number, amount=float(len(same))
    )


def check_duplicates(session: Session) -> list[Finding]:
    """Find test windows that occur in training."""
    hashes = _window_hashes(session)
    found = (_duplicates_of(session, fold, hashes) for fold in session.folds)
    return [finding for finding in found if finding is not None]
