"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = [
    "AsJson",
    "ExperimentFile",
    "ExperimentName",
    "Horizons",
    "Jobs",
    "OutputDir",
    "Overrides",
    "Quiet",
]

ExperimentFile: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="EXPERIMENT.yaml",
        help="The file that describes the experiment.",
        show_default=False,
    ),
]

ExperimentName: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="[EXPERIMENT]",
        help="Its name, its YAML file, or its folder; the latest one by default.",
        show_default=False,
    ),
]

Overrides: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the file, such as models.xgboost.max_depth=6.",
        show_default=False,
    ),
]

Horizons: TypeAlias = Annotated[
    list[int] | None,
    typer.Option(
        "--horizon",
        metavar="BARS",
        help="This horizon instead of the file's; may be repeated.",
        show_default=False,
    ),
]

Jobs: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Worker processes; -1 for one per core.", show_default=False
    ),
]

OutputDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="DIR",
        help="Directory of all experiments.  [default: experiments]",
        show_default=False,
    ),
]

AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON document and nothing else.")
]

Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, no notices.")
]
