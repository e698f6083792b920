"""A progress bar with the time left, or plain silence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sk_ensemble.utils.optional import import_optional

__all__ = ["no_progress", "rich_progress"]


@contextmanager
def no_progress(results: Iterator[Any], n_results: int) -> Iterator[Iterator[Any]]:
    """Pass the results on as they are."""
    del n_results
    yield results


@contextmanager
def rich_progress(results: Iterator[Any], n_results: int) -> Iterator[Iterator[Any]]:
    """Show how many of the results there are and how long the rest takes."""
    progress = import_optional("rich.progress", extra="experiments")
    columns = (
        progress.TextColumn("Fitting"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns) as bar:
        yield bar.track(results, total=n_results)
