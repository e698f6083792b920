"""Begin an experiment."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from sk_ensemble.cli._scaffold import write_scaffold
from sk_ensemble.cli._screen import note, show_line

__all__ = ["init"]

Folder = Annotated[
    Path,
    typer.Argument(
        help="Where to; the current directory by default.", show_default=False
    ),
]


def init(folder: Folder = Path()) -> None:
    """Write a small experiment that runs as it is."""
    for path in write_scaffold(folder):
        show_line(path)
    go = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    note(f"Next: {go}sk-ensemble run experiment.yaml")
