from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from sk_ensemble.experiments._artifacts import (
    make_run_dir,
    write_bytes,
    write_json,
    write_parquet,
)


def refuse(name: str) -> None:
    raise AssertionError(name)


def test_json_is_strict_and_nan_is_null(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "metrics.json"
    write_json(path, {"a": float("nan"), "b": [float("inf"), 1.5], "c": Path("x")})
    content = json.loads(path.read_text(), parse_constant=refuse)
    assert content == {"a": None, "b": [None, 1.5], "c": "x"}


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    with pytest.raises(TypeError):
        write_bytes(path, "text is no bytes")  # type: ignore[arg-type]
    assert json.loads(path.read_text()) == {"old": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["file.json"]


def test_parquet_keeps_the_index(tmp_path: Path) -> None:
    frame = pd.DataFrame({"p": [0.5]}, index=pd.Index(["A"], name="symbol"))
    write_parquet(tmp_path / "x.parquet", frame)
    read = pd.read_parquet(tmp_path / "x.parquet")
    assert list(read.columns) == ["symbol", "p"]


def test_run_directories_never_collide(tmp_path: Path) -> None:
    assert len({make_run_dir(tmp_path, "run") for _ in range(200)}) == 200


def test_a_place_that_cannot_be_written_to_is_found_at_the_start(
    tmp_path: Path,
) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OSError, match="taken"):
        make_run_dir(tmp_path / "taken", "run")
