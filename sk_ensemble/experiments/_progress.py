"""A progress bar with the time left, or plain silence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sk_ensemble.utils.optional import import_optional

__all__ = ["no_progress", "rich_progress"]


@contextmanager
def no_progress(results: Iterator[Any], n_results: int) -> Iterator[Iterator[Any]]:
    """Pass the results on as they are.

    Parameters
    ----------
    results : iterator
        Results as they come.
    n_results : int
        How many there will be.

    Yields
    ------
    results : iterator
        The same.

    Examples
    --------
    >>> from sk_ensemble.experiments import no_progress
    >>> with no_progress(iter("ab"), 2) as results:
    ...     list(results)
    ['a', 'b']
    """
    del n_results
    yield results


@contextmanager
def rich_progress(results: Iterator[Any], n_results: int) -> Iterator[Iterator[Any]]:
    """Show how many of the results there are and how long the rest takes.

    Parameters
    ----------
    results : iterator
        Results as they come.
    n_results : int
        How many there will be.

    Yields
    ------
    results : iterator
        The same, drawing a bar in the terminal on the way.

    Raises
    ------
    ImportError
        If rich is not installed.

    Examples
    --------
    >>> from sk_ensemble.experiments import rich_progress
    >>> with rich_progress(iter("ab"), 2) as results:  # doctest: +ELLIPSIS
    ...     found = list(results)
    Fitting ...
    >>> found
    ['a', 'b']
    """
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
