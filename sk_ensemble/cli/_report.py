"""Make the report of an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sk_ensemble.cli._arguments import ExperimentName, OutputDir, Quiet
from sk_ensemble.cli._find import find_result
from sk_ensemble.cli._screen import note, show_line, warning
from sk_ensemble.cli._stop import stoppable

__all__ = ["report", "report_after_run"]

Folder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where to write it.  [default: report, in the experiment's folder]",
        show_default=False,
    ),
]
Audit = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Fit this model to look for leakage, with canaries; kept for later.",
        show_default=False,
    ),
]

_FOLDER = "report"


def report(
    experiment: ExperimentName = None,
    folder: Folder = None,
    audit: Audit = None,
    output: OutputDir = None,
    is_quiet: Quiet = False,
) -> None:
    """Write the report of an experiment, with its files.

    Nothing is fitted, unless an audit is asked for.
    """
    from sk_ensemble.report import Report

    result = find_result(experiment, output)
    if not is_quiet:
        what = "Auditing and reading" if audit else "Reading"
        note(f"{what} {result.path.name}...")
    with stoppable("Nothing is lost; the same command makes the report."):
        made = Report.from_result(result.path, audit=audit)
        page = made.save(folder or result.path / _FOLDER)
    show_line(page)


def report_after_run(path: Path, *, is_quiet: bool) -> None:
    """Write page and tables of a run that has just ended; a fault costs a warning.

    Parameters
    ----------
    path : Path
        Directory of the experiment.
    is_quiet : bool
        Whether to say nothing of it.
    """
    again = f"sk-ensemble report {path.name}"
    if not is_quiet:
        note("Making the report...")
    try:
        with stoppable(f"The experiment is done; this makes its report: {again}"):
            from sk_ensemble.report import Report

            # Figures are on the page; as files they take as long as all else.
            page = Report.from_result(path).save(path / _FOLDER, figures=False)
    except typer.Exit:
        raise
    except Exception as fault:
        warning(
            f"No report was made: {type(fault).__name__}: {fault} (The experiment is "
            f"whole; this tries again: {again})"
        )
        return
    if not is_quiet:
        note(f"Report: {page}")
