"""The function behind ``sk-ensemble``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sk_ensemble.utils.optional import import_optional

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command of the command line.

    Parameters
    ----------
    arguments : sequence of str or None, default=None
        What follows ``sk-ensemble``; None takes it from the process.

    Returns
    -------
    exit_code : int
        0 if all is well, 1 if some cells failed, a replay differs, a gate was not
        passed or a version is not whole, 2 if the request is at fault, 3 after any
        other error, 130 after Ctrl-C, 143 after SIGTERM.

    Examples
    --------
    >>> from sk_ensemble.cli import main
    >>> main(["models", "--family", "baseline"])  # doctest: +ELLIPSIS
    baseline
      clock       Class shares per symbol and time of day...
    0
    """
    try:
        import_optional("typer", extra="experiments")
        import_optional("rich", extra="experiments")
    except ImportError as fault:
        sys.stderr.write(f"error: {fault}\n")
        return 2
    # Only now is it known that the packages are there.
    from sk_ensemble.cli._app import run_app

    return run_app(sys.argv[1:] if arguments is None else list(arguments))
