"""The leaderboard of an experiment that has run, or is running."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._leaderboard import leaderboard
from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.utils.files import read_json

__all__ = ["stored_leaderboard"]


def _figures(run_dir: Path) -> Cell:
    """Read of a cell what a leaderboard shows, and no predictions."""
    record = read_json(run_dir / "cell.json")
    return Cell(
        record["model"],
        record["horizon"],
        predictions={},
        metrics=read_json(run_dir / "metrics" / "metrics.json"),
        seconds=read_json(run_dir / "metrics" / "seconds.json"),
        training=record["training"],
    )


def stored_leaderboard(result: ResultDir) -> pd.DataFrame:
    """Return one row per cell that is done, as `leaderboard` does.

    Parameters
    ----------
    result : ResultDir
        Directory of the experiment.

    Returns
    -------
    table : DataFrame
        The leaderboard of the cells that are there so far.
    """
    runs = result.path.absolute().parent.parent / "runs"
    names = [e["run_dir"] for e in result.cells.values() if "run_dir" in e]
    return leaderboard([_figures(runs / name) for name in names])
