"""Read the files that the manifest of a saved model lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence._manifest import MANIFEST, check_names, read_manifest
from sk_ensemble.persistence._plain_files import names_in, opened_folder, read_plain

__all__ = ["read_directory"]

#: Bytes of the manifest, at most.
_MANIFEST_BYTES = 2**24


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
    with opened_folder(path) as folder:
        names = names_in(folder)
        if MANIFEST not in names:
            msg = f"There is no {MANIFEST}: this is no saved model, or not all of it."
            raise PersistenceError(msg)
        manifest = read_manifest(read_plain(folder, MANIFEST, _MANIFEST_BYTES))
        check_names(manifest, names)
        _refuse_too_large(manifest, max_bytes)
        files = {
            name: read_plain(folder, name, entry["size"])
            for name, entry in manifest["files"].items()
        }
    return manifest, files
