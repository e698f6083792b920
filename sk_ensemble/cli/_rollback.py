"""Make an earlier version live again."""

from __future__ import annotations

from typing import Annotated

import typer

from sk_ensemble.cli._arguments import AsJson, OutputDir
from sk_ensemble.cli._registry import (
    KeyFile,
    Name,
    Reason,
    RegistryDir,
    TrackingUri,
    open_registry,
    version_facts,
)
from sk_ensemble.cli._screen import show_json, show_line

__all__ = ["rollback"]

To = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Version to be live; the last one before the live one by default.",
        show_default=False,
    ),
]


def rollback(
    name: Name,
    to: To = None,
    reason: Reason = None,
    registry: RegistryDir = None,
    key_file: KeyFile = None,
    tracking_uri: TrackingUri = None,
    output: OutputDir = None,
    as_json: AsJson = False,
) -> None:
    """Make an earlier version of a model live again.

    Its files are compared with their digests before anything changes.
    """
    versions = open_registry(registry, output, key_file, tracking_uri)
    version = versions.rollback(name, to, reason=reason)
    if as_json:
        show_json({"is_live": True, **version_facts(version)})
    else:
        show_line(f"{name} v{version.number} is live again: {version.path}")
