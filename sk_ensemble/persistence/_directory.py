"""Read the files of a directory, following no links."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence._manifest import MANIFEST, check_names, read_manifest

__all__ = ["read_directory"]

#: A pipe in the place of a file must not keep the reader waiting.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

#: Bytes of the manifest, and entries of the directory, at most.
_MANIFEST_BYTES = 2**24
_ENTRIES = 10_000


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except NotADirectoryError as error:
        msg = f"{path} is a file; a saved model is a directory."
        raise PersistenceError(msg) from error
    try:
        yield folder
    finally:
        os.close(folder)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        names = [entry.name for _, entry in zip(range(_ENTRIES + 1), entries)]  # noqa: B905
    if len(names) > _ENTRIES:
        msg = f"There are more than {_ENTRIES} files, which no model has."
        raise PersistenceError(msg)
    return names


@contextmanager
def _plain_file(folder: int, name: str) -> Iterator[BinaryIO]:
    """Open a plain file, refusing links, directories, pipes and devices."""
    try:
        handle = os.open(name, _FLAGS, dir_fd=folder)
    except OSError as error:
        msg = f"{name} cannot be read as a plain file ({error.strerror})."
        raise PersistenceError(msg) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        msg = f"{name} is no plain file."
        raise PersistenceError(msg)
    with os.fdopen(handle, "rb") as stream:
        yield stream


def _read(folder: int, name: str, limit: int) -> bytes:
    """Return the bytes of a plain file that is no larger than it should be."""
    with _plain_file(folder, name) as stream:
        facts = os.fstat(stream.fileno())
        if facts.st_size > limit:
            msg = f"{name} is damaged: it has {facts.st_size} bytes, above {limit}."
            raise PersistenceError(msg)
        # Asked for more than there is, Python would set the memory aside.
        return stream.read(facts.st_size)


def _refuse_too_large(manifest: dict[str, Any], max_bytes: int) -> None:
    total = sum(entry["size"] for entry in manifest["files"].values())
    if total > max_bytes:
        msg = (
            f"The files have {total} bytes together, more than max_bytes={max_bytes}. "
            "Raise it if you trust their origin."
        )
        raise PersistenceError(msg)


def read_directory(
    path: Path, max_bytes: int
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest of a saved model, and the files it lists.

    Parameters
    ----------
    path : Path
        The directory.
    max_bytes : int
        Bytes that all files may have together.

    Returns
    -------
    manifest : dict
        The manifest, which is whole.
    files : dict of str to bytes
        Contents by name, not compared with the manifest yet.

    Raises
    ------
    PersistenceError
        If files are missing, not listed, too large or no plain files.
    """
    with _opened(path) as folder:
        names = _names(folder)
        if MANIFEST not in names:
            msg = f"There is no {MANIFEST}: this is no saved model, or not all of it."
            raise PersistenceError(msg)
        manifest = read_manifest(_read(folder, MANIFEST, _MANIFEST_BYTES))
        check_names(manifest, names)
        _refuse_too_large(manifest, max_bytes)
        files = {
            name: _read(folder, name, entry["size"])
            for name, entry in manifest["files"].items()
        }
    return manifest, files
