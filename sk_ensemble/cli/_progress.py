"""How far the fits are: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from sk_ensemble.cli._screen import console, note
from sk_ensemble.cli._text import one_line

__all__ = ["progress_for"]

_Wrapper: TypeAlias = Callable[[Iterator[Any], int], AbstractContextManager[Any]]

#: Seconds between two plain lines.
_PAUSE = 5.0


def _failure(outcome: Any) -> str | None:
    reason = getattr(outcome, "reason", None)
    return None if reason is None else one_line(f"failed: {outcome.task}: {reason}")


def _drawing(results: Iterator[Any], bar: Progress, n_results: int) -> Iterator[Any]:
    task = bar.add_task("", total=n_results)
    for fit, outcome in results:
        failure = _failure(outcome)
        if failure is not None:
            bar.console.print(failure, style="red")
        bar.update(task, advance=1, description=one_line(fit.name))
        yield fit, outcome


@contextmanager
def _bar(results: Iterator[Any], n_results: int) -> Iterator[Iterator[Any]]:
    columns = (
        TextColumn("Fitting"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        yield _drawing(results, bar, n_results)


def _telling(results: Iterator[Any], n_results: int) -> Iterator[Any]:
    """Say from time to time how many there are; every failure at once."""
    told_at = time.monotonic()
    for number, (fit, outcome) in enumerate(results, start=1):
        failure = _failure(outcome)
        if failure is not None:
            note(failure)
        now = time.monotonic()
        if now - told_at >= _PAUSE or number == n_results:
            told_at = now
            note(f"{number} of {n_results} fits, the last one {fit.name}")
        yield fit, outcome


@contextmanager
def _lines(results: Iterator[Any], n_results: int) -> Iterator[Iterator[Any]]:
    yield _telling(results, n_results)


@contextmanager
def _nothing(results: Iterator[Any], n_results: int) -> Iterator[Iterator[Any]]:
    del n_results
    yield results


def progress_for(*, is_quiet: bool) -> _Wrapper:
    """Return how to show the outcomes of fits as they come.

    Parameters
    ----------
    is_quiet : bool
        Show nothing.
    """
    if is_quiet:
        return _nothing
    return _bar if sys.stderr.isatty() else _lines
