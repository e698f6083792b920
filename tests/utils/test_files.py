from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from sk_ensemble.utils.files import (
    building,
    read_json,
    sweep,
    write_bytes,
    write_json,
    write_new,
    write_whole,
)


def refuse(name: str) -> None:
    raise AssertionError(name)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_json_is_strict_and_nan_is_null(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "metrics.json"
    write_json(path, {"a": float("nan"), "b": [float("inf"), 1.5], "c": Path("x")})
    content = json.loads(path.read_text(), parse_constant=refuse)
    assert content == {"a": None, "b": [None, 1.5], "c": "x"}


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    write_json(tmp_path / "one.json", {"a": 1, "b": 2})
    write_json(tmp_path / "two.json", {"b": 2, "a": 1})
    one, two = (tmp_path / name for name in ("one.json", "two.json"))
    assert one.read_bytes() == two.read_bytes()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    with pytest.raises(TypeError):
        write_bytes(path, "text is no bytes")  # type: ignore[arg-type]
    assert read_json(path) == {"old": 1}
    assert names_in(tmp_path) == ["file.json"]


def test_a_damaged_json_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": ')
    with pytest.raises(ValueError, match=r"x\.json is damaged"):
        read_json(tmp_path / "x.json")


def test_an_error_of_the_system_names_the_target(tmp_path: Path) -> None:
    def fill(scratch: Path) -> None:
        scratch.write_bytes(b"12345")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"No space left.*after 5 bytes.*model\.bin"):
        write_whole(tmp_path / "model.bin", fill)
    assert names_in(tmp_path) == []


def test_a_directory_appears_whole(tmp_path: Path) -> None:
    with building(tmp_path / "run") as scratch:
        (scratch / "deep").mkdir()
        (scratch / "deep" / "file").write_text("content")
        assert not (tmp_path / "run").exists()
    assert (tmp_path / "run" / "deep" / "file").read_text() == "content"
    assert names_in(tmp_path) == ["run"]


def test_a_directory_that_failed_is_not_there(tmp_path: Path) -> None:
    def build() -> None:
        with building(tmp_path / "run") as scratch:
            (scratch / "file").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        build()
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("content", [[], ["file"]])
def test_an_existing_directory_is_refused_even_an_empty_one(
    tmp_path: Path, content: list[str]
) -> None:
    (tmp_path / "run").mkdir()
    for name in content:
        (tmp_path / "run" / name).write_text("old")
    with pytest.raises(FileExistsError, match="run exists"), building(tmp_path / "run"):
        pass
    assert names_in(tmp_path / "run") == content


def test_a_directory_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def build() -> None:
        with building(tmp_path / "run") as scratch:
            (scratch / "file").write_text("mine")
            (tmp_path / "run").mkdir()

    with pytest.raises(FileExistsError):
        build()
    assert names_in(tmp_path / "run") == []


def test_only_old_leftovers_are_swept(tmp_path: Path) -> None:
    old, new = tmp_path / ".writing-1-a", tmp_path / ".writing-2-b"
    for folder in (old, new):
        folder.mkdir()
        (folder / "file").write_text("half")
    (tmp_path / "mine").write_text("whole")
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    os.utime(tmp_path / "mine", (long_ago, long_ago))
    assert sweep(tmp_path) == [".writing-1-a"]
    assert names_in(tmp_path) == [".writing-2-b", "mine"]


def test_what_is_put_into_place_while_others_sweep_is_no_fault(tmp_path, monkeypatch):
    # A directory that another process finished between listing and looking.
    gone = tmp_path / ".writing-1-a"
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: iter([gone]))
    assert sweep(tmp_path) == []


def write_for_ever(path: Path, plainly: bool) -> None:
    """Write files of two kinds in turn until killed."""
    contents = [json.dumps([number] * 1_000_000).encode() for number in (1, 2)]
    for content in itertools.cycle(contents):
        if plainly:
            with path.open("wb", buffering=0) as file:
                for start in range(0, len(content), 2**16):
                    file.write(content[start : start + 2**16])
        else:
            write_bytes(path, content)


def count_damaged(folder: Path, *, plainly: bool, n_kills: int, seed: int) -> int:
    """Kill writers at random moments; count the files that are neither old nor new."""
    draw, damaged = random.Random(seed), 0
    for number in range(n_kills):
        path = folder / f"file{number}.json"
        path.write_text("[0]")
        writer = multiprocessing.get_context("fork").Process(
            target=write_for_ever, args=(path, plainly)
        )
        writer.start()
        time.sleep(draw.uniform(0.1, 0.16))
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        try:
            values = json.loads(path.read_text())
        except json.JSONDecodeError:
            damaged += 1
        else:
            assert len(set(values)) == 1
    return damaged


@pytest.mark.slow
def test_a_file_is_old_or_new_when_its_writer_is_killed(tmp_path: Path) -> None:
    assert count_damaged(tmp_path, plainly=False, n_kills=60, seed=0) == 0


@pytest.mark.slow
def test_a_plain_write_is_damaged_by_a_kill(tmp_path: Path) -> None:
    assert count_damaged(tmp_path, plainly=True, n_kills=30, seed=0) > 0


def test_a_new_file_replaces_nothing(tmp_path):
    path = tmp_path / "1.json"
    write_new(path, b"first")
    with pytest.raises(FileExistsError, match=r"1\.json exists already"):
        write_new(path, b"second")
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["1.json"]


def test_a_new_file_does_not_take_the_place_of_a_link_to_nowhere(tmp_path):
    (tmp_path / "1.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "1.json", b"content")
    assert not (tmp_path / "nowhere").exists()


def test_a_new_file_names_the_place_where_nothing_can_be_written(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        write_new(tmp_path / "none" / "1.json", b"content")
    assert error.value.filename == str(tmp_path / "none" / "1.json")
