"""Outcomes of fits on disk, found again by what they depend on."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments._fit import FitResult
from sk_ensemble.experiments._labels import PROBA_COLUMNS
from sk_ensemble.experiments._tables import read_table, table_bytes
from sk_ensemble.utils.files import read_files, strict_json, write_folder

__all__ = ["FitCache"]

_MODEL = "model/"
_RECORD = "record.json"
_SUMS = "sha256.json"
_COLUMNS = list(PROBA_COLUMNS)


def _record(result: FitResult) -> dict[str, Any]:
    """Return what is no table and no model."""
    return {
        "proba": sorted(result.proba),
        "seconds": dict(result.seconds),
        "training": dict(result.training),
        "importances": result.importances,
        "not_saved": result.not_saved,
    }


def _sums(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(file).hexdigest() for name, file in files.items()}


def _files(result: FitResult) -> dict[str, bytes]:
    """Return an outcome as files, and the checksums of all of them."""
    tables = {
        f"{name}.parquet": table_bytes(pd.DataFrame(proba, columns=_COLUMNS))
        for name, proba in result.proba.items()
    }
    model = {f"{_MODEL}{name}": file for name, file in result.model_files.items()}
    files = {_RECORD: strict_json(_record(result)).encode(), **tables, **model}
    return {**files, _SUMS: strict_json(_sums(files)).encode()}


def _checked_files(folder: Path) -> dict[str, bytes]:
    """Read all files of an outcome, refusing them if a single bit has changed."""
    files = read_files(folder)
    if json.loads(files.pop(_SUMS)) != _sums(files):
        msg = f"{folder} is damaged: its files do not have the checksums of {_SUMS}."
        raise DataError(msg)
    return files


def _read(folder: Path) -> FitResult:
    files = _checked_files(folder)
    record = json.loads(files[_RECORD])
    return FitResult(
        proba={
            name: read_table(folder / f"{name}.parquet", _COLUMNS).to_numpy()
            for name in record["proba"]
        },
        seconds=record["seconds"],
        training=_with_nan(record["training"]),
        importances=record["importances"],
        model_files={
            name.removeprefix(_MODEL): file
            for name, file in files.items()
            if name.startswith(_MODEL)
        },
        not_saved=record["not_saved"],
    )


def _with_nan(training: dict[str, Any]) -> dict[str, Any]:
    """Undo that JSON has no NaN, in the losses of the rounds."""
    history = training.get("history", {})
    curves = {
        name: [math.nan if value is None else value for value in values]
        for name, values in history.items()
    }
    return {**training, "history": curves} if history else training


@dataclass(frozen=True)
class FitCache:
    """Keep the outcomes of fits in a folder, one directory per digest.

    Parameters
    ----------
    root : Path
        The folder.
    is_read : bool, default=True
        Whether outcomes from earlier runs are used.
    """

    root: Path
    is_read: bool = True

    def _folder(self, digest: str) -> Path:
        return self.root / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Tell whether there is an outcome."""
        return (self._folder(digest) / _RECORD).is_file()

    def get(self, digest: str) -> FitResult | None:
        """Return an outcome, or None where there is none or it is damaged."""
        if not self.is_read or not self._folder(digest).exists():
            return None
        try:
            return _read(self._folder(digest))
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            # What cannot be read is made again; nothing is lost but time.
            shutil.rmtree(self._folder(digest), ignore_errors=True)
            return None

    def put(self, digest: str, result: FitResult) -> None:
        """Store an outcome; one that is there already stays."""
        folder = self._folder(digest)
        if folder.exists():
            if self.is_read:
                return
            shutil.rmtree(folder)
        # Another run may have made the same outcome meanwhile; the two are equal.
        with suppress(FileExistsError):
            write_folder(folder, _files(result))
