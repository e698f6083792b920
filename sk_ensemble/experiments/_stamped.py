"""Directories with the time in their name, which are new whoever else makes some."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sk_ensemble.utils.files import is_scratch, write_folder

__all__ = ["plain_name", "stamped_folders", "write_stamped_folder"]

#: How often another name is tried. Two are equal once in millions of times.
_ATTEMPTS = 20


def _stamped(name: str) -> str:
    """Return a name with the time, to the millisecond, and something random."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    return f"{name}_{stamp}_{secrets.token_hex(3)}"


def plain_name(stamped: str) -> str:
    """Return a name as it was before it was stamped."""
    return stamped.rsplit("_", 2)[0]


def stamped_folders(parent: Path, file: str) -> list[Path]:
    """Return the directories in which there is a file, the latest last.

    Parameters
    ----------
    parent : Path
        Where `write_stamped_folder` has made them.
    file : str
        Name of the file.

    Returns
    -------
    folders : list of Path
        Without those that are being made, which are called otherwise in a moment.
    """
    found = (path.parent for path in parent.glob(f"*/{file}"))
    whole = (path for path in found if not is_scratch(path.name))
    return sorted(whole, key=lambda path: path.name.rsplit("_", 2)[1:])


def write_stamped_folder(parent: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Write a new directory ``<name>_<time>_<random>``, whole or not at all.

    Parameters
    ----------
    parent : Path
        Where it is to be.
    name : str
        What its name begins with.
    files : mapping of str to bytes
        Content by name.

    Returns
    -------
    path : Path
        The directory, which no other process has.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    for _ in range(_ATTEMPTS):
        path = parent / _stamped(name)
        try:
            write_folder(path, files)
        except FileExistsError:
            if not os.path.lexists(path):
                raise
        else:
            return path
    msg = f"No free name was found in {parent} for {name}. Remove what is not needed."
    raise FileExistsError(msg)
