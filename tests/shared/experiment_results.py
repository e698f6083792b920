"""What an experiment has left on disk, to be compared byte for byte."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sk_ensemble.experiments._cache import FitCache
from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.experiments._run_dir import read_cell
from sk_ensemble.utils.files import read_files

_COMPARED = ("metrics/metrics.json", "predictions/", "checkpoints/", "cell.json")
_TIMES = ["fit_seconds", "predict_seconds"]


def latest(base_dir: Path) -> ResultDir:
    """Return the directory of the latest experiment."""
    result = ResultDir.latest(base_dir)
    assert result is not None
    return result


def results_of(base_dir: Path) -> dict[str, bytes]:
    """Return all that must not depend on interruptions, of the latest experiment."""
    result = latest(base_dir)
    files = {}
    for cell, entry in result.cells.items():
        run_dir = base_dir / "runs" / entry["run_dir"]
        for name, content in read_files(run_dir).items():
            if name.startswith(_COMPARED):
                files[f"{cell}/{name}"] = content
    board = pd.read_csv(result.path / "leaderboard.csv")
    files["leaderboard"] = board.drop(columns=_TIMES).to_csv().encode()
    return files


def refuse_halves(base_dir: Path) -> None:
    """Fail if anything that bears a final name is not whole."""
    for run_dir in (base_dir / "runs").glob("[!.]*"):
        read_cell(run_dir)
    cache = FitCache(base_dir / "cache" / "fits")
    for folder in (base_dir / "cache" / "fits").glob("*/[!.]*"):
        assert cache.get(folder.name) is not None, folder
    for result in ResultDir.all(base_dir):
        assert result.status.state
        assert result.plan["tasks"]
        assert isinstance(result.cells, dict)


def scratch_in(base_dir: Path) -> list[Path]:
    """Return what was never finished."""
    return sorted(base_dir.rglob(".writing-*"))
