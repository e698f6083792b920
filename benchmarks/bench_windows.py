"""Time and memory of panels and windows, beside the bytes they stand for.

Every case runs in a process of its own, so that the peak it reports is its own. Run it
with ``python benchmarks/bench_windows.py``, or on fewer bars: ``--bars 100000``.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd

from sk_ensemble import Panel, Windower
from sk_ensemble.panel import history_of_array

N_FEATURES = 30
WINDOW_LENGTH = 60
BATCH_SIZE = 256
N_SYMBOLS = 4


def make_frame(n_bars):
    """Return bars of a few symbols, one after the other."""
    per_symbol = -(-n_bars // N_SYMBOLS)
    times = pd.date_range("2015", periods=per_symbol, freq="5min")
    values = np.random.default_rng(0).normal(size=(n_bars, N_FEATURES))
    frame = pd.DataFrame(values, columns=[f"feature_{i}" for i in range(N_FEATURES)])
    names = [f"S{i}" for i in range(N_SYMBOLS)]
    frame["symbol"] = np.repeat(names, per_symbol)[:n_bars]
    frame["datetime"] = np.tile(times, N_SYMBOLS)[:n_bars]
    return frame


def make_panel(n_bars):
    """Return a panel without building a frame first."""
    block = np.random.default_rng(0).normal(size=(n_bars, N_FEATURES))
    return Panel(history_of_array(block.astype("float32")), np.arange(n_bars))


def write_parquet(n_bars):
    """Write the frame to a file and return its path."""
    path = Path(tempfile.mkdtemp()) / "bars.parquet"
    make_frame(n_bars).to_parquet(path)
    return path


def write_cached(n_bars):
    """Write the frame to a file, decode it once, and return its path."""
    path = write_parquet(n_bars)
    Panel.from_parquet(path, cache_dir=path.parent)
    return path


def window(panel):
    """Window all samples, and those of one fold."""
    windows = Windower(WINDOW_LENGTH).fit_transform(panel)
    return windows, Windower(WINDOW_LENGTH).fit_transform(panel[: len(panel) // 5])


CASES = {
    "Panel.from_frame": (make_frame, Panel.from_frame),
    "Panel.from_parquet": (write_parquet, Panel.from_parquet),
    "Panel.from_parquet, cached": (
        write_cached,
        lambda path: Panel.from_parquet(path, cache_dir=path.parent),
    ),
    f"Windower({WINDOW_LENGTH}) on all and on a fifth": (make_panel, window),
}


def forget_peak():
    """Let the peak of this process start from what it holds now, on Linux."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def resident(field):
    """Return a figure of this process's memory in bytes, NaN where unknown."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    found = [line for line in lines if line.startswith(field)]
    return int(found[0].split()[1]) * 1024 if found else math.nan


def measure(name, n_bars):
    """Return seconds, traced bytes and growth of the process of one case."""
    prepare, action = CASES[name]
    given = prepare(n_bars)
    forget_peak()
    before, start = resident("VmRSS"), time.perf_counter()
    result = action(given)
    seconds, growth = time.perf_counter() - start, resident("VmHWM") - before
    del result
    tracemalloc.start()
    action(given)
    return seconds, tracemalloc.get_traced_memory()[1], growth


def seconds_each(action, arguments):
    """Return the mean seconds of an action."""
    start = time.perf_counter()
    for argument in arguments:
        action(argument)
    return (time.perf_counter() - start) / len(arguments)


def measure_batches(n_bars, n_batches=200):
    """Return seconds per batch: gathered, copied from one place, copied again."""
    windows = Windower(WINDOW_LENGTH).fit_transform(make_panel(n_bars))
    block = windows.history.block
    size = BATCH_SIZE * WINDOW_LENGTH
    rng = np.random.default_rng(0)
    rows = rng.integers(0, n_bars, size=(n_batches, BATCH_SIZE))
    starts = rng.integers(0, n_bars - size, size=n_batches)
    batch = windows.gather(rows[0])
    return (
        seconds_each(windows.gather, rows),
        seconds_each(lambda start: block[start : start + size].copy(), starts),
        seconds_each(lambda _: batch.copy(), rows),
    )


def in_child(function, *arguments):
    """Run a function in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=1_000_000)
    n_bars = parser.parse_args().bars
    bars = n_bars * N_FEATURES * 4
    print(f"{n_bars} bars x {N_FEATURES} features, float32: {bars / 2**20:.0f} MiB")
    print(f"{'':42}{'seconds':>9}{'allocated / bars':>18}{'process / bars':>16}")
    for name in CASES:
        seconds, traced, growth = in_child(measure, name, n_bars)
        print(f"{name:42}{seconds:9.3f}{traced / bars:18.2f}{growth / bars:16.2f}")
    print(f"{'the same windows as one array':42}{WINDOW_LENGTH:27.2f}")
    gathered, cold, hot = in_child(measure_batches, n_bars)
    print(f"one batch of {BATCH_SIZE} windows, gathered: {gathered * 1e6:.0f} us")
    for what, copied in (("from elsewhere", cold), ("again", hot)):
        ratio = gathered / copied
        print(f"as many bytes copied {what}: {copied * 1e6:.0f} us, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
