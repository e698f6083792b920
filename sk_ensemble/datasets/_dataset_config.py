"""Where the splits of an upstream pipeline lie, and how they are to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sk_ensemble.datasets._dataset_checks import file_problems
from sk_ensemble.datasets._dataset_settings import DatasetSettings
from sk_ensemble.exceptions import ConfigError, DataError

__all__ = ["DatasetConfig"]


def _is_count(value: Any) -> bool:
    """Tell whether a value is a whole number of at least 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _names_problem(name: str, names: Any) -> str | None:
    """Return what is wrong with an optional list of names."""
    if names is None:
        return None
    if isinstance(names, str) or not isinstance(names, Sequence):
        return f"{name} must be a list or None, got {names!r}."
    if not names:
        return f"{name} is empty. Use None for all of them."
    twice = sorted({str(one) for one in names if list(names).count(one) > 1})
    return f"{name} names {twice} more than once." if twice else None


@dataclass(frozen=True)
class DatasetConfig(DatasetSettings):
    """Say where three parquet splits lie, and how to read them.

    Parameters
    ----------
    train_path, val_path, test_path : str or Path
        Parquet files with one bar per row: a time column, a symbol column, numeric
        features, and a label column ``label_h<horizon>`` (-1, 0, 1, or missing). A
        column ``label_end_h<horizon>`` may hold the time at which the label is known.
    sequence_length : int, default=60
        Bars in a window.
    horizon : int, default=5
        Bars from a bar to the end of its label; chooses the label column.
    exclude_neutrals : bool, default=False
        Leave out samples with label 0, from the training split only.
    include_symbols : list of str or None, default=None
        Symbols to read; None reads all.
    features : list of str or None, default=None
        Feature columns; None takes all integer and float columns but the keys and
        those whose names start with ``label``.
    time : str, default="datetime"
        Column with the time of each bar; naive times are UTC.
    symbol : str, default="symbol"
        Column with the symbol of each bar.
    dtype : {"float32", "float64"}, default="float32"
        Type of the features in memory.
    purged_upstream : bool, default=False
        Vouch for it that the upstream pipeline dropped enough bars between the splits
        for no label to reach into the next one. Needed only where the last bars of a
        split have labels and there is no ``label_end_h<horizon>`` column to show it.
    max_values : int, default=1_000_000_000
        Largest number of values (rows x columns to read) accepted per file. It is
        compared with the file's footer before anything is read, as a file of a few
        kilobytes can unfold to more than the memory.

    See Also
    --------
    TimeSeriesDataset : Read the splits.

    Examples
    --------
    >>> from sk_ensemble.datasets import DatasetConfig
    >>> files = ("train.parquet", "val.parquet", "test.parquet")
    >>> config = DatasetConfig(*files, horizon=20)
    >>> config.label_column, config.label_end_column
    ('label_h20', 'label_end_h20')
    """

    def _setting_problems(self) -> Iterator[str]:
        """Yield what is wrong with the settings themselves."""
        for name in ("sequence_length", "horizon", "max_values"):
            value = getattr(self, name)
            if not _is_count(value):
                yield f"{name} must be an integer of at least 1, got {value!r}."
        for name in ("exclude_neutrals", "purged_upstream"):
            if not isinstance(getattr(self, name), bool):
                yield f"{name} must be True or False, got {getattr(self, name)!r}."
        for name in ("include_symbols", "features"):
            problem = _names_problem(name, getattr(self, name))
            if problem:
                yield problem
        if self.dtype not in ("float32", "float64"):
            yield f"dtype must be 'float32' or 'float64', got {self.dtype!r}."
        if self.time == self.symbol:
            yield f"time and symbol both name the column {self.time!r}."

    def _path_problems(self) -> Iterator[str]:
        """Yield what is wrong with the paths as such."""
        given = {"train_path": self.train_path, "val_path": self.val_path}
        for name, path in {**given, "test_path": self.test_path}.items():
            if not isinstance(path, str | Path):
                yield f"{name} must be a str or Path, got {path!r}."
                return
        resolved = [path.resolve() for path in self.paths.values()]
        if len(set(resolved)) < len(resolved):
            shown = {split: str(path) for split, path in self.paths.items()}
            yield f"Two splits are the same file: {shown}."

    def validate(self) -> None:
        """Check settings and files, and report every problem at once.

        Looks for settings out of range; files that are missing, damaged, empty or too
        large; columns that are missing, doubled or of the wrong type; faulty times,
        symbols and labels; duplicate bars; infinite or overflowing features; features
        that differ between the splits; splits that overlap in time; and labels that
        reach into the next split.

        Raises
        ------
        ConfigError
            If a setting is wrong. Files are read as far as the settings allow, and
            their problems are listed too.
        DataError
            If the settings are fine and the files are not.

        Notes
        -----
        A label reaches into the next split if it ends at or after the first bar of
        that split, of whatever symbol. Without a ``label_end_h<horizon>`` column the
        last `horizon` bars of each symbol must have no label in the training and
        validation splits, unless `purged_upstream` is set.
        """
        paths = list(self._path_problems())
        settings = [*paths, *self._setting_problems()]
        can_read = not paths and _is_count(self.horizon)
        files = list(file_problems(self)) if can_read else []
        problems = [*settings, *files]
        if problems:
            lines = "\n".join(f"- {problem}" for problem in problems)
            error = ConfigError if settings else DataError
            raise error(f"{len(problems)} problem(s) with the dataset:\n{lines}")
