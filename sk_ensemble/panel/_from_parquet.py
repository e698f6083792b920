"""Read panels from parquet, and keep decoded bars in memory-mapped files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._from_frame import check_dtype, history_from_frame
from sk_ensemble.panel._history import History

__all__ = ["history_from_parquet", "open_parquet"]

_CACHE_FORMAT = 1
_CACHED_ARRAYS = ("block", "times", "symbol_codes", "symbol_bounds", "segment_start")


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a parquet file, naming it if it is missing or damaged.

    Raises
    ------
    DataError
        If there is no readable parquet file at `path`.
    """
    if not path.is_file():
        msg = f"There is no file {path}. Check the path."
        raise DataError(msg)
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        msg = f"{path} is no readable parquet file ({error}). Write it again."
        raise DataError(msg) from error


def _physical_memory() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _refuse_too_large(file: pq.ParquetFile, path: Path, n_columns: int) -> None:
    """Raise before reading a table that cannot fit (its file may be tiny)."""
    needed = file.metadata.num_rows * n_columns * 8
    if needed > _physical_memory():
        msg = (
            f"{path} declares {file.metadata.num_rows} rows x {n_columns} columns, "
            f"about {needed / 2**30:.1f} GiB decoded, more than this machine has. "
            "Read fewer columns with features=[...], or split the file."
        )
        raise DataError(msg)


def _read_frame(
    path: Path, features: Sequence[str] | None, keys: tuple[str, str]
) -> pd.DataFrame:
    """Read the key columns and the features."""
    file = open_parquet(path)
    names = file.schema_arrow.names
    wanted = list(names) if features is None else [*dict.fromkeys([*keys, *features])]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        msg = f"{path} has no columns {unknown}; it has {names}."
        raise DataError(msg)
    _refuse_too_large(file, path, len(wanted))
    try:
        return file.read(columns=wanted).to_pandas()
    except (pa.ArrowInvalid, OSError) as error:
        msg = f"{path} is damaged and cannot be read ({error}). Write it again."
        raise DataError(msg) from error


def _content_hash(path: Path, settings: dict[str, Any]) -> str:
    """Return one name for the file's bytes and the way they are read."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()


def _write_cache(history: History, folder: Path) -> None:
    """Write the arrays raw, beside a description, then move them into place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
    arrays = {name: getattr(history, name) for name in _CACHED_ARRAYS}
    for name, array in arrays.items():
        array.tofile(scratch / f"{name}.raw")
    description = {
        "arrays": {n: [a.dtype.str, list(a.shape)] for n, a in arrays.items()},
        "symbol_names": history.symbol_names.tolist(),
        "columns": list(history.columns or ()),
    }
    (scratch / "description.json").write_text(json.dumps(description))
    try:
        scratch.rename(folder)
    except OSError:
        # Another process was first; its files hold the same content.
        shutil.rmtree(scratch, ignore_errors=True)
        if not folder.is_dir():
            raise


def _map_array(path: Path, dtype: str, shape: list[int]) -> np.ndarray:
    """Memory-map one array after checking that the file has its size."""
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if not path.is_file() or path.stat().st_size != expected:
        msg = (
            f"The cached bars in {path} are damaged ({expected} bytes expected). "
            f"Delete the folder {path.parent}; it is made again from the parquet file."
        )
        raise DataError(msg)
    return np.memmap(path, dtype=dtype, mode="r", shape=tuple(shape))


def _read_cache(folder: Path) -> History:
    """Open the cached arrays as memory maps."""
    try:
        description = json.loads((folder / "description.json").read_text())
        names = np.array(description["symbol_names"], dtype=object)
        arrays = description["arrays"].items()
        mapped = {n: _map_array(folder / f"{n}.raw", *spec) for n, spec in arrays}
        return History(
            symbol_names=names, columns=tuple(description["columns"]), **mapped
        )
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        msg = f"The cached bars in {folder} are damaged ({error!r}). Delete the folder."
        raise DataError(msg) from error


def history_from_parquet(
    path: Path,
    *,
    features: Sequence[str] | None,
    time: str,
    symbol: str,
    max_gap: Any,
    dtype: Any,
    cache_dir: Path | None,
) -> History:
    """Build the history of a parquet file; see `Panel.from_parquet`."""

    def decode() -> History:
        frame = _read_frame(path, features, (symbol, time))
        return history_from_frame(
            frame,
            features=features,
            time=time,
            symbol=symbol,
            max_gap=max_gap,
            dtype=dtype,
        )[0]

    if cache_dir is None:
        return decode()
    open_parquet(path)
    settings = {
        "format": _CACHE_FORMAT,
        "features": None if features is None else list(features),
        "keys": [time, symbol],
        "max_gap": None if max_gap is None else str(pd.Timedelta(max_gap)),
        "dtype": check_dtype(dtype).name,
    }
    folder = cache_dir / _content_hash(path, settings)
    if not folder.is_dir():
        _write_cache(decode(), folder)
    return _read_cache(folder)
