"""Serve a saved or live model over HTTP."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sk_ensemble.cli._arguments import OutputDir
from sk_ensemble.cli._registry import KeyFile, RegistryDir
from sk_ensemble.cli._screen import note, show_line
from sk_ensemble.cli._served import (
    MaxGap,
    MinHistory,
    ModelOption,
    VersionOption,
    find_model,
)
from sk_ensemble.cli._stop import stoppable
from sk_ensemble.exceptions import ProductionError

__all__ = ["serve"]

Host = Annotated[str, typer.Option("--host", help="Address to listen at.")]

Port = Annotated[int, typer.Option("--port", help="Port to listen at.")]

Workers = Annotated[int, typer.Option("--workers", help="Processes that answer.")]

Save = Annotated[
    Path | None,
    typer.Option(
        "--save",
        metavar="DIR",
        help="Only write the model for MLflow to this directory, and do not serve it.",
        show_default=False,
    ),
]


def serve(
    model: ModelOption,
    host: Host = "127.0.0.1",
    port: Port = 5000,
    workers: Workers = 1,
    save: Save = None,
    version: VersionOption = None,
    min_history: MinHistory = None,
    max_gap: MaxGap = None,
    registry: RegistryDir = None,
    key_file: KeyFile = None,
    output: OutputDir = None,
) -> None:
    """Serve a saved or live model over HTTP.

    MLflow's scoring server answers. Requests go to /invocations and hold bars with
    symbol, datetime and the features. The model is that which is live now: start again
    after a promotion.
    """
    from sk_ensemble.production import save_mlflow_model
    from sk_ensemble.production._serving_process import serving

    found = find_model(model, version, registry, output, key_file)
    if save is not None:
        save_mlflow_model(found, save, min_history=min_history, max_gap=max_gap)
        show_line(f"Written for MLflow: {save}")
        return
    with tempfile.TemporaryDirectory() as folder, stoppable("Nothing is served now."):
        path = Path(folder) / "model"
        save_mlflow_model(found, path, min_history=min_history, max_gap=max_gap)
        note(f"{model} at http://{host}:{port}/invocations; Ctrl-C ends it.")
        with serving(path, host=host, port=port, n_workers=workers) as server:
            code = server.wait()
    msg = f"The server has ended by itself with exit code {code}. Is the port free?"
    raise ProductionError(msg)
