from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import EXPERIMENT, FILES, Outcome, bars_of

from sk_ensemble.cli import main

Call = Callable[..., Outcome]


@contextmanager
def without_pictures() -> Iterator[None]:
    """Leave pictures and reports out: they take most of the time of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sk_ensemble.experiments._run_dir.cell_plots", lambda cell: {})
        patch.setattr(
            "sk_ensemble.experiments._run_experiment.draw", lambda *_: b"no picture"
        )
        patch.setattr("sk_ensemble.cli._run.report_after_run", lambda *_, **__: None)
        yield


# Per module, so that the tests of other folders have their pictures.
@pytest.fixture(autouse=True, scope="module")
def _no_pictures() -> Iterator[None]:
    with without_pictures():
        yield


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process."""

    def run_command(*arguments: object) -> Outcome:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Outcome(code, *capfd.readouterr())

    return run_command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty directory that holds a small experiment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(EXPERIMENT)
    return tmp_path


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finished")
    (path / "small.yaml").write_text(EXPERIMENT)
    before = Path.cwd()
    os.chdir(path)
    try:
        with without_pictures():
            assert main(["run", "small.yaml", "--quiet"]) == 0
    finally:
        os.chdir(before)
    return path


@pytest.fixture
def finished(_finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a directory in which the small experiment has run."""
    copy = tmp_path / "finished"
    shutil.copytree(_finished, copy)
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a directory with three good files and an experiment on them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(FILES)
    for month, split in enumerate(["train", "val", "test"], start=1):
        bars_of(f"2024-0{month}-01").to_parquet(tmp_path / f"{split}.parquet")
    return tmp_path
