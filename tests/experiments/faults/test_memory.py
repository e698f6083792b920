"""Windows that do not fit into memory, and files that unfold to more than they show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sk_ensemble import Panel, Windower
from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments import run_experiment
from sk_ensemble.experiments._fit import FitFailure, FitInput, FitTask, run_fit
from sk_ensemble.panel import Windows, history_of_array
from sk_ensemble.preprocessing import WindowFlattener
from sk_ensemble.registry import create
from sk_ensemble.utils import memory as module
from sk_ensemble.utils.memory import available_memory, refuse_beyond_memory

N_SAMPLES = 200_000
NEEDED = N_SAMPLES * 60 * 10 * 4


@pytest.fixture(scope="module")
def windows() -> Windows:
    """Windows of half a gigabyte over bars of eighty kilobytes."""
    block = np.random.default_rng(0).normal(size=(2_000, 10)).astype(np.float32)
    history = history_of_array(block)
    positions = np.resize(np.arange(len(block)), N_SAMPLES)
    return Windows(history, positions, window_length=60)


@pytest.fixture
def little_memory(monkeypatch) -> None:
    monkeypatch.setattr(module, "available_memory", lambda: NEEDED - 1)


def never(*_: object) -> None:
    raise AssertionError("it was tried")


@pytest.mark.parametrize("how", ["array", "gather", "flattener"])
def test_windows_are_counted_before_they_are_gathered(
    how, windows, little_memory, monkeypatch
):
    flattener = WindowFlattener().fit(windows)
    monkeypatch.setattr("sk_ensemble.panel._windows._strided_windows", never)
    gather = {
        "array": lambda: np.asarray(windows),
        "gather": windows.gather,
        "flattener": lambda: flattener.transform(windows),
    }
    told = (
        r"200000 windows of 60 bars and 10 features takes 457\.8 MiB of memory and "
        r"457\.8 MiB are left. Use fewer samples or shorter windows"
    )
    with pytest.raises(MemoryError, match=told):
        gather[how]()


def test_what_fits_is_gathered(windows, monkeypatch):
    monkeypatch.setattr(module, "available_memory", lambda: NEEDED)
    monkeypatch.setattr("sk_ensemble.panel._windows._strided_windows", never)
    with pytest.raises(AssertionError, match="it was tried"):
        windows.gather()


def test_batches_are_not_held_up(windows, little_memory, monkeypatch):
    monkeypatch.setattr(module, "available_memory", never)
    assert windows.gather(np.arange(256)).shape == (256, 60, 10)


def test_more_than_any_machine_has_is_refused_without_help():
    history = history_of_array(np.zeros((100, 10), dtype=np.float32))
    positions = np.zeros(2_000_000, dtype=np.int64)
    windows = Windows(history, positions, window_length=100_000)
    with pytest.raises(MemoryError, match=r"2000000 windows of 100000 bars.*7\.3 TiB"):
        np.asarray(windows)


def test_a_fit_that_is_too_large_fails_by_name(little_memory):
    block = np.random.default_rng(0).normal(size=(N_SAMPLES + 1, 10))
    times = pd.date_range("2024", periods=len(block), freq="5min", tz="UTC")
    frame = pd.DataFrame(block.astype(np.float32)).add_prefix("x")
    frame["datetime"], frame["symbol"] = times, "MES"
    X = Panel.from_frame(frame)
    y = np.resize([-1, 0, 1], len(X))
    rows = np.arange(len(X))
    task = FitTask("logistic", 5, 0, rows, rows[:9], "digest")
    pipeline = create("logistic")
    model = type(pipeline)([("window", Windower(60)), *pipeline.steps])
    outcome = run_fit(model, task, FitInput(X, y, {}))
    assert isinstance(outcome, FitFailure)
    assert outcome.task == "logistic_h5 fold 0"
    assert outcome.reason.startswith("MemoryError: An array of 200001 windows of 60")


LIMITED = """
import resource
import numpy as np
from sk_ensemble.panel import Windows, history_of_array
from sk_ensemble.utils.memory import available_memory

pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 2**28
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
assert available_memory() <= 2**28
history = history_of_array(np.zeros((2_000, 10), dtype=np.float32))
windows = Windows(history, np.resize(np.arange(2_000), 200_000), window_length=60)
try:
    np.asarray(windows)
except MemoryError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_the_limit_of_the_process_counts():
    found = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True
    )
    assert "200000 windows of 60 bars" in found.stdout
    assert "are left" in found.stdout


def test_the_least_of_all_limits_counts(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemAvailable: 2048 kB\nSwapFree: 1024 kB\n")
    monkeypatch.setattr(module, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(module, "_CGROUP", tmp_path)
    monkeypatch.setattr(module, "_process", lambda: iter(()))
    assert available_memory() == 3 * 2**20
    for name, text in {
        "memory.max": "2000000\n",
        "memory.current": "1500000\n",
        "memory.stat": "anon 1\nfile 400000\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert available_memory() == 900_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory() == 3 * 2**20
    monkeypatch.setattr(module, "_MEMINFO", tmp_path / "missing")
    assert available_memory() is None
    refuse_beyond_memory(2**62, "Something", "Take less.")


def write_bomb(path: Path, n_groups: int) -> int:
    """Write a small file of many equal rows; return their number."""
    n_rows = 500_000
    stamp = pd.Timestamp("2024", tz="UTC").as_unit("ns")
    table = pa.table(
        {
            "datetime": pa.array([stamp] * n_rows, pa.timestamp("ns", tz="UTC")),
            "symbol": pa.array(["MES"]).take(pa.array(np.zeros(n_rows, np.int64))),
            "ret": pa.array(np.zeros(n_rows)),
            "vol": pa.array(np.zeros(n_rows)),
            "label_h5": pa.array(np.zeros(n_rows)),
        }
    )
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(n_groups):
            writer.write_table(table)
    return n_groups * n_rows


@pytest.fixture
def read_sizes(monkeypatch) -> list[int]:
    """Collect the numbers of rows of the files that are read, refusing large ones."""
    sizes = []

    def watched(read):
        def reading(self, *args, **kwargs):
            sizes.append(self.metadata.num_rows)
            if sizes[-1] > 1_000_000:
                never()
            return read(self, *args, **kwargs)

        return reading

    for name in ("read", "iter_batches", "read_row_group"):
        function = getattr(pq.ParquetFile, name)
        monkeypatch.setattr(pq.ParquetFile, name, watched(function))
    return sizes


def test_a_small_file_of_many_rows_is_refused_by_its_footer(
    splits, make_tiny, tmp_path, read_sizes
):
    bomb = tmp_path / "bomb.parquet"
    n_rows = write_bomb(bomb, n_groups=4)
    assert bomb.stat().st_size < 100_000
    data = {**splits, "train_path": str(bomb), "max_values": 9_000_000}
    told = rf"{n_rows} rows x 6 columns are more than max_values=9000000"
    with pytest.raises(DataError, match=told) as error:
        run_experiment(make_tiny(tmp_path, horizons=[5], data=data))
    assert str(bomb) in str(error.value)
    assert n_rows not in read_sizes
    # It would be read otherwise.
    data["max_values"] = 90_000_000
    with pytest.raises(AssertionError, match="it was tried"):
        run_experiment(make_tiny(tmp_path, horizons=[5], data=data))
