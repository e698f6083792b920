"""Disks that are full, that may not be written to, or that are occupied."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from experiment_results import refuse_halves, results_of, scratch_in
from joblib.externals.loky.backend.reduction import dumps
from small_experiments import make_config

from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments import _experiment_run as preparation
from sk_ensemble.experiments import _publisher as publisher
from sk_ensemble.experiments import _run_experiment as runner
from sk_ensemble.experiments import run_experiment
from sk_ensemble.experiments._cache import FitCache
from sk_ensemble.experiments._executor import Executor
from sk_ensemble.experiments._mapped_arrays import MappedArrays
from sk_ensemble.experiments._status import Heartbeat, Status
from sk_ensemble.utils import files
from sk_ensemble.utils.files import check_writable, write_bytes

_SIZE = 2**23


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("to make a small disk takes the rights to mount one")
    yield folder
    # Lazily, as bars are still mapped from it.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def read_only(disk: Path) -> Path:
    """A disk that can be read only, by root too."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    return disk


def fill(folder: Path, n_left: int) -> None:
    """Leave a number of bytes on a disk, in whole pages."""
    with (folder / "filler").open("wb") as stream:
        stream.truncate(0)
        free = shutil.disk_usage(folder).free
        stream.write(bytes(max(free - n_left, 0)))


def filled_at(
    function: Callable[..., Any], count: int, folder: Path, n_left: int
) -> Callable[..., Any]:
    """Fill the disk just before one of the calls of a function."""
    calls = [0]

    def counting(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == count:
            fill(folder, n_left)
        return function(*args, **kwargs)

    return counting


#: Where the disk is full: the function, its call, and what is left to it, bytes.
MOMENTS = {
    "at the first fit": (FitCache, "put", 1, 0),
    "in the middle of a fit": (FitCache, "put", 3, 8192),
    "at a run": (publisher, "write_cell", 1, 0),
    "in the middle of a run": (publisher, "write_cell", 2, 40960),
    "at the leaderboard": (runner, "_write_leaderboard", 1, 0),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory, make_tiny) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("roomy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "draw", lambda *_: b"picture")
        patch.setattr(
            "sk_ensemble.experiments._run_dir.cell_plots",
            lambda cell: {"p": b"picture"},
        )
        run_experiment(make_tiny(folder, horizons=[5]))
    return results_of(folder)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_full_disk_is_told_and_costs_nothing_that_is_done(
    moment, disk, make_tiny, monkeypatch, no_pictures, expected
):
    owner, name, count, n_left = MOMENTS[moment]
    config = make_tiny(disk / "out", horizons=[5])
    with monkeypatch.context() as patch:
        function = filled_at(getattr(owner, name), count, disk, n_left)
        patch.setattr(owner, name, function)
        with pytest.raises(
            OSError, match=r"No space left.*after \d+ of \d+ bytes"
        ) as e:
            run_experiment(config)
    assert e.value.errno == errno.ENOSPC
    assert Path(e.value.filename).is_relative_to(disk / "out")
    assert ".writing-" not in str(e.value)
    refuse_halves(disk / "out")
    assert scratch_in(disk / "out") == []
    stored = {path for path in (disk / "out").rglob("*") if path.is_file()}
    (disk / "filler").unlink()
    run_experiment(config, resume=True)
    assert results_of(disk / "out") == expected
    assert all(path.exists() for path in stored)


def test_a_disk_that_is_full_from_the_start_is_told_at_the_start(
    disk, make_tiny, monkeypatch
):
    fill(disk, 0)
    monkeypatch.setattr(Executor, "run", None)
    with pytest.raises(DataError, match=r"decoded bars take .* and .* has .* left"):
        run_experiment(make_tiny(disk / "out", horizons=[5]))
    with pytest.raises(OSError, match="No space left") as error:
        run_experiment(make_config(disk / "out"))
    assert str(disk / "out") in str(error.value)


def test_a_plain_write_would_leave_a_stump(disk, monkeypatch):
    fill(disk, 8192)
    with pytest.raises(OSError, match="No space left"):
        (disk / "plain").write_bytes(bytes(20_000))
    assert 0 < (disk / "plain").stat().st_size < 20_000
    (disk / "plain").unlink()
    with pytest.raises(OSError, match=r"after \d+ of 20000 bytes"):
        write_bytes(disk / "whole", bytes(20_000))
    assert not (disk / "whole").exists()
    assert scratch_in(disk) == []


@pytest.mark.slow
def test_files_that_may_not_grow_are_told(server, make_tiny, tmp_path):
    config = make_tiny(tmp_path, horizons=[5]).to_yaml()
    end = server.run("experiment", config=config, largest_file=9_000)
    assert end.error.startswith("OSError")
    assert "File too large" in end.error
    assert "of" in end.error
    assert scratch_in(tmp_path) == []
    refuse_halves(tmp_path)
    again = server.run("experiment", config=config, resume=True)
    assert again.code == 0, again.error


PLACES = ["", "runs", "results", "cache", "cache/fits"]


@pytest.mark.parametrize("place", PLACES)
def test_a_file_in_place_of_a_directory_is_told_before_any_fit(
    place, tmp_path, make_tiny, monkeypatch
):
    occupied = tmp_path / "out" / place
    occupied.parent.mkdir(parents=True, exist_ok=True)
    occupied.write_text("I was here first.")
    monkeypatch.setattr(Executor, "run", None)
    with pytest.raises(OSError, match=r"exists|Not a directory") as error:
        run_experiment(make_tiny(tmp_path / "out", horizons=[5]))
    assert str(occupied) in str(error.value)
    assert occupied.read_text() == "I was here first."


def test_without_the_probe_fits_would_be_made_for_nothing(
    tmp_path, make_tiny, monkeypatch, no_pictures
):
    monkeypatch.setattr(preparation, "check_writable", lambda folder: None)
    (tmp_path / "runs").write_text("I was here first.")
    with pytest.raises(OSError, match="runs"):
        run_experiment(make_tiny(tmp_path, horizons=[5]))
    assert list((tmp_path / "cache" / "fits").glob("*/*"))


def test_a_disk_for_reading_only_is_told_before_any_fit(
    read_only, make_tiny, monkeypatch
):
    monkeypatch.setattr(Executor, "run", None)
    with pytest.raises(OSError, match="Read-only file system") as error:
        run_experiment(make_tiny(read_only / "out", horizons=[5]))
    assert str(read_only / "out") in str(error.value)


def test_a_probe_names_the_place_and_leaves_nothing(read_only, tmp_path):
    with pytest.raises(OSError, match="nothing can be written here") as error:
        check_writable(read_only)
    assert error.value.filename == str(read_only)
    check_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_the_heartbeat_survives_a_disk_that_is_full_for_a_while(tmp_path, monkeypatch):
    path, n_beats = tmp_path / "status.json", []

    def write(self: Status, target: Path) -> None:
        n_beats.append(1)
        if len(n_beats) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_bytes(target, self.to_json().encode())

    monkeypatch.setattr(Status, "write", write)
    monkeypatch.setattr("sk_ensemble.experiments._status._BEAT", 0.01)
    with Heartbeat(path):
        while len(n_beats) < 4:
            pass
    assert Status.read(path).state == "finished"


def test_a_status_that_cannot_be_written_hides_no_error(tmp_path, monkeypatch):
    def refuse(self: Status, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fail() -> None:
        with Heartbeat(tmp_path / "status.json"):
            monkeypatch.setattr(Status, "write", refuse)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(OSError, match="No space left"), Heartbeat(tmp_path / "s.json"):
        pass


def test_no_file_is_written_where_temporary_files_go(
    tmp_path, make_tiny, monkeypatch, no_pictures, expected
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no such place"))
    run_experiment(make_tiny(tmp_path / "out", horizons=[5]))
    assert results_of(tmp_path / "out") == expected
    assert not (tmp_path / "no such place").exists()


def test_arrays_reach_workers_where_temporary_files_have_no_room(disk, monkeypatch):
    fill(disk, 8192)
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    arrays, array = MappedArrays(), np.arange(300_000.0)
    try:
        message = dumps(array, reducers=arrays.reducers)
        assert len(message) > array.nbytes
        assert list(disk.glob("*/*")) == []
        (disk / "filler").unlink()
        assert len(dumps(array, reducers=arrays.reducers)) < 1000
        assert len(list(disk.glob("*/*.npy"))) == 1
    finally:
        arrays.close()


@pytest.mark.slow
def test_workers_do_without_temporary_files(disk, server, make_tiny, tmp_path):
    fill(disk, 8192)
    config = make_tiny(tmp_path / "out", horizons=[5], run={"n_jobs": 2}).to_yaml()
    environment = {"TMPDIR": str(disk)}
    end = server.run("experiment", config=config, environment=environment)
    assert end.code == 0, end.error


def test_the_size_of_a_directory_is_that_of_its_files(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(bytes(5))
    (tmp_path / "b").write_bytes(bytes(7))
    assert files._size(tmp_path) == 12
    assert files._size(tmp_path / "missing") == 0
