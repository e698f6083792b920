"""Combinatorial splits beside purgedcv, holdout-backtest and skfolio.

45 folds (10 blocks, 2 of them tested) of regular bars with labels of 20 bars and an
embargo of 60. Every library works in a process that stays alive, the others in an
environment of their own; they take turns, and the time is that of the processor. A
digest of all row numbers shows first that the folds are equal. The data are made
before the clock starts; what is timed goes from the parameters to the last fold.

    python benchmarks/bench_splits.py --rows 10000
"""

from __future__ import annotations

import hashlib
import time
import tracemalloc

import numpy as np
import pandas as pd
from harness import (
    AtLeast,
    AtMost,
    Comparison,
    Worker,
    install_peers,
    peer_versions,
    run_part,
    take_turns,
)

PEERS = ["holdout-backtest", "purgedcv", "skfolio"]
N_BLOCKS, N_TEST_BLOCKS, HORIZON, EMBARGO = 10, 2, 20, 60
STEP = pd.Timedelta("5min")
LIMIT = 0.2


# --- what is timed: functions of the data, each returns the folds -------------------


def no_features(n_rows):
    """Return an array of so many rows."""
    return np.zeros((n_rows, 1), dtype=np.int8)


def label_spans(n_rows):
    """Return regular times and the times at which labels of 20 bars end."""
    stamps = pd.date_range("2015", periods=n_rows, freq=STEP)
    return stamps, stamps + HORIZON * STEP


def rows_here(n_rows):
    """Count labels and embargo in rows of an array."""
    from sk_ensemble import CombinatorialPurgedSplit

    X = no_features(n_rows)
    cv = CombinatorialPurgedSplit(
        N_BLOCKS, N_TEST_BLOCKS, purged_size=HORIZON, embargo_size=EMBARGO
    )
    return lambda: cv.split(X)


def spans_here(n_rows, **parameters):
    """Purge by the real ends of labels of a frame."""
    from sk_ensemble import CombinatorialPurgedSplit

    stamps, ends = label_spans(n_rows)
    X = pd.DataFrame(no_features(n_rows), index=stamps)
    cv = CombinatorialPurgedSplit(N_BLOCKS, N_TEST_BLOCKS, **parameters)
    return lambda: cv.split(X, label_end=ends)


def closed_here(n_rows):
    return spans_here(n_rows, embargo_size=EMBARGO)


def half_open_here(n_rows):
    return spans_here(n_rows, closed="left", embargo_size=EMBARGO)


def closed_and_short_here(n_rows):
    return spans_here(n_rows, embargo_size=EMBARGO - HORIZON)


def skfolio(n_rows):
    from skfolio.model_selection import CombinatorialPurgedCV

    X = no_features(n_rows)

    def split():
        cv = CombinatorialPurgedCV(
            N_BLOCKS, N_TEST_BLOCKS, purged_size=HORIZON, embargo_size=EMBARGO
        )
        for train, tests in cv.split(X):
            yield train, np.sort(np.concatenate(tests))

    return split


def purgedcv(n_rows):
    """Purge half-open spans; the bar at which the embargo ends is under it there."""
    from purgedcv import CombinatorialPurgedCV

    X, (stamps, ends) = no_features(n_rows), map(pd.Series, label_spans(n_rows))
    embargo = (EMBARGO - 1) * STEP

    def split():
        cv = CombinatorialPurgedCV(
            N_BLOCKS,
            N_TEST_BLOCKS,
            prediction_times=stamps,
            evaluation_times=ends,
            embargo=embargo,
        )
        return cv.split(X)

    return split


def holdout(n_rows, embargo=HORIZON + EMBARGO):
    """Purge closed spans; the embargo is counted from the last row tested there."""
    from holdout.splits import combinatorial_purged_cv

    start, end = (times.as_unit("ns").asi8 for times in label_spans(n_rows))

    def split():
        found = combinatorial_purged_cv(
            N_BLOCKS, N_TEST_BLOCKS, start=start, end=end, embargo=embargo
        )
        return ((fold.train, fold.test) for fold in found.splits)

    return split


def holdout_and_short(n_rows):
    return holdout(n_rows, embargo=EMBARGO)


def plain_copy(n_rows):
    """Write as many row numbers as all folds hold, from an array to a new one."""
    rows = np.arange(n_rows)
    n_train = n_rows - n_rows * N_TEST_BLOCKS // N_BLOCKS

    def copy():
        for _ in range(45):
            yield rows[:n_train].copy(), rows[n_train:].copy()

    return copy


SPLITS = {
    split.__name__: split
    for split in (
        rows_here,
        closed_here,
        half_open_here,
        closed_and_short_here,
        skfolio,
        purgedcv,
        holdout,
        holdout_and_short,
        plain_copy,
    )
}


# --- the process of one library ---------------------------------------------------


def digest(folds):
    """Return one text that stands for all row numbers of all folds."""
    total = hashlib.sha256()
    for train, test in folds:
        for rows in (train, test):
            total.update(np.asarray(rows, dtype=np.int64).tobytes() + b"|")
    return total.hexdigest()


def seconds(split):
    """Return the time of the processor in which all folds are made."""
    start = time.process_time()
    for _ in split():
        pass
    return time.process_time() - start


def peak(split):
    """Return the most that is allocated while folds are made one after the other."""
    tracemalloc.start()
    for _ in split():
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


def path_table(library):
    """Return the path of each fold's test blocks."""
    if library == "skfolio":
        from skfolio.model_selection import CombinatorialPurgedCV

        return CombinatorialPurgedCV(N_BLOCKS, N_TEST_BLOCKS).get_path_ids().tolist()
    from sk_ensemble import CombinatorialPurgedSplit

    return CombinatorialPurgedSplit(N_BLOCKS, N_TEST_BLOCKS).path_ids().tolist()


MADE = {}


def answer(what, library, rows=0):
    """Return a figure, a digest or the paths."""
    if what == "paths":
        return path_table(library)
    if (library, rows) not in MADE:
        MADE.clear()
        MADE[library, rows] = SPLITS[library](rows)
    split = MADE[library, rows]
    if what == "digest":
        return digest(split())
    return seconds(split) if what == "seconds" else peak(split)


# --- the comparison ---------------------------------------------------------------

PAIRS = {
    "purgedcv": ("half_open_here", "purgedcv", AtLeast(25)),
    "holdout-backtest": ("closed_here", "holdout", AtLeast(5)),
    "skfolio": ("rows_here", "skfolio", AtLeast(1)),
}


def check_folds(own, other, n_rows):
    """End unless the folds and the paths of all libraries are equal."""
    pairs = [pair[:2] for pair in PAIRS.values()]
    # What the same embargo means elsewhere is known, not only that it differs.
    pairs.append(("closed_and_short_here", "holdout_and_short"))
    for ours, theirs in pairs:
        found = own.ask(what="digest", library=ours, rows=n_rows)
        if found != other.ask(what="digest", library=theirs, rows=n_rows):
            raise SystemExit(f"The folds of {ours} and {theirs} differ.")
    here = own.ask(what="paths", library="here")
    if here != other.ask(what="paths", library="skfolio"):
        raise SystemExit("The paths are not those of skfolio.")


def beside_peers(own, other, n_rows, rounds):
    """Compare time and memory of equal folds."""
    for name, (ours, theirs, aim) in PAIRS.items():
        for what, unit in (("seconds", "s"), ("peak", "MiB")):
            n_turns = rounds if what == "seconds" else 1
            measures = {
                who: lambda worker=worker, library=library, what=what: worker.ask(
                    what=what, library=library, rows=n_rows
                )
                for who, worker, library in (
                    ("here", own, ours),
                    ("there", other, theirs),
                )
            }
            case = f"{n_rows:,} rows" + (", peak" if what == "peak" else "")
            figures = take_turns(measures, n_turns).values()
            if what == "seconds":
                yield Comparison(case, name, unit, *figures, aim)
            else:
                yield Comparison(case, name, unit, *figures)


def of_a_million(own, rounds):
    """Compare a million rows with the limit and with a plain copy of the folds."""
    kinds = {"rows_here": "counted in rows", "closed_here": "label ends"}
    names = [*kinds, "plain_copy"]
    figures = take_turns(
        {
            name: lambda name=name: own.ask(
                what="seconds", library=name, rows=1_000_000
            )
            for name in names
        },
        rounds,
    )
    for name, kind in kinds.items():
        case = f"1,000,000 rows, {kind}"
        limit = [LIMIT] * rounds
        yield Comparison(case, "the limit", "s", figures[name], limit, AtMost(1))
        copy = figures["plain_copy"]
        yield Comparison(case, "a copy of the row numbers", "s", figures[name], copy)


def compare(options):
    with (
        Worker(__file__) as own,
        Worker(__file__, install_peers("splits")) as other,
    ):
        check_folds(own, other, options.rows)
        yield from beside_peers(own, other, options.rows, options.rounds)
        yield from of_a_million(own, options.rounds)


def arguments(parser):
    parser.add_argument("--rows", type=int, default=100_000, help="rows beside others")


def versions():
    names = [*PEERS, "numpy", "pandas"]
    return peer_versions(install_peers("splits"), names)


if __name__ == "__main__":
    run_part(
        "splits",
        compare,
        doc=__doc__,
        answer=answer,
        versions=versions,
        arguments=arguments,
    )
