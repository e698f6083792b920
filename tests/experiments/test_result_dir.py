from __future__ import annotations

from pathlib import Path

from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.utils.files import strict_json


def make(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(strict_json({}))


def test_a_directory_that_is_being_made_is_no_experiment_yet(tmp_path):
    whole = "small_20260101T000000000_000000"
    make(tmp_path / "results" / whole)
    # What `building` calls it until all of its files are there.
    make(tmp_path / "results" / ".writing-4711-0f3a0f3a0f3a")
    assert [result.path.name for result in ResultDir.all(tmp_path)] == [whole]
    latest = ResultDir.latest(tmp_path)
    assert latest is not None
    assert latest.path.name == whole
