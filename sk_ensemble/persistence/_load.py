"""Load models."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence._decoder import Decoder
from sk_ensemble.persistence._directory import read_directory
from sk_ensemble.persistence._known_parts import KnownParts
from sk_ensemble.persistence._layout import ARRAYS, TREE, refuse_large_tree
from sk_ensemble.persistence._manifest import (
    MANIFEST,
    check_contents,
    check_signature,
    read_manifest,
    warn_of_versions,
)

__all__ = ["load_model", "model_from_files", "verify_model"]


def _unpacked(content: bytes) -> dict[str, np.ndarray]:
    tensors: dict[str, np.ndarray] = safetensors.numpy.load(content)
    return tensors


def _tree(content: bytes) -> Any:
    refuse_large_tree(content)
    root = json.loads(content)
    if not isinstance(root, dict) or set(root) != {"$object"}:
        msg = f"{TREE} holds no model"
        raise PersistenceError(msg)
    return root


def _decoded(
    manifest: Any, files: Mapping[str, bytes], known: KnownParts | None = None
) -> Any:
    """Put the model together; whatever goes wrong is the fault of the files."""
    try:
        tensors = _unpacked(files[ARRAYS])
        decoder = Decoder(tensors, files, known, manifest["libraries"])
        return decoder.decode(_tree(files[TREE]))
    except ImportError:
        # A library that is not installed.
        raise
    except Exception as error:
        own = isinstance(error, PersistenceError)
        what = str(error) if own else f"{type(error).__name__}: {error}"
        msg = f"The model cannot be put together: {what.rstrip('.')}."
        raise PersistenceError(msg) from error


def _named(path: Path, error: PersistenceError) -> PersistenceError:
    return PersistenceError(f"{path}: {error}")


def _check(manifest: Any, files: Mapping[str, bytes], key: bytes | None) -> None:
    """Raise unless the files are those of the manifest, and it is signed."""
    if key is not None:
        check_signature(manifest, key)
    check_contents(manifest, files)


def model_from_files(
    files: Mapping[str, bytes],
    *,
    key: bytes | None = None,
    known: KnownParts | None = None,
) -> Any:
    """Return the model that `model_files` returned the files of.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents by name.
    key : bytes or None, default=None
        The secret that the model was signed with; it is refused if it was not. None:
        no signature is asked for.
    known : KnownParts or None, default=None
        Is told what the model consists of, for a model that it becomes part of to be
        saved without taking it apart again.

    Returns
    -------
    model : estimator
        The model.

    Raises
    ------
    PersistenceError
        If the files are damaged, incomplete or of a newer format.

    Examples
    --------
    >>> from sk_ensemble import PriorBaseline
    >>> from sk_ensemble.persistence import model_files, model_from_files
    >>> files = model_files(PriorBaseline().fit([[1.0], [2.0]], [0, 1]))
    >>> model_from_files(files)
    PriorBaseline()
    """
    if MANIFEST not in files:
        msg = f"There is no {MANIFEST}: these are not the files of a model."
        raise PersistenceError(msg)
    manifest = read_manifest(files[MANIFEST])
    _check(manifest, files, key)
    warn_of_versions(manifest, stacklevel=2)
    return _decoded(manifest, files, known)


def load_model(
    path: str | os.PathLike[str],
    *,
    key: bytes | None = None,
    max_bytes: int = 2**31,
) -> Any:
    """Load a model that `save_model` has saved.

    Nothing in the files is run, and no native parser sees a byte before all digests
    are found right. A digest finds damage, not malice: so the structure of trees and
    weights is checked as well, before a library walks along them.

    Parameters
    ----------
    path : str or path-like
        The directory.
    key : bytes or None, default=None
        The secret that the model was signed with; it is refused if it was not. None:
        no signature is asked for.
    max_bytes : int, default=2147483648
        Bytes that all files may have together.

    Returns
    -------
    model : estimator
        The model, fitted.

    Raises
    ------
    PersistenceError
        If the files are damaged, incomplete, of a newer format, no plain files, too
        large, or do not fit together; names the file.
    ImportError
        If a library that the model needs is not installed.

    Warns
    -----
    UserWarning
        If libraries have other versions than when the model was saved.

    See Also
    --------
    save_model : Save a model.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble import PriorBaseline, load_model, save_model
    >>> folder = tempfile.TemporaryDirectory()
    >>> saved = Path(folder.name) / "prior"
    >>> save_model(PriorBaseline().fit([[1.0], [2.0]], [0, 1]), saved)
    >>> load_model(saved)
    PriorBaseline()
    >>> _ = (saved / "tree.json").write_text("{}")
    >>> load_model(saved)
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.PersistenceError: ...: tree.json is damaged: ...
    >>> folder.cleanup()
    """
    path = Path(path)
    try:
        manifest, files = read_directory(path, max_bytes)
        _check(manifest, files, key)
        warn_of_versions(manifest, stacklevel=2)
        return _decoded(manifest, files)
    except PersistenceError as error:
        raise _named(path, error) from error


def verify_model(
    path: str | os.PathLike[str],
    *,
    key: bytes | None = None,
    max_bytes: int = 2**31,
) -> dict[str, Any]:
    """Check the files of a saved model against their digests, without loading it.

    Parameters
    ----------
    path : str or path-like
        The directory.
    key : bytes or None, default=None
        The secret that the model was signed with; it is refused if it was not. None:
        no signature is asked for.
    max_bytes : int, default=2147483648
        Bytes that all files may have together.

    Returns
    -------
    manifest : dict
        What is known of the model: ``"model"`` with its class, classes, features,
        window length and lag, ``"metadata"``, ``"libraries"`` and ``"files"``.

    Raises
    ------
    PersistenceError
        If files are damaged, missing, not listed or no plain files; names the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble import PriorBaseline, save_model
    >>> from sk_ensemble.persistence import verify_model
    >>> folder = tempfile.TemporaryDirectory()
    >>> saved = Path(folder.name) / "prior"
    >>> save_model(PriorBaseline().fit([[1.0], [2.0]], [0, 1]), saved)
    >>> verify_model(saved)["model"]["classes"]
    [0, 1]
    >>> folder.cleanup()
    """
    path = Path(path)
    try:
        manifest, files = read_directory(path, max_bytes)
        _check(manifest, files, key)
    except PersistenceError as error:
        raise _named(path, error) from error
    return manifest
