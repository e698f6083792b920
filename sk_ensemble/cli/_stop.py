"""End in good order on Ctrl-C and SIGTERM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from sk_ensemble.cli._screen import note

__all__ = ["stoppable"]

#: Exit codes.
_INTERRUPTED = 130
_TERMINATED = 143


@contextmanager
def stoppable(go_on: str) -> Iterator[None]:
    """Say how to go on when the block is asked to stop, and exit as is usual then.

    Parameters
    ----------
    go_on : str
        A sentence for the user.
    """
    from sk_ensemble.experiments._signals import Terminated, ending_on_sigterm

    try:
        with ending_on_sigterm():
            yield
    except KeyboardInterrupt as request:
        note(f"Stopped. {go_on}")
        is_term = isinstance(request, Terminated)
        raise typer.Exit(_TERMINATED if is_term else _INTERRUPTED) from None
