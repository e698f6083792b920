"""Read panels from parquet, and keep decoded bars in memory-mapped files.

A cache folder holds two raw arrays, the block and the times, and a description in
JSON; the rest of a history follows from these.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sk_ensemble._typing import FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._from_frame import (
    check_dtype,
    feature_columns,
    history_of_columns,
)
from sk_ensemble.panel._history import History, history_of_sorted_bars
from sk_ensemble.utils.bars import coded_symbol_time_keys
from sk_ensemble.utils.memory import readable_size

__all__ = ["history_from_parquet", "open_parquet"]

_CACHE_FORMAT = 2

#: Bytes per bar for keys and sorting, beside the features.
_KEY_BYTES = 64


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the name of the file in front of every complaint about its content."""
    try:
        yield
    except DataError as error:
        if str(path) in str(error):
            raise
        msg = f"{path}: {error}"
        raise DataError(msg) from error


def open_parquet(path: Path, *, categories: Sequence[str] = ()) -> pq.ParquetFile:
    """Open a parquet file, naming it if it is missing or damaged.

    Parameters
    ----------
    path : Path
        The file.
    categories : sequence of str, default=()
        Text columns to read as categories, each distinct value once.

    Raises
    ------
    DataError
        If there is no readable parquet file at `path`.
    """
    if not path.is_file():
        msg = f"There is no file {path}. Check the path."
        raise DataError(msg)
    try:
        return pq.ParquetFile(
            path, read_dictionary=list(categories), page_checksum_verification=True
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        msg = f"{path} is no readable parquet file ({error}). Write it again."
        raise DataError(msg) from error


def _read(file: pq.ParquetFile, path: Path, columns: list[str]) -> pa.Table:
    """Read some columns, naming the file if it is damaged."""
    try:
        return file.read(columns=columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        msg = f"{path} is damaged and cannot be read ({error}). Write it again."
        raise DataError(msg) from error


def _refuse_no_numbers(schema: pa.Schema, names: list[str]) -> None:
    """Raise before reading features that hold no numbers."""
    bad = {name: str(schema.field(name).type) for name in names}
    bad = {n: t for n, t in bad.items() if not _is_numeric(schema.field(n).type)}
    if bad:
        listed = ", ".join(f"{name!r} ({kind})" for name, kind in bad.items())
        msg = (
            f"Features that are no numbers: {listed}. Leave them out with "
            "features=[...], or encode them first."
        )
        raise DataError(msg)


def _is_numeric(kind: pa.DataType) -> bool:
    """Tell whether a column of a parquet file can be a feature."""
    types = pa.types
    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    return any(test(kind) for test in tests)


def _read_feature(file: pq.ParquetFile, path: Path, name: str) -> pd.Series:
    """Read one feature as numbers, null as NaN."""
    column = _read(file, path, [name])[name]
    if pa.types.is_boolean(column.type) or pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    values: pd.Series = column.to_pandas()
    return values.rename(name)


def _physical_memory() -> float:
    """Return the bytes of memory of this machine, where it can be asked."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return np.inf


def _stored_bytes(file: pq.ParquetFile, names: set[str]) -> int:
    """Return the declared bytes of some columns, decompressed."""
    groups = range(file.metadata.num_row_groups)
    chunks = (
        file.metadata.row_group(group).column(number)
        for group in groups
        for number in range(file.metadata.num_columns)
    )
    return sum(c.total_uncompressed_size for c in chunks if c.path_in_schema in names)


def _refuse_too_large(
    file: pq.ParquetFile, path: Path, n_feature_bytes: int, keys: tuple[str, str]
) -> None:
    """Raise before reading a table that cannot fit (its file may be tiny)."""
    n_rows = file.metadata.num_rows
    needed = n_rows * (n_feature_bytes + _KEY_BYTES) + _stored_bytes(file, set(keys))
    if needed > _physical_memory():
        msg = (
            f"{path} declares {n_rows} rows, about {readable_size(needed)} decoded, "
            f"and this machine has {readable_size(_physical_memory())} of memory. Read "
            "fewer columns with features=[...], split the file, or use cache_dir=, "
            "which keeps the features on disk."
        )
        raise DataError(msg)


@dataclass(frozen=True)
class _Source:
    """A parquet file and how it is read; see `Panel.from_parquet`."""

    path: Path
    features: list[str] | None
    time: str
    symbol: str
    dtype: np.dtype[Any]

    def read(self, *, max_gap: Any, folder: Path | None = None) -> History:
        """Decode the file column by column, into a folder's block file if given."""
        file = open_parquet(self.path, categories=[self.symbol])
        names = self._feature_names(file)
        on_disk = folder is not None
        n_feature_bytes = 8 if on_disk else 8 + len(names) * self.dtype.itemsize
        keys = (self.symbol, self.time)
        _refuse_too_large(file, self.path, n_feature_bytes, keys)
        return history_of_columns(
            partial(self._read_keys, file),
            names,
            partial(_read_feature, file, self.path),
            max_gap=max_gap,
            dtype=self.dtype,
            allocate=partial(_new_block, folder) if folder else np.empty,
        )

    def _read_keys(self, file: pq.ParquetFile) -> tuple[Any, NanosecondArray]:
        """Read symbols and times, refusing a file without rows."""
        table = _read(file, self.path, [self.symbol, self.time]).to_pandas()
        if not len(table):
            msg = "The file has no rows, so there is nothing to build a panel from."
            raise DataError(msg)
        return coded_symbol_time_keys(table, time=self.time, symbol=self.symbol)

    def _feature_names(self, file: pq.ParquetFile) -> list[str]:
        """Choose the features and refuse what is no number, from the schema alone."""
        schema = file.schema_arrow
        keys = (self.time, self.symbol)
        absent = [name for name in keys if name not in schema.names]
        if absent:
            msg = (
                f"The file has no columns {absent}; it has {schema.names}. Name yours "
                "with the time= and symbol= arguments."
            )
            raise DataError(msg)
        names = feature_columns(_without_index(schema), self.features, keys)
        _refuse_no_numbers(schema, names)
        return names

    def cache_name(self) -> str:
        """Return one name for the file's bytes and the way they are read."""
        open_parquet(self.path)
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        settings = [_CACHE_FORMAT, self.features, self.time, self.symbol]
        digest.update(json.dumps([*settings, self.dtype.name]).encode())
        return digest.hexdigest()


def _without_index(schema: pa.Schema) -> list[str]:
    """Return the columns but for an index that pandas has stored without a name."""
    return [name for name in schema.names if not name.startswith("__index_level_")]


def _new_block(folder: Path, shape: tuple[int, int], dtype: np.dtype[Any]) -> Any:
    """Make the file that the block is decoded into."""
    needed = shape[0] * shape[1] * dtype.itemsize
    free = shutil.disk_usage(folder).free
    if needed > free:
        msg = (
            f"The decoded bars take {readable_size(needed)} and {folder.parent} has "
            f"{readable_size(free)} left. Choose another cache_dir, or fewer features."
        )
        raise DataError(msg)
    return np.memmap(folder / "block.raw", dtype=dtype, mode="w+", shape=shape)


def _sync(path: Path) -> None:
    """Wait until a file is on disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _write_cache(source: _Source, folder: Path) -> None:
    """Decode into a scratch folder, then move it into place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=".writing-", dir=folder.parent, ignore_cleanup_errors=True
    ) as name:
        scratch = Path(name)
        _describe(source.read(max_gap=None, folder=scratch), scratch)
        for path in scratch.iterdir():
            _sync(path)
        try:
            scratch.rename(folder)
        except OSError:
            # Another process was first; its files hold the same content.
            if not folder.is_dir():
                raise


def _describe(history: History, folder: Path) -> None:
    """Write what belongs to a block that lies in the folder already."""
    cast(np.memmap, history.block).flush()
    history.stamps.tofile(folder / "times.raw")
    description = {
        "dtype": history.block.dtype.name,
        "columns": list(history.columns or ()),
        "symbol_names": history.symbol_names.tolist(),
        "symbol_bounds": history.symbol_bounds.tolist(),
    }
    (folder / "description.json").write_text(json.dumps(description))


def _map_array(path: Path, dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Memory-map one array after checking that the file has its size."""
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    size = path.stat().st_size
    if size != expected:
        msg = f"{path.name} has {size} bytes instead of {expected}"
        raise ValueError(msg)
    return np.memmap(path, dtype=dtype, mode="r", shape=shape)


def _check_bounds(bounds: IntArray, names: np.ndarray) -> None:
    """Raise if the symbols do not divide the bars among them."""
    if len(bounds) != len(names) + 1 or bounds[0] or (np.diff(bounds) < 1).any():
        msg = "the symbols and their bounds do not fit"
        raise ValueError(msg)


def _check_times(times: NanosecondArray, bounds: IntArray) -> None:
    """Raise if the times of some symbol do not ascend."""
    ascending = np.diff(times) > 0
    ascending[bounds[1:-1] - 1] = True
    if not ascending.all():
        msg = "the times are not in order"
        raise ValueError(msg)


def _map_block(description: dict[str, Any], folder: Path, n_bars: int) -> FloatArray:
    """Memory-map the block."""
    shape = n_bars, len(description["columns"])
    return _map_array(folder / "block.raw", check_dtype(description["dtype"]), shape)


def _read_cache(folder: Path, *, max_gap: Any) -> History:
    """Open the cached arrays as memory maps."""
    try:
        description = json.loads((folder / "description.json").read_text())
        names = np.array(description["symbol_names"], dtype=object)
        bounds = np.array(description["symbol_bounds"], dtype=np.int64)
        _check_bounds(bounds, names)
        n_bars = int(bounds[-1])
        block = _map_block(description, folder, n_bars)
        times = np.asarray(_map_array(folder / "times.raw", np.int64, (n_bars,)))
        _check_times(times, bounds)
        columns = tuple(description["columns"])
    except (OSError, LookupError, TypeError, ValueError) as error:
        msg = (
            f"The cached bars in {folder} are damaged ({error}). Delete the folder; "
            "it is made again from the parquet file."
        )
        raise DataError(msg) from error
    return history_of_sorted_bars(block, times, names, bounds, columns, max_gap=max_gap)


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
    chosen = [features] if isinstance(features, str) else features
    source = _Source(
        path,
        None if chosen is None else list(chosen),
        time,
        symbol,
        check_dtype(dtype),
    )
    with _naming(path):
        if cache_dir is None:
            return source.read(max_gap=max_gap)
        folder = cache_dir / source.cache_name()
        if not folder.is_dir():
            _write_cache(source, folder)
        return _read_cache(folder, max_gap=max_gap)
