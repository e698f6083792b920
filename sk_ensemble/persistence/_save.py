"""Save models."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from sklearn.utils.validation import check_is_fitted

from sk_ensemble.persistence._encoder import Encoder
from sk_ensemble.persistence._known_parts import KnownParts
from sk_ensemble.persistence._layout import ARRAYS, TREE, refuse_large_tree
from sk_ensemble.persistence._manifest import MANIFEST, make_manifest
from sk_ensemble.persistence._summary import summary_of
from sk_ensemble.utils.files import write_folder

__all__ = ["model_files", "save_model"]


def _packed(tensors: dict[str, np.ndarray]) -> bytes:
    content: bytes = safetensors.numpy.save(tensors)
    return content


def model_files(
    model: Any,
    metadata: Mapping[str, Any] | None = None,
    *,
    key: bytes | None = None,
    known: KnownParts | None = None,
) -> dict[str, bytes]:
    """Return the files that a model is saved as, without writing them.

    Parameters
    ----------
    model : estimator
        A fitted model.
    metadata : mapping or None, default=None
        What is to be kept with it, such as ``{"horizon": 5}``: texts, numbers, lists
        and dicts.
    key : bytes or None, default=None
        A secret to sign the manifest with (HMAC-SHA256), so that a reader with the
        same key finds malice and not only damage.
    known : KnownParts or None, default=None
        What parts of the model are known to consist of, because they were loaded with
        it and have not changed since.

    Returns
    -------
    files : dict of str to bytes
        Contents by name; equal models give equal bytes.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    PersistenceError
        If the model holds something that cannot be saved; lists all of it.

    See Also
    --------
    model_from_files : The way back.
    save_model : Write them to a directory.

    Examples
    --------
    >>> from sk_ensemble import PriorBaseline
    >>> from sk_ensemble.persistence import model_files
    >>> list(model_files(PriorBaseline().fit([[1.0], [2.0]], [0, 1])))
    ['MANIFEST.json', 'arrays.safetensors', 'tree.json']
    """
    check_is_fitted(model)
    encoder = Encoder(known)
    root = encoder.encode(model, "model")
    encoder.raise_faults()
    tree = json.dumps(root, allow_nan=False, separators=(",", ":")).encode()
    refuse_large_tree(tree)
    files = {
        TREE: tree,
        ARRAYS: _packed(encoder.tensors),
        **encoder.files,
    }
    best = encoder.objects[-1]
    summary = summary_of(best, root["$object"]["class"], encoder.objects)
    libraries = sorted({"safetensors", *encoder.libraries})
    manifest = make_manifest(files, libraries, summary, metadata or {}, key)
    return dict(sorted({**files, MANIFEST: manifest}.items()))


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any] | None = None,
    *,
    key: bytes | None = None,
) -> None:
    """Save a fitted model as a directory, without pickle.

    Covered are all registered models, scikit-learn's Pipelines, scalers, imputers and
    the like, calibration, votes and stacks of these. Of a search, the best model is
    saved.

    Parameters
    ----------
    model : estimator
        A fitted model.
    path : str or path-like
        The directory to be. It appears when it is complete.
    metadata : mapping or None, default=None
        What is to be kept with it, such as ``{"horizon": 5}``: texts, numbers, lists
        and dicts.
    key : bytes or None, default=None
        A secret to sign the manifest with (HMAC-SHA256), so that a reader with the
        same key finds malice and not only damage.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    PersistenceError
        If the model holds something that cannot be saved; lists all of it.
    FileExistsError
        If there is something at `path`.

    See Also
    --------
    load_model : The way back.

    Notes
    -----
    Predictions of the loaded model are equal bit for bit, with the same versions of
    the libraries, which the manifest lists. Callbacks and caches, which serve training
    only, are left out.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble import PriorBaseline, load_model, save_model
    >>> model = PriorBaseline().fit([[1.0], [2.0], [3.0], [4.0]], [0, 0, 0, 1])
    >>> folder = tempfile.TemporaryDirectory()
    >>> save_model(model, Path(folder.name) / "prior", metadata={"horizon": 5})
    >>> load_model(Path(folder.name) / "prior").predict_proba([[9.0]])
    array([[0.75, 0.25]])
    >>> folder.cleanup()
    """
    files = model_files(model, metadata, key=key)
    write_folder(Path(path), files)
