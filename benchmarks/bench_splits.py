"""Combinatorial splits beside purgedcv and skfolio: the same folds, and the time.

The other libraries are installed in an environment of their own, with versions of
their choice, so that they never decide what this package runs with. Every library
works in a process that stays alive; they take turns, so that whatever else the machine
does meets all of them; the time is that of the processor. A digest of all row numbers
shows that the folds are equal.

Run it with ``python benchmarks/bench_splits.py``. ``--rows`` sets the size of the
comparison, ``--save`` writes the figures to ``benchmarks/results/splits.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
import venv
from pathlib import Path

import numpy as np
import pandas as pd

OTHERS = {"purgedcv": "0.1.11", "skfolio": "1.12.2"}
ENVIRONMENT = Path(tempfile.gettempdir()) / "sk_ensemble_bench_splits"
RESULTS = Path(__file__).parent / "results" / "splits.json"
N_BLOCKS, N_TEST_BLOCKS, HORIZON, EMBARGO = 10, 2, 20, 60
STEP = pd.Timedelta("5min")


# --- what is timed; each returns the folds as (train, test) -----------------------


def times(n_rows):
    """Return regular times and the times at which labels of 20 bars end."""
    stamps = pd.date_range("2015", periods=n_rows, freq=STEP)
    return stamps, stamps + HORIZON * STEP


def split_by_rows(n_rows):
    """Split an array: labels and embargo are counted in rows."""
    from sk_ensemble import CombinatorialPurgedSplit

    cv = CombinatorialPurgedSplit(
        N_BLOCKS, N_TEST_BLOCKS, purged_size=HORIZON, embargo_size=EMBARGO
    )
    return cv.split(np.zeros((n_rows, 1), dtype=np.int8))


def split_by_times(n_rows):
    """Split a frame by the real ends of its labels, spans half-open."""
    from sk_ensemble import CombinatorialPurgedSplit

    stamps, ends = times(n_rows)
    X = pd.DataFrame({"x": np.zeros(n_rows, dtype=np.int8)}, index=stamps)
    cv = CombinatorialPurgedSplit(N_BLOCKS, N_TEST_BLOCKS, closed="left")
    return cv.split(X, label_end=ends)


def split_by_skfolio(n_rows):
    from skfolio.model_selection import CombinatorialPurgedCV

    cv = CombinatorialPurgedCV(
        N_BLOCKS, N_TEST_BLOCKS, purged_size=HORIZON, embargo_size=EMBARGO
    )
    for train, tests in cv.split(np.zeros((n_rows, 1), dtype=np.int8)):
        yield train, np.sort(np.concatenate(tests))


def split_by_purgedcv(n_rows):
    from purgedcv import CombinatorialPurgedCV

    stamps, ends = times(n_rows)
    cv = CombinatorialPurgedCV(
        N_BLOCKS,
        N_TEST_BLOCKS,
        prediction_times=pd.Series(stamps),
        evaluation_times=pd.Series(ends),
    )
    return cv.split(np.zeros((n_rows, 1), dtype=np.int8))


def path_table(library):
    """Return the path of each fold's test blocks."""
    if library == "skfolio":
        from skfolio.model_selection import CombinatorialPurgedCV

        cv = CombinatorialPurgedCV(N_BLOCKS, N_TEST_BLOCKS)
        return cv.get_path_ids().tolist()
    from sk_ensemble import CombinatorialPurgedSplit

    return CombinatorialPurgedSplit(N_BLOCKS, N_TEST_BLOCKS).path_ids().tolist()


SPLITS = {
    split.__name__: split
    for split in (split_by_rows, split_by_times, split_by_skfolio, split_by_purgedcv)
}


# --- the process of one library ---------------------------------------------------


def digest(folds):
    """Return one text that stands for all row numbers of all folds."""
    total = hashlib.sha256()
    for train, test in folds:
        for rows in (train, test):
            total.update(np.asarray(rows, dtype=np.int64).tobytes() + b"|")
    return total.hexdigest()


def answer(request):
    """Do what one line asks for."""
    if "paths" in request:
        return path_table(request["paths"])
    if "versions" in request:
        names = {*request["versions"], "numpy", "pandas", "scikit-learn"}
        return {name: importlib.metadata.version(name) for name in sorted(names)}
    split, n_rows = SPLITS[request["split"]], request["rows"]
    if request.get("digest"):
        return digest(split(n_rows))
    start = time.process_time()
    for _ in split(n_rows):
        pass
    return time.process_time() - start


def work():
    """Answer lines from the standard input until it ends."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


class Worker:
    """A process of some Python that answers requests."""

    def __init__(self, python):
        root = str(Path(__file__).parents[1])
        paths = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [python, __file__, "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"},
        )

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("The process of a library has ended; see above.")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


# --- the comparison ---------------------------------------------------------------


def prepare():
    """Install the other libraries where they disturb nobody; return their Python."""
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / "installed.json"
    if not done.exists() or json.loads(done.read_text()) != OTHERS:
        print(f"Installing {', '.join(OTHERS)} in {ENVIRONMENT}", flush=True)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        wanted = [f"{name}=={version}" for name, version in OTHERS.items()]
        install = [str(python), "-m", "pip", "install", "--quiet", *wanted]
        subprocess.run(install, check=True)
        done.write_text(json.dumps(OTHERS))
    return str(python)


PAIRS = {"split_by_skfolio": "split_by_rows", "split_by_purgedcv": "split_by_times"}


def compare(own, other, n_rows, n_rounds):
    """Return the figures of each pair, taking turns."""
    results = {}
    for theirs, ours in PAIRS.items():
        same = own.ask(split=ours, rows=n_rows, digest=True) == other.ask(
            split=theirs, rows=n_rows, digest=True
        )
        seconds = {ours: [], theirs: []}
        for _ in range(n_rounds):
            seconds[ours].append(own.ask(split=ours, rows=n_rows))
            seconds[theirs].append(other.ask(split=theirs, rows=n_rows))
        ratios = [b / a for a, b in zip(*seconds.values(), strict=True)]
        results[theirs.removeprefix("split_by_")] = {
            "same_folds": same,
            "seconds": statistics.median(seconds[theirs]),
            "seconds_here": statistics.median(seconds[ours]),
            "times_faster": statistics.median(ratios),
            "times_faster_least": min(ratios),
        }
    return results


def peak_bytes(n_rows):
    """Return the most that is allocated while all folds are made, one at a time."""
    tracemalloc.start()
    for _ in split_by_rows(n_rows):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def processor():
    """Return the name of the processor, where Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return next(iter(names), platform.processor())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return work()
    own, other = Worker(sys.executable), Worker(prepare())
    figures = {
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "versions_here": own.ask(versions=[]),
            "versions_there": other.ask(versions=list(OTHERS)),
        },
        "rows": arguments.rows,
        "folds": 45,
        "rounds": arguments.rounds,
        "same_paths_as_skfolio": own.ask(paths="here") == other.ask(paths="skfolio"),
        "libraries": compare(own, other, arguments.rows, arguments.rounds),
    }
    million = [own.ask(split="split_by_rows", rows=1_000_000) for _ in range(7)]
    figures["million_rows"] = {
        "seconds": statistics.median(million),
        "seconds_least": min(million),
        "peak_bytes_per_row_and_block": peak_bytes(1_000_000) / 1e6 / N_BLOCKS,
    }
    own.close()
    other.close()
    print(json.dumps(figures, indent=2))
    if arguments.save:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return None


if __name__ == "__main__":
    main()
