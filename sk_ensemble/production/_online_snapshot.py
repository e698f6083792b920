"""What an online predictor remembers, in one file of arrays and JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.utils.files import write_bytes

__all__ = ["plain_symbol", "read_snapshot", "write_snapshot"]

_FORMAT = "sk_ensemble.online"
_FORMAT_VERSION = 1

#: Bytes of a snapshot, at most.
_LARGEST = 2**33


def _digest(facts: str, arrays: Mapping[str, np.ndarray]) -> str:
    """Return one SHA-256 of all that a snapshot says."""
    digest = hashlib.sha256(facts.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_snapshot(
    path: Path, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Write facts and arrays, in place of what was there before.

    Parameters
    ----------
    path : Path
        The file.
    facts : dict
        Values of JSON.
    arrays : dict of ndarray
        Arrays by name.
    """
    text = json.dumps(facts, sort_keys=True, allow_nan=False)
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    metadata = {
        "format": _FORMAT,
        "format_version": str(_FORMAT_VERSION),
        "facts": text,
        "sha256": _digest(text, whole),
    }
    write_bytes(path, safetensors.numpy.save(whole, metadata))


def _metadata(content: bytes) -> dict[str, str]:
    """Return the texts in the head of a safetensors file."""
    size = int.from_bytes(content[:8], "little")
    found = json.loads(content[8 : 8 + size]).get("__metadata__")
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        msg = "it is no snapshot of an OnlinePredictor"
        raise ValueError(msg)
    if found.get("format_version") != str(_FORMAT_VERSION):
        msg = (
            f"it has format {found.get('format_version')}, this version of sk_ensemble "
            f"reads format {_FORMAT_VERSION}"
        )
        raise ValueError(msg)
    return found


def read_snapshot(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write_snapshot` has written.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    facts : dict
        Values of JSON.
    arrays : dict of ndarray
        Arrays by name.

    Raises
    ------
    PersistenceError
        If it is missing, damaged, or something else; names it.
    """
    try:
        if path.stat().st_size > _LARGEST:
            msg = f"it has more than {_LARGEST} bytes"
            raise ValueError(msg)
        content = path.read_bytes()
        arrays = safetensors.numpy.load(content)
        metadata = _metadata(content)
        if metadata["sha256"] != _digest(metadata["facts"], arrays):
            msg = "its content does not have the SHA-256 that it says"
            raise ValueError(msg)
        return json.loads(metadata["facts"]), arrays
    except (
        AttributeError,
        KeyError,
        OSError,
        TypeError,
        ValueError,
        safetensors.SafetensorError,
    ) as error:
        what = str(error).rstrip(".") or type(error).__name__
        msg = f"{path} cannot be read as a snapshot: {what}. Warm up from bars instead."
        raise PersistenceError(msg) from error


def plain_symbol(symbol: Any) -> str | int:
    """Return a symbol as JSON keeps it.

    Raises
    ------
    DataError
        If it is neither a text nor a whole number.
    """
    if isinstance(symbol, str):
        return str(symbol)
    if isinstance(symbol, int | np.integer) and not isinstance(symbol, bool):
        return int(symbol)
    msg = (
        f"Symbol {symbol!r} is a {type(symbol).__name__}; a snapshot keeps texts and "
        "whole numbers. Convert the symbols to str."
    )
    raise DataError(msg)
