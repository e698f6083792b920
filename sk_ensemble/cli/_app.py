"""Put the commands together and run one of them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.main import get_command

import sk_ensemble
from sk_ensemble.cli._errors import report as report_fault
from sk_ensemble.cli._init import init
from sk_ensemble.cli._leaderboard import leaderboard
from sk_ensemble.cli._models import models
from sk_ensemble.cli._predict import predict
from sk_ensemble.cli._promote import promote
from sk_ensemble.cli._replay import replay
from sk_ensemble.cli._report import report
from sk_ensemble.cli._rollback import rollback
from sk_ensemble.cli._run import run
from sk_ensemble.cli._screen import show_line, warning
from sk_ensemble.cli._serve import serve
from sk_ensemble.cli._status import status
from sk_ensemble.cli._tune import tune
from sk_ensemble.cli._validate import validate
from sk_ensemble.cli._verify import verify

__all__ = ["make_app", "run_app"]

_TRACEBACK = "--traceback"

_COMMANDS: tuple[Callable[..., Any], ...] = (
    init,
    validate,
    run,
    status,
    leaderboard,
    report,
    tune,
    models,
    replay,
    promote,
    rollback,
    verify,
    predict,
    serve,
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        show_line(f"sk_ensemble {sk_ensemble.__version__}")
        raise typer.Exit


def _global_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and exit.",
            callback=_show_version,
            is_eager=True,
        ),
    ] = False,
    with_traceback: Annotated[
        bool, typer.Option(_TRACEBACK, help="Show where an error comes from.")
    ] = False,
) -> None:
    """Compare, stack and ship classifiers of market bars, without leakage."""


def make_app() -> typer.Typer:
    """Return the application with all of its commands."""
    app = typer.Typer(
        name="sk-ensemble",
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_global_options)
    for command in _COMMANDS:
        app.command()(command)
    return app


@contextmanager
def _own_warnings() -> Iterator[None]:
    """Show each warning once, in one line, while a block runs."""
    shown: set[str] = set()

    def show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            warning(message)

    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show_warning
        yield


def _show_any_character() -> None:
    """Let no character that an output cannot encode end a command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def run_app(arguments: list[str]) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments : list of str
        What follows ``sk-ensemble``; ``--traceback`` may stand anywhere.
    """
    _show_any_character()
    rest = [argument for argument in arguments if argument != _TRACEBACK]
    command = get_command(make_app())
    try:
        with _own_warnings():
            code = command.main(
                rest or ["--help"], prog_name="sk-ensemble", standalone_mode=False
            )
    except Exception as fault:
        return report_fault(fault, with_traceback=len(rest) < len(arguments))
    return code if isinstance(code, int) else 0
