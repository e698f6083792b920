"""What a promotion takes from the directory of a run."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sk_ensemble.exceptions import PersistenceError, ProductionError
from sk_ensemble.persistence._plain_files import names_in, opened_folder, read_plain
from sk_ensemble.utils.time import NAT, to_utc_ns

__all__ = ["RunFiles", "read_run"]

_SMALL = 2**24
_LARGE = 2**31
_MODEL = ("checkpoints", "model")


@dataclass(frozen=True, eq=False)
class RunFiles:
    """Hold a run, read once.

    Attributes
    ----------
    path : Path
        Its directory.
    model : str
        Key of the model in the experiment.
    horizon : int
        Bars.
    config : bytes
        The configuration, as it was written.
    environment, metrics : dict
        With what the run was made, and what came out.
    model_files : dict of bytes
        The saved model.
    trained_until : int
        End of the last training label, nanoseconds in UTC.
    """

    path: Path
    model: str
    horizon: int
    config: bytes
    environment: Mapping[str, Any]
    metrics: Mapping[str, Any]
    model_files: Mapping[str, bytes]
    trained_until: int

    @property
    def name(self) -> str:
        """Name of the directory, also if the path is ``"."``."""
        return self.path.resolve().name


def _read(run: Path, *parts: str, limit: int = _SMALL) -> bytes:
    """Return a file of a run, following no link below it."""
    *folders, name = parts
    with opened_folder(run, *folders) as folder:
        return read_plain(folder, name, limit)


def _read_object(run: Path, *parts: str) -> dict[str, Any]:
    content = json.loads(_read(run, *parts))
    if not isinstance(content, dict):
        msg = f"{'/'.join(parts)} holds no object"
        raise ValueError(msg)
    return content


def _model_files(run: Path) -> dict[str, bytes]:
    with opened_folder(run, *_MODEL) as folder:
        return {name: read_plain(folder, name, _LARGE) for name in names_in(folder)}


def _refuse_without_model(run: Path, record: Mapping[str, Any]) -> None:
    """Raise if the model of a run could not be saved."""
    if (run / "checkpoints").exists():
        return
    why = str(record.get("not_saved") or "cell.json does not say why").rstrip(".")
    msg = f"The run {run} has no saved model: {why}."
    raise ProductionError(msg)


def _trained_until(run: Path) -> int:
    """Return the end of the last training label that a run knows of.

    Where ends are not known, the last time of a training sample stands for them.
    """
    content = _read(run, "predictions", "oof_predictions.parquet", limit=_LARGE)
    with pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True) as file:
        table = file.read(columns=["datetime", "label_end"]).to_pandas()
    ends = [to_utc_ns(table[name], name=name) for name in ("datetime", "label_end")]
    known = [int(column[column != NAT].max(initial=NAT)) for column in ends]
    if max(known) == NAT:
        msg = "predictions/oof_predictions.parquet has no row"
        raise ValueError(msg)
    return max(known)


def read_run(run: Path) -> RunFiles:
    """Read what is needed of a run directory.

    Raises
    ------
    ProductionError
        If it is none, is damaged, or has no saved model.
    """
    try:
        record = _read_object(run, "cell.json")
        _refuse_without_model(run, record)
        return RunFiles(
            run,
            str(record["model"]),
            int(record["horizon"]),
            _read(run, "config.yaml"),
            _read_object(run, "environment.json"),
            _read_object(run, "metrics", "metrics.json"),
            _model_files(run),
            _trained_until(run),
        )
    except ProductionError:
        raise
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        own = isinstance(error, PersistenceError)
        what = str(error) if own else f"{type(error).__name__}: {error}"
        msg = f"{run} is no run directory, or is damaged: {what.rstrip('.')}."
        raise ProductionError(msg) from error
