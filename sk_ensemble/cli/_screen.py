"""Where text goes: results to the standard output, all else to the error output.

Nothing that is printed here is read as markup, and rich leaves colours out where the
output is no terminal.
"""

from __future__ import annotations

import sys
from typing import Any, TextIO

from rich.console import Console

from sk_ensemble.cli._text import one_line, several_lines
from sk_ensemble.utils.files import strict_json

__all__ = [
    "console",
    "error",
    "note",
    "show",
    "show_json",
    "show_line",
    "warning",
]


def console(stream: TextIO) -> Console:
    """Return a console that takes text as it is."""
    return Console(
        file=stream, markup=False, emoji=False, highlight=False, soft_wrap=True
    )


def _say(kind: str, style: str, message: object) -> None:
    console(sys.stderr).print(f"{kind}: {several_lines(message)}", style=style)


def error(message: object) -> None:
    """Say why a command was not done."""
    _say("error", "red", message)


def warning(message: object) -> None:
    """Pass a warning on, in one line."""
    text = one_line(" ".join(str(message).split()))
    console(sys.stderr).print(f"warning: {text}", style="yellow")


def note(message: object) -> None:
    """Say something that is no result."""
    console(sys.stderr).print(several_lines(message))


def show(renderable: Any) -> None:
    """Print a table as a result."""
    console(sys.stdout).print(renderable)


def show_line(text: object = "") -> None:
    """Print one line as a result."""
    console(sys.stdout).print(one_line(text))


def show_json(content: Any) -> None:
    """Print a result as strict JSON."""
    sys.stdout.write(strict_json(content))
