"""Find the tracking store that an address means."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

__all__ = ["is_directory", "tracking_store"]

_FILE = "mlflow.db"
_FILE_SCHEME = re.compile(r"(?i)file:(//(localhost)?(?=/))?")
_DATABASE_FILE = re.compile(r"(?i).+\.(db|sqlite3?)")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def _local_path(uri: str) -> str | None:
    """Return the path that an address without a server means, else None."""
    found = _FILE_SCHEME.match(uri)
    if found:
        return unquote(uri[found.end() :])
    return None if _ADDRESS.match(uri) or uri == "databricks" else uri


def is_directory(uri: str | None) -> bool:
    """Tell whether an address names a directory, in which MLflow no longer tracks.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._tracking_store import is_directory
    >>> is_directory("experiments/mlruns"), is_directory("sqlite:///mlflow.db")
    (True, False)
    """
    path = None if uri is None else _local_path(uri)
    return path is not None and not _DATABASE_FILE.fullmatch(path)


def tracking_store(uri: str | None, base_dir: str) -> str:
    """Return the address that MLflow is given.

    Parameters
    ----------
    uri : str or None
        What the configuration says, without environment variables.
    base_dir : str
        Where runs go.

    Returns
    -------
    uri : str
        The same if it names a server or database. A directory becomes an SQLite file
        in it, or beside it where it is called ``mlruns``.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._tracking_store import tracking_store
    >>> tracking_store(None, "experiments")
    'sqlite:///experiments/mlflow.db'
    >>> tracking_store("experiments/mlruns", "elsewhere")
    'sqlite:///experiments/mlflow.db'
    """
    if uri is None:
        return f"sqlite:///{PurePosixPath(base_dir) / _FILE}"
    path = _local_path(uri)
    if path is None:
        return uri
    if not is_directory(uri):
        return f"sqlite:///{path}"
    folder = PurePosixPath(path)
    return f"sqlite:///{(folder.parent if folder.name == 'mlruns' else folder) / _FILE}"
