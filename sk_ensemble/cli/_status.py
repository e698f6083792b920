"""Show how far an experiment is."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from sk_ensemble.cli._arguments import AsJson, ExperimentName, OutputDir
from sk_ensemble.cli._find import find_result
from sk_ensemble.cli._screen import console, note, show, show_json
from sk_ensemble.cli._tables import plain_table
from sk_ensemble.cli._text import one_line
from sk_ensemble.exceptions import ConfigError

if TYPE_CHECKING:
    from sk_ensemble.experiments._cell_progress import CellProgress
    from sk_ensemble.experiments._result_dir import ResultDir

__all__ = ["status"]

Watch = Annotated[
    bool, typer.Option("--watch", help="Keep looking until it runs no more.")
]

#: Seconds between two looks.
_PAUSE = 1.0

_MOST_CHARACTERS = 46


def _short(text: str) -> str:
    more = len(text) > _MOST_CHARACTERS
    return f"{text[: _MOST_CHARACTERS - 3]}..." if more else text


def _remark(cell: CellProgress) -> str:
    """Say why a cell failed, or where it lies."""
    return _short(next(iter(cell.reasons.values()), cell.run_dir or ""))


def _cells(cell: CellProgress) -> list[str]:
    fits = f"{cell.n_done} of {cell.n_fits}" if cell.n_fits else "-"
    return [cell.name, cell.state, fits, _remark(cell)]


def _counts(cells: Sequence[CellProgress]) -> str:
    n_done, n_fits = sum(c.n_done for c in cells), sum(c.n_fits for c in cells)
    return f"{n_done} of {n_fits} fits"


def _headline(result: ResultDir, cells: Sequence[CellProgress]) -> str:
    return f"{result.path.name}: {_counts(cells)}, {result.status.describe()}"


def _advice(result: ResultDir) -> str | None:
    """Say how to go on with what has been interrupted."""
    status = result.status
    if status.is_running or status.state == "finished":
        return None
    path = shlex.quote(str(result.path / "config.yaml"))
    return f"This finishes it: sk-ensemble run {path} --resume"


def _view(result: ResultDir) -> Group:
    from sk_ensemble.experiments._cell_progress import cell_progress

    cells = cell_progress(result)
    headline = Text(one_line(_headline(result, cells)))
    rows = [_cells(cell) for cell in cells]
    return Group(headline, plain_table("", ("cell", "state", "fits", ""), rows))


def _as_json(result: ResultDir) -> dict[str, Any]:
    from sk_ensemble.experiments._cell_progress import cell_progress

    status = result.status
    return {
        "experiment": result.name,
        "path": str(result.path),
        "state": status.state,
        "is_running": status.is_running,
        "description": status.describe(),
        "started": status.started,
        "heartbeat": status.heartbeat,
        "process": status.process.to_dict(),
        "cells": [dict(vars(cell)) for cell in cell_progress(result)],
    }


def _watch_terminal(result: ResultDir) -> None:
    """Redraw the table in place."""
    with Live(_view(result), console=console(sys.stdout), auto_refresh=False) as live:
        while result.status.is_running:
            time.sleep(_PAUSE)
            live.update(_view(result), refresh=True)


def _watch_quietly(result: ResultDir) -> None:
    """Say each change in a line, then show the table."""
    from sk_ensemble.experiments._cell_progress import cell_progress

    last = ""
    while result.status.is_running:
        counts = _counts(cell_progress(result))
        if counts != last:
            note(counts)
        last = counts
        time.sleep(_PAUSE)
    show(_view(result))


def _show(result: ResultDir, watch: bool) -> None:
    if not watch:
        show(_view(result))
    elif sys.stdout.isatty():
        _watch_terminal(result)
    else:
        _watch_quietly(result)


def status(
    experiment: ExperimentName = None,
    watch: Watch = False,
    as_json: AsJson = False,
    output: OutputDir = None,
) -> None:
    """Show how far an experiment is.

    It may be running in another terminal, be finished, or have died.
    """
    if watch and as_json:
        msg = "--watch and --json do not go together."
        raise ConfigError(msg)
    result = find_result(experiment, output)
    if as_json:
        show_json(_as_json(result))
        return
    _show(result, watch)
    advice = _advice(result)
    if advice is not None:
        note(advice)
