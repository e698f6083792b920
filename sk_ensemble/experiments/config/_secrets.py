"""Keep credentials out of files, and take values from the environment."""

from __future__ import annotations

import os
import re
from typing import Any

from sk_ensemble.exceptions import ConfigError

__all__ = ["MASK", "expanded", "masked", "unset_variables", "variables"]

MASK = "***"

# Up to the last @, as a password may hold one, and slashes too. A file has no owner.
_OWNER = re.compile(r"(?i)\b(?!sqlite\b|file\b)([a-z][a-z0-9+.-]*)://[^\s]*@")
_QUERY = re.compile(
    r"(?i)([?&](?:[a-z_]*(?:password|passwd|pwd|token|secret|key))=)[^&\s]+"
)
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def masked(value: Any) -> Any:
    """Return a value with the credentials of every address in it replaced.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._secrets import masked
    >>> masked("postgresql://me:p@ss/word@db.local/mlflow?sslpassword=abc&x=1")
    'postgresql://***@db.local/mlflow?sslpassword=***&x=1'
    """
    if isinstance(value, str):
        return _QUERY.sub(rf"\g<1>{MASK}", _OWNER.sub(rf"\g<1>://{MASK}@", value))
    if isinstance(value, dict):
        return {masked(name): masked(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(masked(item) for item in value)
    return value


def variables(text: str) -> list[str]:
    """Return the names of the environment variables that a text refers to."""
    return _VARIABLE.findall(text)


def unset_variables(text: str) -> list[str]:
    """Return those of them that are not set."""
    return [name for name in variables(text) if name not in os.environ]


def expanded(text: str) -> str:
    """Return a text with ``${NAME}`` replaced by the environment's value.

    Raises
    ------
    ConfigError
        If a variable is not set.
    """
    unset = unset_variables(text)
    if unset:
        names = ", ".join(unset)
        msg = f"{masked(text)!r} needs environment variables that are not set: {names}."
        raise ConfigError(msg)
    return _VARIABLE.sub(lambda found: os.environ[found[1]], text)
