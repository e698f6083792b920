"""Open the registry of models in production, and what several commands say of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from sk_ensemble.exceptions import ProductionError

if TYPE_CHECKING:
    from sk_ensemble.production import ModelVersion, ProductionRegistry

__all__ = [
    "KeyFile",
    "Name",
    "Reason",
    "RegistryDir",
    "TrackingUri",
    "open_registry",
    "read_key",
    "registry_dir",
    "version_facts",
]

Name: TypeAlias = Annotated[
    str, typer.Argument(help="Name of the model in production.", show_default=False)
]

Reason: TypeAlias = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", help="Why.", show_default=False),
]

RegistryDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--registry",
        metavar="DIR",
        help="Directory of the registry.  [default: experiments/registry]",
        show_default=False,
    ),
]

KeyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="File with the secret that the history is signed with.",
        show_default=False,
    ),
]

TrackingUri: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--mlflow",
        metavar="URI",
        help="MLflow store whose model registry is to show what is live.",
        show_default=False,
    ),
]

#: Directory of the registry among all experiments.
_REGISTRY = "registry"


def registry_dir(registry: Path | None, output: Path | None) -> Path:
    """Return the directory that is named, or that of all experiments."""
    from sk_ensemble.experiments.config import OutputSection

    return registry or (output or Path(OutputSection().base_dir)) / _REGISTRY


def read_key(file: Path | None) -> bytes | None:
    """Return the secret in a file, without the line break at its end.

    Raises
    ------
    ProductionError
        If it cannot be read.
    """
    if file is None:
        return None
    try:
        return file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        msg = f"The key file {file} cannot be read: {error.strerror}."
        raise ProductionError(msg) from error


def open_registry(
    registry: Path | None,
    output: Path | None,
    key_file: Path | None,
    tracking_uri: str | None = None,
) -> ProductionRegistry:
    """Return the registry that is meant."""
    from sk_ensemble.production import ProductionRegistry

    return ProductionRegistry(
        registry_dir(registry, output),
        key=read_key(key_file),
        tracking_uri=tracking_uri,
    )


def version_facts(version: ModelVersion) -> dict[str, Any]:
    """Return what is said of a version as plain values."""
    return {
        "name": version.name,
        "version": version.number,
        "path": str(version.path),
        "run": version.metadata["run"],
        "horizon": version.horizon,
        "trained_until": version.trained_until,
    }
