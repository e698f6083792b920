"""Predict a table of any size, from file to file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments import PredictionOutput
from sk_ensemble.experiments._labels import PROBA_COLUMNS
from sk_ensemble.production._predict_chunks import ChunkPredictor, refuse_missing
from sk_ensemble.production._predict_model import served_model
from sk_ensemble.utils.files import write_whole

__all__ = ["predict_file"]


def _opened(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        msg = f"There is no file {path}. Check the path."
        raise DataError(msg)
    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        msg = f"{path} is no readable parquet file ({error}). Write it again."
        raise DataError(msg) from error


def _needed(file: pq.ParquetFile, names: Sequence[str], keys: Sequence[str]) -> Any:
    """Return the columns to read, refusing a file that lacks one."""
    have = file.schema_arrow.names
    absent = [key for key in keys if key not in have]
    if absent:
        msg = f"There are no columns {absent}; the columns are {have}. Name yours."
        raise DataError(msg)
    refuse_missing(have, names)
    return [*keys, *names]


def _frames(
    path: Path, names: Sequence[str], keys: Sequence[str], chunk_size: int
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield some rows at a time with the row at which they start."""
    with _opened(path) as file:
        columns = _needed(file, names, keys)
        start = 0
        try:
            for batch in file.iter_batches(chunk_size, columns=columns):
                if batch.num_rows:
                    yield start, batch.to_pandas()
                start += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            msg = f"It is damaged and cannot be read ({error}). Write it again."
            raise DataError(msg) from error


def _symbol_type(path: Path, symbol: str) -> pa.DataType:
    """Return the type of the symbols in a file, categories taken as their values."""
    with _opened(path) as file:
        schema = file.schema_arrow
        kind = schema.field(symbol).type if symbol in schema.names else pa.string()
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _schema(symbol_type: pa.DataType) -> pa.Schema:
    """Return the columns of an output, which do not depend on what is in it."""
    numbers = [("horizon", pa.int64()), ("prediction", pa.int64())]
    floats = [(name, pa.float64()) for name in ("uncertainty", *PROBA_COLUMNS)]
    keys = [("symbol", symbol_type), ("datetime", pa.timestamp("ns", tz="UTC"))]
    return pa.schema([*keys, *numbers, *floats])


class _Naming:
    """Put file and first row of a part in front of a complaint about it."""

    def __init__(self, path: Path) -> None:
        self.path, self.start = path, 0

    def __enter__(self) -> _Naming:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, DataError) and str(self.path) not in str(error):
            part = f" (rows are counted from row {self.start})" if self.start else ""
            msg = f"{self.path}{part}: {error}"
            raise DataError(msg) from error


def _remember(
    predictor: ChunkPredictor,
    path: Path,
    names: Sequence[str],
    keys: Sequence[str],
    chunk_size: int,
) -> None:
    """Take the bars of a file as history."""
    with _Naming(path) as at:
        for at.start, frame in _frames(path, names, keys, chunk_size):
            predictor.remember(frame)


def _refuse_empty(path: Path) -> None:
    with _Naming(path), _opened(path) as file:
        if not file.metadata.num_rows:
            msg = "The file has no rows, so there is nothing to predict."
            raise DataError(msg)


def _outputs(
    predictor: ChunkPredictor,
    path: Path,
    frames: Iterator[tuple[int, pd.DataFrame]],
    progress: Callable[[int], Any] | None,
) -> Iterator[PredictionOutput]:
    """Yield the predictions of each part."""
    with _Naming(path) as at:
        for at.start, frame in frames:
            yield predictor.predict(frame)
            if progress is not None:
                progress(at.start + len(frame))


def _write(path: Path, schema: pa.Schema, outputs: Iterator[PredictionOutput]) -> int:
    """Write predictions as groups of rows, and return how many there are."""
    n_rows = 0
    with pq.ParquetWriter(
        path, schema, write_page_checksum=True, compression="zstd"
    ) as writer:
        for output in outputs:
            table = pa.Table.from_pandas(
                output.to_dataframe(), schema=schema, preserve_index=False
            )
            writer.write_table(table)
            n_rows += len(output)
    return n_rows


def predict_file(
    model: Any,
    data: str | Path,
    out: str | Path,
    *,
    history: str | Path | None = None,
    chunk_size: int = 100_000,
    features: Sequence[str] | None = None,
    horizon: int | None = None,
    min_history: int | None = None,
    max_gap: Any = None,
    dtype: Any = "float32",
    time: str = "datetime",
    symbol: str = "symbol",
    progress: Callable[[int], Any] | None = None,
) -> int:
    """Predict the bars of a parquet file of any size into another file.

    The file is read and predicted some rows at a time. Windows reach back across the
    cuts, so the predictions are those of `predict`, bit for bit.

    Parameters
    ----------
    model : estimator, str, path-like or ModelVersion
        As in `predict`.
    data : str or Path
        Parquet file of bars: symbols mixed in any way, the bars of each in the order
        of time. Features are found by name; other columns are not read.
    out : str or Path
        Parquet file to be, with the columns of `PredictionOutput.to_dataframe`; rows
        in the order of `data`. It appears when it is complete.
    history : str, Path or None, default=None
        Parquet file of earlier bars, which are not predicted.
    chunk_size : int, default=100000
        Rows at a time.
    features : list of str or None, default=None
        Names of the features in the order of fit, as in `predict`.
    horizon : int or None, default=None
        Bars ahead, for the output, as in `predict`.
    min_history : int or None, default=None
        Bars that a symbol needs to be predicted; None: as many as fill the window.
    max_gap : str, Timedelta or None, default=None
        A longer step between two bars of a symbol starts a new segment.
    dtype : {"float32", "float64"}, default="float32"
        Type of the features, as in the panel of training.
    time : str, default="datetime"
        Column with the times.
    symbol : str, default="symbol"
        Column with the symbols.
    progress : callable or None, default=None
        Called with the number of rows done, after each part.

    Returns
    -------
    n_predictions : int
        Rows of the new file.

    Raises
    ------
    DataError
        As `predict`, and if a file is missing or damaged, has no rows, or a symbol's
        bars are not in the order of time; names the file. An older `out` is untouched.

    See Also
    --------
    predict : The same for a frame.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble import Panel, create
    >>> from sk_ensemble.datasets import load_bars
    >>> from sk_ensemble.production import predict_file
    >>> folder = tempfile.TemporaryDirectory()
    >>> data, out = Path(folder.name) / "new.parquet", Path(folder.name) / "out.parquet"
    >>> bars = load_bars(symbols=["IF"], start="2021-10")
    >>> bars.to_parquet(data)
    >>> panel = Panel.from_frame(bars, features=["close"])
    >>> model = create("prior").fit(panel, [0, 1] * (len(panel) // 2))
    >>> predict_file(model, data, out, chunk_size=100) == len(bars)
    True
    >>> folder.cleanup()
    """
    if chunk_size < 1:
        msg = f"chunk_size must be at least 1 row, got {chunk_size}."
        raise DataError(msg)
    served = served_model(
        model,
        features=features,
        horizon=horizon,
        min_history=min_history,
        max_gap=max_gap,
        dtype=dtype,
    )
    predictor = ChunkPredictor(served, time=time, symbol=symbol)
    source, keys = Path(data), (symbol, time)
    if history is not None:
        _remember(predictor, Path(history), served.features, keys, chunk_size)
    _refuse_empty(source)
    schema = _schema(_symbol_type(source, symbol))
    outputs = _outputs(
        predictor, source, _frames(source, served.features, keys, chunk_size), progress
    )
    counts: list[int] = []
    write_whole(Path(out), lambda to: counts.append(_write(to, schema, outputs)))
    return counts[0]
