"""Read the parquet file of one split, as far as it is needed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sk_ensemble.datasets._dataset_settings import DatasetSettings
from sk_ensemble.exceptions import DataError

__all__ = ["inferred_features", "is_numeric", "open_split", "read_columns"]


def open_split(path: Path) -> pq.ParquetFile:
    """Open a parquet file, reading its footer only."""
    if not path.is_file():
        raise DataError("there is no such file. Check the path.")
    if not path.stat().st_size:
        raise DataError("the file is empty (0 bytes). Write it again.")
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        msg = f"this is no readable parquet file ({error}). Write it again."
        raise DataError(msg) from error


def is_numeric(kind: pa.DataType) -> bool:
    """Tell whether a column type can be a feature."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def inferred_features(schema: pa.Schema, config: DatasetSettings) -> list[str]:
    """Return the given features, else all numeric columns that may be features."""
    if config.features is not None:
        return list(config.features)
    return [
        field.name
        for field in schema
        if is_numeric(field.type)
        and field.name not in (config.time, config.symbol)
        and not field.name.startswith(("label", "__index_level_"))
    ]


def read_columns(file: pq.ParquetFile, columns: list[str]) -> pd.DataFrame:
    """Read some columns; the index of the frame is the row number in the file."""
    try:
        table = file.read(columns=columns)
    except (pa.ArrowException, OSError) as error:
        msg = f"the file is damaged and cannot be read ({error}). Write it again."
        raise DataError(msg) from error
    return table.to_pandas(ignore_metadata=True)
