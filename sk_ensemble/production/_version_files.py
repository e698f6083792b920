"""The files of a version: written once, and compared with their digests when read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sk_ensemble.exceptions import PersistenceError, ProductionError
from sk_ensemble.persistence._plain_files import names_in, opened_folder, read_plain
from sk_ensemble.utils.files import write_folder
from sk_ensemble.utils.seals import digest_of, sealed, unsealed

__all__ = [
    "VersionFiles",
    "folder_of",
    "read_metadata",
    "read_version",
    "write_version",
]

_METADATA = "metadata.json"
_CONFIG = "config.yaml"
_MODEL = "model"

_FORMAT = "sk_ensemble.version"
_FORMAT_VERSION = 1

#: Bytes of the metadata, at most, and of the other files if nothing is known of them.
_METADATA_BYTES = 2**24


@dataclass(frozen=True, eq=False)
class VersionFiles:
    """Hold the files of a version, which are those that its metadata lists."""

    metadata: Mapping[str, Any]
    sha256: str
    config: bytes
    model_files: Mapping[str, bytes]


def folder_of(number: int) -> str:
    """Return the name of the directory of a version."""
    return f"v{number}"


def _listed(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    return {
        name: {"sha256": digest_of(content), "size": len(content)}
        for name, content in sorted(files.items())
    }


def write_version(
    root: Path,
    name: str,
    number: int,
    facts: Mapping[str, Any],
    config: bytes,
    model_files: Mapping[str, bytes],
) -> str:
    """Write a new version, whole or not at all, and return its digest.

    Parameters
    ----------
    root : Path
        Directory of the registry.
    name : str
        Name of the model.
    number : int
        Number of the version.
    facts : dict
        What is to be known of it: plain values.
    config : bytes
        Configuration of its run.
    model_files : dict of bytes
        The saved model.

    Returns
    -------
    sha256 : str
        Digest of the metadata, which list the digests of all other files.

    Raises
    ------
    FileExistsError
        If there is a version of this number.
    """
    files = {_CONFIG: config}
    files |= {f"{_MODEL}/{part}": content for part, content in model_files.items()}
    metadata = sealed(
        {
            **facts,
            "format": _FORMAT,
            "format_version": _FORMAT_VERSION,
            "name": name,
            "version": number,
            "files": _listed(files),
        }
    )
    write_folder(root / name / folder_of(number), {**files, _METADATA: metadata})
    return digest_of(metadata)


def _refuse_other(document: Mapping[str, Any], name: str, number: int) -> None:
    if document.get("format") != _FORMAT:
        msg = "these are not the metadata of a version"
        raise ValueError(msg)
    if document.get("format_version") != _FORMAT_VERSION:
        version = document.get("format_version")
        msg = f"the format is {version!r:.20}, and {_FORMAT_VERSION} can be read"
        raise ValueError(msg)
    if (document.get("name"), document.get("version")) != (name, number):
        msg = "these are the metadata of another version"
        raise ValueError(msg)


def _metadata(folder: int, name: str, number: int) -> tuple[dict[str, Any], str]:
    """Return the metadata in an open directory, and their digest."""
    content = read_plain(folder, _METADATA, _METADATA_BYTES)
    try:
        document = unsealed(content)
        _refuse_other(document, name, number)
    except ValueError as error:
        msg = f"{_METADATA} is damaged: {error}."
        raise ProductionError(msg) from error
    return document, digest_of(content)


def _refuse_names(where: str, found: set[str], expected: set[str]) -> None:
    faults = [
        f"{kind}: {', '.join(map(repr, sorted(names)))}"
        for kind, names in (
            ("missing", expected - found),
            ("not listed", found - expected),
        )
        if names
    ]
    if faults:
        msg = f"The files {where} are not those of its metadata. {'; '.join(faults)}."
        raise ProductionError(msg)


def _checked(folder: int, name: str, listed: Mapping[str, Any], shown: str) -> bytes:
    """Return a file that is as it was promoted."""
    content = read_plain(folder, name, listed["size"])
    if digest_of(content) != listed["sha256"]:
        msg = f"{shown} is damaged: its SHA-256 is another one."
        raise ProductionError(msg)
    return content


def _named(root: Path, name: str, number: int, error: ValueError) -> ProductionError:
    return ProductionError(f"{root / name / folder_of(number)}: {error}")


def read_metadata(root: Path, name: str, number: int) -> tuple[dict[str, Any], str]:
    """Return the metadata of a version, and their digest.

    Raises
    ------
    ProductionError
        If they are damaged; the other files are not looked at.
    FileNotFoundError
        If there is no such version.
    """
    with opened_folder(root, name, folder_of(number)) as folder:
        try:
            return _metadata(folder, name, number)
        except (PersistenceError, ProductionError) as error:
            raise _named(root, name, number, error) from error


def _read_all(root: Path, name: str, number: int) -> VersionFiles:
    parts = (name, folder_of(number))
    with opened_folder(root, *parts) as folder:
        metadata, sha256 = _metadata(folder, name, number)
        _refuse_names("beside it", set(names_in(folder)), {_METADATA, _CONFIG, _MODEL})
        listed = metadata["files"]
        config = _checked(folder, _CONFIG, listed[_CONFIG], _CONFIG)
    inner = {path.partition("/")[2]: path for path in listed if path != _CONFIG}
    with opened_folder(root, *parts, _MODEL) as folder:
        _refuse_names(f"in {_MODEL}", set(names_in(folder)), set(inner))
        model_files = {
            part: _checked(folder, part, listed[path], path)
            for part, path in inner.items()
        }
    return VersionFiles(metadata, sha256, config, model_files)


def read_version(root: Path, name: str, number: int) -> VersionFiles:
    """Return all files of a version, compared with its metadata.

    Raises
    ------
    ProductionError
        If a file is damaged, missing, left over or a link; names it.
    """
    try:
        return _read_all(root, name, number)
    except (PersistenceError, ProductionError) as error:
        raise _named(root, name, number, error) from error
    except (KeyError, TypeError, AttributeError) as error:
        fault = ValueError(f"{_METADATA} is damaged: {type(error).__name__} {error}.")
        raise _named(root, name, number, fault) from error
    except OSError as error:
        fault = ValueError(f"It cannot be read ({error.strerror}).")
        raise _named(root, name, number, fault) from error
