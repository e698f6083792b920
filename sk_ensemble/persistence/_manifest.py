"""The list of a model's files, and what it says about the model."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.utils.seals import digest_of, is_signed_with, sealed, signed

__all__ = [
    "MANIFEST",
    "check_contents",
    "check_names",
    "check_signature",
    "make_manifest",
    "read_manifest",
    "warn_of_versions",
]

#: Name of the file that lists the others.
MANIFEST = "MANIFEST.json"

_FORMAT = "sk_ensemble.model"

#: Raised whenever an older reader could not understand the files.
_FORMAT_VERSION = 1

#: Distributions that every model depends on.
_ALWAYS = ("numpy", "scikit-learn")

#: Those that native formats may depend on.
_LIBRARIES = ("catboost", "lightgbm", "safetensors", "sktime", "torch", "xgboost")

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_KEYS = frozenset(
    {
        "digest",
        "files",
        "format",
        "format_version",
        "libraries",
        "metadata",
        "model",
        "signature",
    }
)


def _version(library: str) -> str | None:
    """Return the version that is installed, None if there is none."""
    if library == "python":
        return platform.python_version()
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def make_manifest(
    files: Mapping[str, bytes],
    libraries: Iterable[str],
    model: dict[str, Any],
    metadata: Mapping[str, Any],
    key: bytes | None = None,
) -> bytes:
    """Return the manifest of some files.

    Parameters
    ----------
    files : mapping of str to bytes
        The files by name.
    libraries : iterable of str
        Distributions that native formats among them depend on.
    model : dict
        What is to be known of the model without loading it.
    metadata : mapping
        What the user wants to keep with it.
    key : bytes or None, default=None
        What to sign it with; None: it is not signed.

    Raises
    ------
    PersistenceError
        If the metadata are no JSON.
    """
    names = ("python", "sk_ensemble", *_ALWAYS, *libraries)
    manifest: dict[str, Any] = {
        "files": {
            name: {"sha256": digest_of(content), "size": len(content)}
            for name, content in files.items()
        },
        "format": _FORMAT,
        "format_version": _FORMAT_VERSION,
        "libraries": {name: _version(name) for name in names},
        "metadata": dict(metadata),
        "model": model,
    }
    try:
        return sealed(signed(manifest, key))
    except (TypeError, ValueError, RecursionError) as error:
        msg = (
            f"metadata={metadata!r:.200} are no JSON ({error}). Use texts, numbers, "
            "lists and dicts."
        )
        raise PersistenceError(msg) from error


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = f"{MANIFEST} is damaged: it is no JSON ({error})."
        raise PersistenceError(msg) from error


def _refuse_other_format(manifest: Any) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        msg = f"{MANIFEST} is not that of a model saved by sk_ensemble, or is damaged."
        raise PersistenceError(msg)
    version = manifest.get("format_version")
    if type(version) is not int or version < 1:
        msg = f"{MANIFEST} is damaged: format_version is {version!r:.50}."
        raise PersistenceError(msg)
    if version > _FORMAT_VERSION:
        msg = (
            f"{MANIFEST} says that the model has the format {version}, and this "
            f"version of sk_ensemble reads formats up to {_FORMAT_VERSION}. Install a "
            "newer one."
        )
        raise PersistenceError(msg)


def _is_listed_well(name: str, entry: Any) -> bool:
    """Whether an entry is a plain file name with a digest and a size."""
    return (
        _FILE_NAME.fullmatch(name) is not None
        and name != MANIFEST
        and isinstance(entry, dict)
        and set(entry) == {"sha256", "size"}
        and isinstance(entry["sha256"], str)
        and type(entry["size"]) is int
        and entry["size"] >= 0
    )


def _refuse_strange_entries(manifest: dict[str, Any]) -> None:
    for name in ("files", "libraries", "metadata", "model"):
        if not isinstance(manifest.get(name), dict) or set(manifest) != _KEYS:
            msg = f"{MANIFEST} is damaged: it should have the keys {sorted(_KEYS)}."
            raise PersistenceError(msg)
    for name, entry in manifest["files"].items():
        if not _is_listed_well(name, entry):
            msg = (
                f"{MANIFEST} lists {name!r:.100}, which is no plain file name with a "
                "digest and a size."
            )
            raise PersistenceError(msg)


def read_manifest(content: bytes) -> dict[str, Any]:
    """Return the manifest that bytes hold, if it is whole.

    Raises
    ------
    PersistenceError
        If it is damaged, of a newer format, or lists what is no plain file.
    """
    manifest: dict[str, Any] = _parsed(content)
    _refuse_other_format(manifest)
    _refuse_strange_entries(manifest)
    # Whatever the reader does not look at, down to a blank, must be as it was written.
    if sealed(manifest) != content:
        msg = f"{MANIFEST} is damaged: its digest is another one."
        raise PersistenceError(msg)
    return manifest


def check_signature(manifest: Mapping[str, Any], key: bytes) -> None:
    """Raise unless the manifest was signed with a key."""
    is_signed = is_signed_with(manifest, key)
    if is_signed is None:
        msg = f"{MANIFEST} is not signed, and a key was given."
        raise PersistenceError(msg)
    if not is_signed:
        msg = f"{MANIFEST} was not signed with this key."
        raise PersistenceError(msg)


def check_names(manifest: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise unless there are exactly the files that are listed."""
    found, listed = set(names) - {MANIFEST}, set(manifest["files"])
    faults = [
        f"{kind}: {', '.join(map(repr, sorted(part)))}"
        for kind, part in (("missing", listed - found), ("not listed", found - listed))
        if part
    ]
    if faults:
        msg = f"The files are not those that {MANIFEST} lists. {'; '.join(faults)}."
        raise PersistenceError(msg)


def check_contents(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Raise unless the files hold what the manifest says."""
    check_names(manifest, files)
    for name, entry in manifest["files"].items():
        if len(files[name]) != entry["size"]:
            msg = (
                f"{name} is damaged: it has {len(files[name])} bytes instead of "
                f"{entry['size']}."
            )
            raise PersistenceError(msg)
        if digest_of(files[name]) != entry["sha256"]:
            msg = f"{name} is damaged: its SHA-256 is another one."
            raise PersistenceError(msg)


def warn_of_versions(manifest: Mapping[str, Any], *, stacklevel: int) -> None:
    """Warn once of all libraries that were other ones when the model was saved."""
    known = {"python", "sk_ensemble", *_ALWAYS, *_LIBRARIES}
    others = [
        f"{name} {saved} (here {_version(name)})"
        for name, saved in manifest["libraries"].items()
        if name in known and saved != _version(name)
    ]
    if others:
        msg = (
            f"The model was saved with {', '.join(others)}. Its predictions may differ "
            "in their last digits, or more; compare some of them."
        )
        warnings.warn(msg, UserWarning, stacklevel=stacklevel + 1)
