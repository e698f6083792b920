"""Predict the bars of a file with a saved or live model."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sk_ensemble.cli._arguments import AsJson, OutputDir
from sk_ensemble.cli._registry import KeyFile, RegistryDir
from sk_ensemble.cli._screen import console, note, show_json, show_line
from sk_ensemble.cli._served import (
    MaxGap,
    MinHistory,
    ModelOption,
    VersionOption,
    find_model,
)
from sk_ensemble.cli._stop import stoppable

__all__ = ["predict"]

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="FILE",
        help="Parquet file of bars, those of each symbol in the order of time.",
        show_default=False,
    ),
]

Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", help="Parquet file to write.", show_default=False
    ),
]

Past = Annotated[
    Path | None,
    typer.Option(
        "--history",
        metavar="FILE",
        help="Parquet file of earlier bars, for the windows of the first ones.",
        show_default=False,
    ),
]

ChunkSize = Annotated[int, typer.Option("--chunk-size", help="Rows at a time.")]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]

#: Seconds between two plain lines.
_PAUSE = 5.0


@contextmanager
def _bar(n_rows: int) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("Predicting"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} rows, left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=n_rows)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def _lines(n_rows: int) -> Iterator[Callable[[int], None]]:
    told_at = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _PAUSE:
            told_at = time.monotonic()
            note(f"{done} of {n_rows} rows")

    yield tell


@contextmanager
def _progress(data: Path, is_quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show how many rows are done: a bar in a terminal, plain lines elsewhere."""
    if is_quiet:
        yield lambda done: None
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        n_rows = pq.read_metadata(data).num_rows
    except (pa.ArrowException, OSError, ValueError):
        # Predicting will say what is wrong with the file.
        n_rows = 0
    with (_bar if sys.stderr.isatty() else _lines)(n_rows) as tell:
        yield tell


def predict(
    model: ModelOption,
    data: Data,
    out: Out,
    history: Past = None,
    version: VersionOption = None,
    min_history: MinHistory = None,
    max_gap: MaxGap = None,
    chunk_size: ChunkSize = 100_000,
    registry: RegistryDir = None,
    key_file: KeyFile = None,
    quiet: Quiet = False,
    output: OutputDir = None,
    as_json: AsJson = False,
) -> None:
    """Predict a file of bars with a saved or live model.

    The parquet file may have any size, and columns are found by name. Predictions do
    not depend on how many rows are read at a time; bars without enough history are
    left out.
    """
    from sk_ensemble.production import predict_file

    with (
        stoppable(f"{out} was not written."),
        _progress(data, quiet or as_json) as tell,
    ):
        n_predictions = predict_file(
            find_model(model, version, registry, output, key_file),
            data,
            out,
            history=history,
            chunk_size=chunk_size,
            min_history=min_history,
            max_gap=max_gap,
            progress=tell,
        )
    if as_json:
        show_json({"predictions": n_predictions, "data": str(data), "out": str(out)})
        return
    show_line(f"{n_predictions} predictions: {out}")
