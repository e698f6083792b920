"""Directories with the time in their name, which are new whoever else makes some."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sk_ensemble.utils.files import write_folder

__all__ = ["by_stamp", "plain_name", "write_stamped_folder"]

#: How often another name is tried. Two are equal once in millions of times.
_ATTEMPTS = 20


def _stamped(name: str) -> str:
    """Return a name with the time, to the millisecond, and something random."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    return f"{name}_{stamp}_{secrets.token_hex(3)}"


def plain_name(stamped: str) -> str:
    """Return a name as it was before it was stamped."""
    return stamped.rsplit("_", 2)[0]


def by_stamp(path: Path) -> list[str]:
    """Return what sorts stamped directories by their age, the oldest first."""
    return path.name.rsplit("_", 2)[1:]


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
