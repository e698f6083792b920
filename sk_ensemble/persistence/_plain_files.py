"""Read plain files of a directory, following no links."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sk_ensemble.exceptions import PersistenceError

__all__ = ["names_in", "opened_folder", "read_plain"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

#: A pipe in the place of a file must not keep the reader waiting.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

#: Entries of a directory, at most.
_ENTRIES = 10_000


def _open_root(path: Path) -> int:
    try:
        return os.open(path, _FOLDER)
    except NotADirectoryError as error:
        msg = f"{path} is a file; a saved model is a directory."
        raise PersistenceError(msg) from error


def _open_part(folder: int, part: str, path: Path) -> int:
    """Open a directory of a directory, which must be no link."""
    try:
        return os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        # Systems do not agree on what to say of a link.
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            msg = f"{path} is a link or a file instead of a directory. Remove it."
            raise PersistenceError(msg) from error
        raise type(error)(error.errno, error.strerror, str(path)) from error


@contextmanager
def opened_folder(path: Path, *parts: str) -> Iterator[int]:
    """Open a directory, or one below it.

    Parameters
    ----------
    path : Path
        The directory; whoever names it may name a link.
    *parts : str
        Names of directories on the way down from there, none of which may be a link.

    Yields
    ------
    folder : int
        A handle, open for the time of the block.

    Raises
    ------
    PersistenceError
        If something on the way is no directory.
    FileNotFoundError
        If it is missing.
    """
    folder = _open_root(path)
    try:
        for part in parts:
            path /= part
            inner = _open_part(folder, part, path)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def names_in(folder: int, limit: int = _ENTRIES) -> list[str]:
    """Return the names of all entries of a directory, in no order.

    Raises
    ------
    PersistenceError
        If there are more than `limit`.
    """
    with os.scandir(folder) as entries:
        names = [entry.name for _, entry in zip(range(limit + 1), entries)]  # noqa: B905
    if len(names) > limit:
        msg = f"There are more than {limit} files, which no model has."
        raise PersistenceError(msg)
    return names


@contextmanager
def _plain_file(folder: int, name: str) -> Iterator[BinaryIO]:
    """Open a plain file, refusing links, directories, pipes and devices."""
    try:
        handle = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        msg = f"{name} cannot be read as a plain file ({error.strerror})."
        raise PersistenceError(msg) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        msg = f"{name} is no plain file."
        raise PersistenceError(msg)
    with os.fdopen(handle, "rb") as stream:
        yield stream


def read_plain(folder: int, name: str, limit: int) -> bytes:
    """Return the bytes of a plain file that is no larger than it should be.

    Raises
    ------
    PersistenceError
        If it is missing, no plain file, or has more than `limit` bytes.
    """
    with _plain_file(folder, name) as stream:
        facts = os.fstat(stream.fileno())
        if facts.st_size > limit:
            msg = f"{name} is damaged: it has {facts.st_size} bytes, above {limit}."
            raise PersistenceError(msg)
        # Asked for more than there is, Python would set the memory aside.
        return stream.read(facts.st_size)
