"""Windows of bars beside qlib, lists of slices, torch and a plain copy of memory.

20 symbols of 20,000 bars and 30 features, windows of 60 bars, random batches of 256
complete ones. Everybody starts from the same frame in memory and is shown to return
equal batches before the clock starts. What builds and gathers works in a process that
stays alive; memory is measured in fresh ones. Then panels of 1 and 10 million bars,
and one in a memory map larger than the memory of the machine.

    python benchmarks/bench_windows.py --symbols 4 --bars 5000 --large 100000
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from harness import (
    AtLeast,
    AtMost,
    Comparison,
    Floor,
    Watch,
    Worker,
    install_peers,
    peer_versions,
    run_part,
    take_turns,
)

N_FEATURES, LENGTH, BATCH, N_BATCHES = 30, 60, 256, 200
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

#: Features of the memory-mapped panel, and its size over that of the memory.
MAPPED_FEATURES, MAPPED_SHARE = 1000, 1.5


# --- the bars: the same in every process --------------------------------------------


def make_frame(n_symbols, n_bars):
    """Return bars symbol by symbol, as they come from a file."""
    values = np.random.default_rng(0).random((n_symbols * n_bars, N_FEATURES), "f4")
    columns = [f"feature_{number}" for number in range(N_FEATURES)]
    frame = pd.DataFrame(values, columns=columns, copy=False)
    times = pd.date_range("2015", periods=n_bars, freq="5min")
    frame["datetime"] = np.tile(times, n_symbols)
    names = [f"S{number:04}" for number in range(n_symbols)]
    frame["instrument"] = np.repeat(names, n_bars)
    return frame


def random_bars(n_symbols, n_bars, n_batches=N_BATCHES):
    """Return the symbol and place of the last bar of random complete windows."""
    rng = np.random.default_rng(1)
    size = (n_batches, BATCH)
    return rng.integers(n_symbols, size=size), rng.integers(LENGTH - 1, n_bars, size)


# --- who builds and gathers: what is given, built and gathered, and the sample numbers


class Here:
    """Windows of a panel; samples are in the order of time, then symbol."""

    @staticmethod
    def given(frame):
        return frame

    @staticmethod
    def build(frame):
        from sk_ensemble import Panel, Windower

        panel = Panel.from_frame(frame, symbol="instrument")
        return Windower(LENGTH).fit_transform(panel)

    @staticmethod
    def rows(symbols, places, n_symbols, n_bars):
        return places * n_symbols + symbols

    @staticmethod
    def batch(built, rows):
        return built.gather(rows)


class Torch(Here):
    """The torch twin of the windows."""

    @staticmethod
    def build(frame):
        from sk_ensemble.neural_network import DeviceWindows

        return DeviceWindows(Here.build(frame))

    @staticmethod
    def batch(built, rows):
        return built.gather(rows).numpy()


class Qlib:
    """The sampler of qlib; samples are symbol by symbol."""

    @staticmethod
    def given(frame):
        return frame.set_index(["datetime", "instrument"])

    @staticmethod
    def build(frame):
        from qlib.data.dataset import TSDataSampler

        times = frame.index.get_level_values("datetime")
        # It empties the frame that it is given.
        frame = frame.copy(deep=False)
        return TSDataSampler(frame, times.min(), times.max(), step_len=LENGTH)

    @staticmethod
    def rows(symbols, places, n_symbols, n_bars):
        return symbols * n_bars + places

    @staticmethod
    def batch(built, rows):
        return built[rows]


class Slices:
    """A list with the slice of each complete window, stacked batch by batch."""

    @staticmethod
    def given(frame):
        return frame

    @staticmethod
    def build(frame):
        slices = []
        for _, bars in frame.groupby("instrument"):
            values = bars.filter(like="feature").to_numpy()
            ends = range(LENGTH, len(values) + 1)
            slices += [values[end - LENGTH : end] for end in ends]
        return slices

    @staticmethod
    def rows(symbols, places, n_symbols, n_bars):
        return symbols * (n_bars - LENGTH + 1) + places - LENGTH + 1

    @staticmethod
    def batch(built, rows):
        return np.stack([built[row] for row in rows.tolist()])


class Stacked(Slices):
    """All slices stacked once, as one array of windows."""

    @staticmethod
    def build(frame):
        return np.stack(Slices.build(frame))

    @staticmethod
    def batch(built, rows):
        return built[rows]


class Loader(Slices):
    """The slices as a torch data set, batches from its loader."""

    @staticmethod
    def batch(built, rows):
        from torch.utils.data import DataLoader

        loader = DataLoader(built, batch_sampler=[rows.tolist()])
        return next(iter(loader)).numpy()


WHO = {
    "here": Here,
    "torch twin": Torch,
    "qlib": Qlib,
    "np.stack of slices": Slices,
    "one array of all windows": Stacked,
    "torch DataLoader of slices": Loader,
}


# --- what a process is asked ---------------------------------------------------------

KEPT = {}


def prepare(who, n_symbols, n_bars):
    """Make the bars, and build something small for all that is done but once."""
    WHO[who].build(WHO[who].given(make_frame(2, 2 * LENGTH)))
    frame = make_frame(n_symbols, n_bars)
    KEPT.update(size=(n_symbols, n_bars), bars=frame.memory_usage().sum() / 2**20)
    KEPT["given"] = WHO[who].given(frame)


def build(who):
    """Return the processor seconds of building from the frame."""
    KEPT.pop("built", None)
    start = time.process_time()
    KEPT["built"] = WHO[who].build(KEPT["given"])
    return time.process_time() - start


def seconds_each(action, arguments):
    """Return the mean microseconds of an action."""
    start = time.process_time()
    for argument in arguments:
        action(argument)
    return (time.process_time() - start) / len(arguments) * 1e6


def batches(who):
    """Return microseconds per random batch."""
    size = KEPT["size"]
    rows = WHO[who].rows(*random_bars(*size), *size)
    return seconds_each(partial(WHO[who].batch, KEPT["built"]), rows)


def in_a_row(who):
    """Return microseconds per batch of windows that follow each other in memory."""
    n_symbols, n_bars = KEPT["size"]
    size = BATCH * LENGTH
    starts = np.random.default_rng(0).integers(LENGTH, n_bars - size, N_BATCHES)
    places = starts[:, None] + LENGTH * np.arange(BATCH)
    symbols = np.random.default_rng(1).integers(n_symbols, size=(N_BATCHES, 1))
    rows = WHO[who].rows(symbols, places, n_symbols, n_bars)
    return seconds_each(partial(WHO[who].batch, KEPT["built"]), rows)


def copies(who, hot):
    """Return microseconds per copy of as many bytes, from anywhere or one place."""
    block, size = KEPT["built"].history.block, BATCH * LENGTH
    starts = np.random.default_rng(0).integers(0, len(block) - size, N_BATCHES)
    starts = starts * (not hot)
    return seconds_each(lambda start: block[start : start + size].copy(), starts)


def same_windows(who):
    """Return microseconds per plain copy of the windows of a batch, found before."""
    built, size = KEPT["built"], KEPT["size"]
    block = built.history.block
    batches = [
        [block[first : first + LENGTH].ravel() for first in built[rows].first_bars]
        for rows in WHO[who].rows(*random_bars(*size), *size)
    ]
    return seconds_each(np.concatenate, batches)


def digest(who):
    """Return the digest of one batch."""
    size = KEPT["size"]
    rows = WHO[who].rows(*random_bars(*size, 1), *size)[0]
    batch = np.ascontiguousarray(WHO[who].batch(KEPT["built"], rows))
    assert batch.shape == (BATCH, LENGTH, N_FEATURES), batch.shape
    return [batch.dtype.name, hashlib.sha256(batch).hexdigest()]


def memory(who):
    """Return the peak of building and of random batches, and the bars, in MiB."""
    with Watch() as watch:
        build(who)
        batches(who)
    return [watch.megabytes, KEPT["bars"]]


def mapped():
    """Gather from bars in a file larger than the memory; return MiB and microseconds.

    The file is sparse, but for some windows in it, which are found again.
    """
    import psutil

    from sk_ensemble import Panel, Windower
    from sk_ensemble.panel import history_of_array

    bar = 4 * MAPPED_FEATURES
    n_bars = int(MAPPED_SHARE * psutil.virtual_memory().total) // bar
    ends = np.random.default_rng(0).integers(LENGTH, n_bars, size=(20, 32))
    known = np.random.default_rng(1).random((LENGTH, MAPPED_FEATURES), "f4")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "block.raw"
        with path.open("wb") as file:
            file.truncate(n_bars * bar)
            for end in ends[:, 0]:
                file.seek(int(end - LENGTH + 1) * bar)
                file.write(known.tobytes())
        with Watch() as watch:
            block = np.memmap(path, "f4", mode="r", shape=(n_bars, MAPPED_FEATURES))
            panel = Panel(history_of_array(block), np.arange(n_bars))
            windows = Windower(LENGTH).fit_transform(panel)
            for rows in ends:
                assert np.array_equal(windows.gather(rows)[0], known)
    return [watch.megabytes, n_bars * bar / 2**20]


TASKS = {
    task.__name__: task
    for task in (
        prepare,
        build,
        batches,
        in_a_row,
        copies,
        same_windows,
        digest,
        memory,
        mapped,
    )
}


def answer(task, **request):
    return TASKS[task](**request)


# --- the comparisons -----------------------------------------------------------------


def start(who, n_symbols, n_bars):
    """Return a process that has made the bars."""
    python = [install_peers("windows")] if who == "qlib" else []
    worker = Worker(__file__, *python, **ONE_THREAD)
    worker.ask(task="prepare", who=who, n_symbols=n_symbols, n_bars=n_bars)
    return worker


def refuse_differences(workers):
    """End the benchmark unless all return the same batch."""
    found = {who: tuple(w.ask(task="digest", who=who)) for who, w in workers.items()}
    if len(set(found.values())) > 1:
        raise SystemExit(f"The batches differ: {found}")
    print(f"All {len(found)} return the same batch")


def compare_times(options):
    """Build and gather, everybody in turns."""
    workers = {who: start(who, options.symbols, options.bars) for who in WHO}
    asked = {who: partial(w.ask, who=who) for who, w in workers.items()}
    built = take_turns(
        {who: partial(asked[who], task="build") for who in WHO}, options.rounds
    )
    refuse_differences(workers)
    gathered = take_turns(
        {
            **{who: partial(asked[who], task="batches") for who in WHO},
            "copy of the same windows": partial(asked["here"], task="same_windows"),
            "copy from elsewhere": partial(asked["here"], task="copies", hot=False),
            "copy from one place": partial(asked["here"], task="copies", hot=True),
            "in a row": partial(asked["here"], task="in_a_row"),
        },
        2 * options.rounds,
    )
    for worker in workers.values():
        worker.close()
    here = built["here"]
    for who, aim in {
        "qlib": AtLeast(5),
        "one array of all windows": AtLeast(15),
        "np.stack of slices": Floor(),
    }.items():
        yield Comparison("build", who, "s", here, built[who], aim)
    here = gathered["here"]
    for who, aim in {
        "qlib": AtLeast(5),
        "np.stack of slices": AtLeast(15),
        "torch DataLoader of slices": AtLeast(15),
        "one array of all windows": Floor(),
        "torch twin": Floor(),
        "copy of the same windows": AtLeast(0.6),
        "copy from elsewhere": AtLeast(0.6),
        "copy from one place": Floor(),
    }.items():
        yield Comparison("batch", who, "us", here, gathered[who], aim)
    row, copied = gathered["in a row"], gathered["copy from elsewhere"]
    case = "batch of windows in a row"
    yield Comparison(case, "copy from elsewhere", "us", row, copied, AtLeast(0.6))


def peak(who, n_symbols, n_bars):
    """Return the peak and the bars, MiB, of a fresh process."""
    with start(who, n_symbols, n_bars) as worker:
        return worker.ask(task="memory", who=who)


def compare_memory(options):
    """Compare the peaks of building and gathering beyond the frame."""
    size = options.symbols, options.bars
    asked = ["here", "qlib", "one array of all windows"]
    found = take_turns({who: partial(peak, who, *size) for who in asked}, 2)
    peaks = {who: [most for most, _ in found[who]] for who in asked}
    bars = [held for _, held in found["here"]]
    here = peaks["here"]
    yield Comparison("peak memory", "the bars", "MiB", here, bars, AtMost(1.2))
    yield Comparison("peak memory", "qlib", "MiB", here, peaks["qlib"])
    array = peaks["one array of all windows"]
    yield Comparison("peak memory", "one array of all windows", "MiB", here, array)


def compare_sizes(options):
    """Compare panels of so many bars with ten times as many."""
    sizes = options.large // 10, options.large
    workers = {n: start("here", options.symbols, n // options.symbols) for n in sizes}
    peaks = {n: w.ask(task="memory", who="here")[0] for n, w in workers.items()}
    per_batch = take_turns(
        {n: partial(w.ask, task="batches", who="here") for n, w in workers.items()},
        2 * options.rounds,
    )
    for worker in workers.values():
        worker.close()
    tenth, large = sizes
    per_bar = {n: [peak * 2**20 / n] for n, peak in peaks.items()}
    for case, unit, found, aim in (
        ("batch", "us", per_batch, AtMost(1.3)),
        ("memory per bar", "bytes", per_bar, AtMost(1.1)),
    ):
        yield Comparison(
            f"{case}, {large:,} bars",
            f"{tenth:,} bars",
            unit,
            found[large],
            found[tenth],
            aim,
        )


def compare_mapped(_):
    """Gather from a memory map larger than the memory."""
    with Worker(__file__, **ONE_THREAD) as worker:
        peak, size = worker.ask(task="mapped")
    case = f"resident, mapped panel of {MAPPED_SHARE:g} times the memory"
    yield Comparison(case, "its bars", "MiB", [peak], [size], AtMost(0.1))


def compare(options):
    yield from compare_times(options)
    yield from compare_memory(options)
    yield from compare_sizes(options)
    yield from compare_mapped(options)


def versions():
    return peer_versions(install_peers("windows"), ["pyqlib", "numpy", "pandas"])


def arguments(parser):
    parser.add_argument("--symbols", type=int, default=20)
    parser.add_argument("--bars", type=int, default=20_000, help="bars per symbol")
    parser.add_argument(
        "--large", type=int, default=10_000_000, help="bars of the largest panel"
    )


if __name__ == "__main__":
    run_part(
        "windows",
        compare,
        doc=__doc__,
        answer=answer,
        versions=versions,
        arguments=arguments,
    )
