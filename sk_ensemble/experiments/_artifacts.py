"""Run directories and the files in them: whole or not there at all."""

from __future__ import annotations

import json
import math
import os
import secrets
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["make_run_dir", "write_bytes", "write_json", "write_parquet"]


def make_run_dir(output_dir: Path, name: str) -> Path:
    """Make a new directory ``runs/<name>_<UTC time>_<random>``.

    Raises
    ------
    OSError
        If the place cannot be written to: better now than after the training.
    """
    runs = output_dir / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    run_dir = runs / f"{name}_{stamp}_{secrets.token_hex(3)}"
    run_dir.mkdir()
    return run_dir


def _write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Write beside the target, force it to disk, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    os.close(handle)
    scratch = Path(name)
    try:
        write(scratch)
        with scratch.open("rb") as stream:
            os.fsync(stream.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes."""
    _write_whole(path, lambda scratch: scratch.write_bytes(content))


def _strict(value: Any) -> Any:
    """Replace what strict JSON lacks: NaN and infinities become null."""
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def write_json(path: Path, content: Any) -> None:
    """Write strict JSON, sorted and indented."""
    text = json.dumps(_strict(content), indent=2, sort_keys=True, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame with its index as columns."""
    table = frame.reset_index()
    _write_whole(
        path, lambda scratch: table.to_parquet(scratch, write_page_checksum=True)
    )
