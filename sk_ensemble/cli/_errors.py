"""What becomes of an error: a message, an exit code and, if asked for, a traceback."""

from __future__ import annotations

import traceback

import typer

from sk_ensemble.cli._screen import error
from sk_ensemble.exceptions import (
    ClusterError,
    ConfigError,
    DataError,
    EmptyFoldError,
    PersistenceError,
    ProductionError,
    RegistryError,
    ResumeError,
)

__all__ = ["FAULTY_REQUEST", "REQUEST_ERRORS", "UNEXPECTED", "report"]

#: Exit code of a request that cannot be met as it is.
FAULTY_REQUEST = 2

#: Exit code of an error that the request need not be to blame for.
UNEXPECTED = 3

#: Errors whose message says what to change.
REQUEST_ERRORS = (
    ClusterError,
    ConfigError,
    DataError,
    EmptyFoldError,
    PersistenceError,
    ProductionError,
    RegistryError,
    ResumeError,
)


def _is_request(fault: Exception) -> bool:
    """Tell whether the user can do something about an error."""
    # A package that is not installed; an import that fails otherwise has a name.
    is_missing = isinstance(fault, ImportError) and fault.name is None
    return is_missing or isinstance(fault, (*REQUEST_ERRORS, typer.TyperException))


def _message(fault: Exception) -> str:
    if isinstance(fault, typer.TyperException):
        context = getattr(fault, "ctx", None)
        command = "sk-ensemble" if context is None else context.command_path
        return f"{fault.format_message().rstrip('.')}. See {command} --help."
    if _is_request(fault):
        return str(fault)
    kind = type(fault).__name__
    return f"{kind}: {fault} (sk-ensemble --traceback ... shows where)"


def report(fault: Exception, *, with_traceback: bool) -> int:
    """Tell the user of an error; return the exit code.

    Parameters
    ----------
    fault : Exception
        What a command raised.
    with_traceback : bool
        Whether to print where it was raised, too.
    """
    if with_traceback:
        traceback.print_exception(fault)
    error(_message(fault))
    return FAULTY_REQUEST if _is_request(fault) else UNEXPECTED
