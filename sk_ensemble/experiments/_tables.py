"""Tables on disk: parquet with checksums, so that damage never goes unseen."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sk_ensemble.exceptions import DataError

__all__ = ["pieces_bytes", "read_table", "table_bytes"]


def table_bytes(frame: pd.DataFrame) -> bytes:
    """Return the columns of a frame as a parquet file; its index is left out."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, write_page_checksum=True, compression="zstd")
    return buffer.getvalue()


def pieces_bytes(pieces: Iterable[pd.DataFrame]) -> bytes:
    """Return frames with the same columns, one after the other, as a parquet file.

    A large table never has to be there as a whole: each frame is a group of rows.
    """
    buffer = io.BytesIO()
    writer = None
    for piece in pieces:
        schema = None if writer is None else writer.schema
        table = pa.Table.from_pandas(piece, schema=schema, preserve_index=False)
        if writer is None:
            writer = pq.ParquetWriter(
                buffer, table.schema, write_page_checksum=True, compression="zstd"
            )
        writer.write_table(table)
    if writer is None:
        msg = "There is no frame to write, not even an empty one."
        raise ValueError(msg)
    writer.close()
    return buffer.getvalue()


def _missing(have: Sequence[str], wanted: Sequence[str]) -> list[str]:
    return [name for name in wanted if name not in have]


def read_table(path: Path, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read some columns of a file that `table_bytes` made; all by default.

    Raises
    ------
    DataError
        If the file is missing or damaged, or lacks a column; names it.
    """
    if not path.is_file():
        msg = f"There is no file {path}. Check the path."
        raise DataError(msg)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            missing = _missing(file.schema_arrow.names, columns)
            table = None if missing else file.read(columns=list(columns) or None)
    except (pa.ArrowException, OSError, ValueError) as error:
        msg = f"{path} is damaged and cannot be read ({error}). Make it again."
        raise DataError(msg) from error
    if table is None:
        msg = f"{path} lacks the columns {missing}. Is it the file you meant?"
        raise DataError(msg)
    frame: pd.DataFrame = table.to_pandas()
    return frame
