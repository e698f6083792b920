"""Everything that can be wrong with the parquet splits, as sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray
from sk_ensemble.datasets._dataset_files import (
    inferred_features,
    is_numeric,
    open_split,
    read_columns,
)
from sk_ensemble.datasets._dataset_settings import DatasetSettings
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bars import (
    order_by_symbol_time,
    refuse_duplicate_keys,
    symbol_time_keys,
)
from sk_ensemble.utils.time import NAT, format_ns, to_utc_ns

__all__ = ["file_problems"]


class _Split(NamedTuple):
    """One file that could be opened."""

    name: str
    path: Path
    file: pq.ParquetFile

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self.file.schema_arrow

    def __str__(self) -> str:
        return f"{self.name} ({self.path})"


class _Keys(NamedTuple):
    """Keys and labels of a split, symbol by symbol, each in time order."""

    symbols: np.ndarray
    times: NanosecondArray
    rows: IntArray
    codes: IntArray
    labels: FloatArray
    ends: NanosecondArray | None


def _open(config: DatasetSettings, problems: list[str]) -> list[_Split]:
    """Open the files that can be opened."""
    splits = []
    for name, path in config.paths.items():
        try:
            splits.append(_Split(name, path, open_split(path)))
        except DataError as error:
            problems.append(f"{name} ({path}): {error}")
    return splits


def _column_problems(split: _Split, config: DatasetSettings) -> Iterator[str]:
    """Yield columns that are doubled, missing or of the wrong type."""
    names = split.schema.names
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        yield f"columns {twice} occur more than once. Rename or drop the copies."
        return
    needed = [config.time, config.symbol, config.label_column]
    absent = [name for name in needed if name not in names]
    if absent:
        yield f"there are no columns {absent}. The columns are {names}."
    features = inferred_features(split.schema, config)
    unknown = [name for name in features if name not in names]
    if unknown:
        yield f"there are no feature columns {unknown}. The columns are {names}."
    if not features:
        yield f"no integer or float column is left as a feature among {names}."
    for name in [config.label_column, *features]:
        if name in names and not is_numeric(split.schema.field(name).type):
            kind = split.schema.field(name).type
            yield f"column {name!r} must hold numbers, its type is {kind}. Convert it."


def _size_problems(split: _Split, config: DatasetSettings) -> Iterator[str]:
    """Yield what the footer says about the size, before anything is read."""
    rows = split.file.metadata.num_rows
    columns = len(inferred_features(split.schema, config)) + 4
    if not rows:
        yield "the file has no rows."
    if rows * columns > config.max_values:
        yield (
            f"{rows} rows x {columns} columns are more than max_values="
            f"{config.max_values}. Choose fewer features, or raise max_values."
        )


def _read_keys(split: _Split, config: DatasetSettings) -> _Keys:
    """Read and sort keys and labels of the chosen symbols."""
    columns = [config.time, config.symbol, config.label_column]
    has_ends = config.label_end_column in split.schema.names
    frame = read_columns(split.file, columns + [config.label_end_column] * has_ends)
    symbols, times = symbol_time_keys(frame, time=config.time, symbol=config.symbol)
    if config.include_symbols is not None:
        chosen = np.isin(symbols, np.array(config.include_symbols, dtype=object))
        frame, symbols, times = frame[chosen], symbols[chosen], times[chosen]
    sorting = order_by_symbol_time(symbols, times)
    order = sorting.order
    ends = None
    if has_ends:
        ends = to_utc_ns(frame[config.label_end_column], name=config.label_end_column)
        ends = ends[order]
    return _Keys(
        symbols=symbols[order],
        times=times[order],
        rows=frame.index.to_numpy()[order],
        codes=sorting.codes,
        labels=frame[config.label_column].to_numpy(np.float64, na_value=np.nan)[order],
        ends=ends,
    )


def _place(keys: _Keys, wrong: BoolArray) -> str:
    """Return how many rows are wrong, and where the first in the file is."""
    where = np.flatnonzero(wrong)
    i = where[np.argmin(keys.rows[where])]
    return (
        f"{len(where)} row(s), the first is row {keys.rows[i]} (symbol "
        f"{keys.symbols[i]!r}, {format_ns(keys.times[i])})"
    )


def _symbol_problems(keys: _Keys, config: DatasetSettings) -> Iterator[str]:
    """Yield chosen symbols that the split lacks."""
    present = set(keys.symbols)
    missing = [name for name in config.include_symbols or () if name not in present]
    if missing:
        yield f"there are no bars of the symbols {missing} of include_symbols."


def _duplicate_problems(keys: _Keys) -> Iterator[str]:
    """Yield duplicate bars."""
    codes, names = pd.factorize(keys.symbols)
    try:
        refuse_duplicate_keys(codes, keys.times, keys.rows, names)
    except DataError as error:
        yield str(error)


def _label_problems(keys: _Keys, config: DatasetSettings) -> Iterator[str]:
    """Yield labels that are none of the classes, and spans that go backward."""
    labelled = ~np.isnan(keys.labels)
    if not labelled.any():
        yield f"{config.label_column!r} is missing in every row."
    wrong = labelled & ~np.isin(keys.labels, (-1, 0, 1))
    if wrong.any():
        yield (
            f"{config.label_column!r} is none of -1, 0, 1 in {_place(keys, wrong)}: "
            f"{sorted(set(keys.labels[wrong]))[:5]}."
        )
    if keys.ends is None:
        return
    absent = labelled & (keys.ends == NAT)
    if absent.any():
        yield f"{config.label_end_column!r} is missing in {_place(keys, absent)}."
    backward = labelled & (keys.ends != NAT) & (keys.ends < keys.times)
    if backward.any():
        where = _place(keys, backward)
        yield f"{config.label_end_column!r} is before its bar in {where}."


def _value_problems(
    split: _Split, keys: _Keys, config: DatasetSettings
) -> Iterator[str]:
    """Yield features with infinite or overflowing values, column by column."""
    largest = np.finfo(config.dtype).max
    for name in inferred_features(split.schema, config):
        column = read_columns(split.file, [name])[name]
        values = column.to_numpy(np.float64, na_value=np.nan)[keys.rows]
        wrong = np.abs(values) > largest
        if wrong.any():
            first = values[wrong][np.argmin(keys.rows[wrong])]
            yield (
                f"feature {name!r} is infinite or too large for {config.dtype} in "
                f"{_place(keys, wrong)}: {first!r}. Replace it, or make it NaN."
            )


def _zone(split: _Split, config: DatasetSettings) -> str | None:
    """Return the time zone of the time column, or None for naive times."""
    return getattr(split.schema.field(config.time).type, "tz", None)


def _zone_problems(splits: list[_Split], config: DatasetSettings) -> Iterator[str]:
    """Yield a mix of naive and aware times."""
    kinds = {
        str(split): str(split.schema.field(config.time).type)
        for split in splits
        if config.time in split.schema.names
    }
    aware = {"tz=" in kind for kind in kinds.values()}
    if len(aware) > 1:
        yield (
            f"{config.time!r} is naive in some files and aware in others: {kinds}. "
            "Write all of them in UTC."
        )


def _feature_problems(splits: list[_Split], config: DatasetSettings) -> Iterator[str]:
    """Yield features that the first split has and another lacks, and vice versa."""
    reference, *others = splits
    expected = inferred_features(reference.schema, config)
    for split in others:
        found = inferred_features(split.schema, config)
        lacking = [
            f"{name!r} (there as {split.schema.field(name).type})"
            if name in split.schema.names
            else repr(name)
            for name in expected
            if name not in found
        ]
        extra = [repr(name) for name in found if name not in expected]
        if lacking or extra:
            yield (
                f"{split} lacks the features [{', '.join(lacking)}] of "
                f"{reference.name} and has [{', '.join(extra)}] beside them."
            )


def _order_problems(
    earlier: tuple[_Split, _Keys], later: tuple[_Split, _Keys]
) -> Iterator[str]:
    """Yield an overlap of two splits in time."""
    last, first = earlier[1].times.max(), later[1].times.min()
    if last >= first:
        yield (
            f"{earlier[0].name} and {later[0].name} overlap in time: the last bar of "
            f"{earlier[0]} is at {format_ns(last)}, the first of {later[0]} at "
            f"{format_ns(first)}. Each split must end before the next begins."
        )


def _bars_left(keys: _Keys) -> IntArray:
    """Return how many bars of the same symbol follow each bar in the split."""
    last = np.searchsorted(keys.codes, keys.codes, side="right") - 1
    return last - np.arange(len(keys.codes))


def _span_problems(
    earlier: tuple[_Split, _Keys], later: tuple[_Split, _Keys], config: DatasetSettings
) -> Iterator[str]:
    """Yield labels that reach, or may reach, into the next split."""
    (split, keys), (after, next_keys) = earlier, later
    labelled = ~np.isnan(keys.labels)
    if keys.ends is not None:
        first = next_keys.times.min()
        crossing = labelled & (keys.ends >= first)
        if crossing.any():
            yield (
                f"labels of {split} end at or after the first bar of {after.name}, "
                f"{format_ns(first)}, in {_place(keys, crossing)}. Empty these labels."
            )
        return
    open_ended = labelled & (_bars_left(keys) < config.horizon)
    if open_ended.any() and not config.purged_upstream:
        yield (
            f"labels of {split} end after its last bar, so they may reach into "
            f"{after.name}: among the last {config.horizon} bars of their symbol are "
            f"{_place(keys, open_ended)}. Empty these labels, add the column "
            f"{config.label_end_column!r}, or set purged_upstream=True if bars were "
            "dropped between the splits."
        )


def _collect(
    problems: list[str], prefix: str, check: Callable[..., Iterator[str]], *args: Any
) -> bool:
    """Append the problems that a check finds; return whether there were none."""
    before = len(problems)
    try:
        problems.extend(f"{prefix}{problem}" for problem in check(*args))
    except DataError as error:
        problems.append(f"{prefix}{error}")
    return len(problems) == before


def _checked_keys(
    split: _Split, config: DatasetSettings, problems: list[str]
) -> _Keys | None:
    """Check one file; return its keys if they could be read."""
    prefix = f"{split}: "
    readable = _collect(problems, prefix, _column_problems, split, config)
    readable &= _collect(problems, prefix, _size_problems, split, config)
    if not readable:
        return None
    try:
        keys = _read_keys(split, config)
    except DataError as error:
        problems.append(f"{prefix}{error}")
        return None
    _collect(problems, prefix, _symbol_problems, keys, config)
    if not len(keys.times):
        return None
    _collect(problems, prefix, _duplicate_problems, keys)
    _collect(problems, prefix, _label_problems, keys, config)
    _collect(problems, prefix, _value_problems, split, keys, config)
    return keys


def file_problems(config: DatasetSettings) -> list[str]:
    """Return every problem of the three files, alone and with each other."""
    problems: list[str] = []
    splits = _open(config, problems)
    found = [(split, _checked_keys(split, config, problems)) for split in splits]
    _collect(problems, "", _zone_problems, splits, config)
    if splits:
        _collect(problems, "", _feature_problems, splits, config)
    usable = [(split, keys) for split, keys in found if keys is not None]
    for earlier, later in pairwise(usable):
        in_order = _collect(problems, "", _order_problems, earlier, later)
        if in_order:
            _collect(problems, "", _span_problems, earlier, later, config)
    return problems
