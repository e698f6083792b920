"""The file that an interrupted training goes on from.

It is one file, so that it is replaced whole: a line with the SHA-256 of what follows,
then a safetensors file with the arrays, whose metadata hold the rest as strict JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.utils.files import strict_json, write_bytes
from sk_ensemble.utils.seals import digest_of

__all__ = ["StoredTraining", "read_training", "write_training"]

_FORMAT = "sk_ensemble.training"

#: Raised whenever an older reader could not understand the file.
_FORMAT_VERSION = 1

#: Name of the JSON document among the metadata.
_DOCUMENT = "training"

#: Length of the first line.
_SEAL_BYTES = 65


class StoredTraining(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    document : dict
        What can be written as JSON.
    arrays : dict of str to ndarray
        The arrays by name.
    """

    document: dict[str, Any]
    arrays: dict[str, np.ndarray]


def write_training(
    path: Path, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Write a file, or replace it, whole or not at all.

    Parameters
    ----------
    path : Path
        The file; its directory is made where it is missing.
    document : mapping
        What can be written as strict JSON, without loss.
    arrays : mapping of str to ndarray
        Arrays of numbers.
    """
    marked = {"format": _FORMAT, "format_version": _FORMAT_VERSION, **document}
    content = safetensors.numpy.save(
        dict(arrays), metadata={_DOCUMENT: strict_json(marked)}
    )
    write_bytes(path, digest_of(content).encode() + b"\n" + content)


def _metadata(content: bytes) -> dict[str, str]:
    """Return the metadata of a safetensors file, which its reader leaves out."""
    length = int.from_bytes(content[:8], "little")
    metadata: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return metadata


def _refuse_other_format(path: Path, document: Mapping[str, Any]) -> None:
    found = document.get("format"), document.get("format_version")
    if found != (_FORMAT, _FORMAT_VERSION):
        msg = (
            f"{path} has the format {found[0]!r:.50} {found[1]!r:.20}, and this "
            f"version of sk_ensemble reads {_FORMAT!r} {_FORMAT_VERSION}. Remove it to "
            "train from the beginning."
        )
        raise PersistenceError(msg)


def read_training(path: Path) -> StoredTraining | None:
    """Read a file that `write_training` has written.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    stored : StoredTraining or None
        Its content; None if there is no such file.

    Raises
    ------
    PersistenceError
        If a single byte is not as it was written; names the file.
    """
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        return None
    seal, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
    if seal != digest_of(content).encode() + b"\n":
        msg = (
            f"{path} is damaged: its SHA-256 is another one. Remove it to train from "
            "the beginning."
        )
        raise PersistenceError(msg)
    document = json.loads(_metadata(content)[_DOCUMENT])
    _refuse_other_format(path, document)
    return StoredTraining(document, safetensors.numpy.load(content))
