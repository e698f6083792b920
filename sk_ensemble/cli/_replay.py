"""Make a run again and see whether it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sk_ensemble.cli._arguments import AsJson, Jobs, OutputDir, Quiet
from sk_ensemble.cli._find import find_run
from sk_ensemble.cli._progress import progress_for
from sk_ensemble.cli._screen import note, show_json, show_line
from sk_ensemble.cli._stop import stoppable

if TYPE_CHECKING:
    from sk_ensemble.experiments._differences import Difference

__all__ = ["replay"]

Run = Annotated[
    str,
    typer.Argument(
        help="A run directory, its name, or a cell such as xgboost_h5 (the latest).",
        show_default=False,
    ),
]

#: Exit code.
_DIFFERS = 1


def _as_json(
    run_dir: Path, changes: list[str], differences: list[Difference]
) -> dict[str, Any]:
    return {
        "run": str(run_dir),
        "is_same": not differences,
        "environment_changes": changes,
        "differences": [dict(vars(difference)) for difference in differences],
    }


def _show(run_dir: Path, differences: list[Difference]) -> None:
    for difference in differences:
        show_line(difference)
    if differences:
        show_line(f"{run_dir.name} is NOT what it was.")
    else:
        show_line(f"{run_dir.name}: predictions and metrics are equal, bit for bit.")


def replay(
    run: Run,
    jobs: Jobs = None,
    output: OutputDir = None,
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make a run again and compare it bit for bit.

    Everything is fitted anew from the run's own config.yaml. Start it where the run was
    started, as paths of data are relative to that.
    """
    from sk_ensemble.experiments._replay import Replay

    run_dir = find_run(run, output)
    with stoppable("Nothing has been changed."):
        again = Replay(run_dir, jobs)
        for change in again.environment_changes:
            note(f"changed since: {change}")
        differences = again.run(progress_for(is_quiet=is_quiet))
    if as_json:
        show_json(_as_json(run_dir, again.environment_changes, differences))
    else:
        _show(run_dir, differences)
    if differences:
        raise typer.Exit(_DIFFERS)
