"""The files of one comparison."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.experiments._artifacts import write_bytes, write_json, write_parquet
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._leaderboard import draw

__all__ = ["write_run"]


def _environment() -> dict[str, str]:
    """Return the versions that results depend on."""
    names = ("numpy", "pandas", "scikit-learn", "xgboost", "lightgbm", "torch")
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def _write_cell(cell: Cell, folder: Path) -> None:
    """Write predictions and metrics; times stand apart, as no two runs share them."""
    predictions = folder / "predictions"
    write_parquet(predictions / "test_predictions.parquet", cell.test)
    if cell.out_of_fold is not None:
        write_parquet(predictions / "oof_predictions.parquet", cell.out_of_fold)
    scores = {part: v for part, v in cell.metrics.items() if part != "seconds"}
    write_json(folder / "metrics" / "metrics.json", scores)
    write_json(folder / "metrics" / "seconds.json", cell.metrics["seconds"])


def write_run(
    cells: Sequence[Cell],
    table: pd.DataFrame,
    run_dir: Path,
    settings: Mapping[str, Any],
) -> None:
    """Write settings, predictions, metrics and the leaderboard.

    Parameters
    ----------
    cells : sequence of Cell
        The outcomes; each gets a folder.
    table : DataFrame
        The leaderboard.
    run_dir : Path
        Where to write.
    settings : mapping
        Settings of the comparison.
    """
    config = {"config": dict(settings), "environment": _environment()}
    write_json(run_dir / "config.json", config)
    for cell in cells:
        _write_cell(cell, run_dir / cell.name)
    write_bytes(run_dir / "leaderboard.csv", table.to_csv(index=False).encode())
    title = "Test period, with 95 % intervals from a bootstrap of days"
    write_bytes(run_dir / "leaderboard.png", draw(table, title))
