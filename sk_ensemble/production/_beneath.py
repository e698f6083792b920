"""Directories of a registry, reached without following a link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sk_ensemble.exceptions import PersistenceError, ProductionError
from sk_ensemble.persistence._plain_files import opened_folder

__all__ = ["make_beneath", "opened"]


@contextmanager
def opened(root: Path, *parts: str) -> Iterator[int]:
    """Open a directory of the registry; names are those of directories below it.

    Raises
    ------
    ProductionError
        If something on the way is a link or no directory, or what is read inside the
        block is no plain file.
    FileNotFoundError
        If it is missing.
    """
    try:
        with opened_folder(root, *parts) as folder:
            yield folder
    except PersistenceError as error:
        raise ProductionError(str(error)) from error


def make_beneath(root: Path, *parts: str) -> None:
    """Make directories one below the other, where they are missing.

    Raises
    ------
    ProductionError
        If something on the way is a link or no directory; nothing is made behind it.
    """
    root.mkdir(parents=True, exist_ok=True)
    for depth in range(len(parts)):
        path = root.joinpath(*parts[: depth + 1])
        try:
            path.mkdir()
        except FileExistsError:
            with opened(root, *parts[: depth + 1]):
                pass
