"""How far each cell of an experiment is, read from disk by any process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sk_ensemble.experiments._cache import FitCache
from sk_ensemble.experiments._result_dir import ResultDir

__all__ = ["CellProgress", "cell_progress"]


@dataclass(frozen=True)
class CellProgress:
    """Say how far one cell is.

    Attributes
    ----------
    name : str
        Name of the cell, such as ``xgboost_h5``.
    state : {"done", "failed", "running", "waiting", "unfinished"}
        Unfinished is what is left of an experiment that does not run any more.
    n_done, n_fits : int
        Fits whose outcome is stored, and all of them; 0 for ensembles, which take no
        fits of their own.
    run_dir : str or None, default=None
        Name of the run directory of a cell that is done.
    reasons : dict of str
        Why fits failed, by their names.
    """

    name: str
    state: str
    n_done: int
    n_fits: int
    run_dir: str | None
    reasons: Mapping[str, str]


def _state(entry: Mapping[str, Any], n_done: int, is_running: bool) -> str:
    if "failed" in entry:
        return "failed"
    if "run_dir" in entry:
        return "done"
    if not is_running:
        return "unfinished"
    return "running" if n_done else "waiting"


def _progress(
    name: str,
    digests: Sequence[str],
    entry: Mapping[str, Any],
    cache: FitCache,
    is_running: bool,
) -> CellProgress:
    is_done = "run_dir" in entry
    n_done = len(digests) if is_done else sum(map(cache.has, digests))
    return CellProgress(
        name,
        _state(entry, n_done, is_running),
        n_done,
        len(digests),
        entry.get("run_dir"),
        entry.get("failed", {}),
    )


def _digests(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the fits of every cell of the plan."""
    digests: dict[str, list[str]] = {}
    for task in plan["tasks"]:
        name = f"{task['model']}_h{task['horizon']}"
        digests.setdefault(name, []).append(task["digest"])
    return digests


def _base_dir(result: ResultDir) -> Path:
    return result.path.absolute().parent.parent


def cell_progress(result: ResultDir) -> list[CellProgress]:
    """Return how far every cell is: planned ones in their order, then ensembles.

    Parameters
    ----------
    result : ResultDir
        Directory of the experiment, which may be running in another process.

    Returns
    -------
    cells : list of CellProgress
        One per cell.
    """
    cells, digests = result.cells, _digests(result.plan)
    cache = FitCache(_base_dir(result) / "cache" / "fits")
    is_running = result.status.is_running
    return [
        _progress(name, digests.get(name, []), cells.get(name, {}), cache, is_running)
        for name in dict.fromkeys([*digests, *cells])
    ]
