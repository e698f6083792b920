"""Find the model that is to predict: a saved one, a run, or what is live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from sk_ensemble.cli._registry import open_registry
from sk_ensemble.exceptions import ProductionError

__all__ = ["MaxGap", "MinHistory", "ModelOption", "VersionOption", "find_model"]

ModelOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="NAME_OR_PATH",
        help="Name in production, a run directory, or one that save_model has written.",
        show_default=False,
    ),
]

VersionOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--version",
        metavar="N",
        help="Version of the name; the live one by default.",
        show_default=False,
    ),
]

MinHistory: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--min-history",
        metavar="N",
        help="Bars that a symbol needs; as many as fill a window by default.",
        show_default=False,
    ),
]

MaxGap: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-gap",
        metavar="TIME",
        help="A longer step, such as 4h, is reached across by no window.",
        show_default=False,
    ),
]

#: Where a run directory keeps its model.
_IN_RUN = Path("checkpoints") / "model"


def find_model(
    model: str,
    version: int | None,
    registry: Path | None,
    output: Path | None,
    key_file: Path | None,
) -> Any:
    """Return a path of a saved model, or a version of the registry.

    A directory goes before a name; with a version, it is a name.

    Raises
    ------
    ProductionError
        If there is neither.
    """
    path = Path(model)
    if version is None and path.is_dir():
        inner = path / _IN_RUN
        return inner if inner.is_dir() else path
    if version is None and ("/" in model or "\\" in model):
        msg = f"There is no directory {model}. Check the path of the model."
        raise ProductionError(msg)
    versions = open_registry(registry, output, key_file)
    return (
        versions.current(model) if version is None else versions.version(model, version)
    )
