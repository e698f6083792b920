"""What code an outcome was made with: this package's and its libraries'."""

from __future__ import annotations

import hashlib
import importlib.metadata
import inspect
import platform
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import sk_ensemble

__all__ = ["code_digest", "factory_digest", "library_versions"]

#: Libraries whose version can change a number.
_LIBRARIES = (
    "catboost",
    "joblib",
    "lightgbm",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "sktime",
    "skorch",
    "torch",
    "xgboost",
)

#: Parts of the package that show results and cannot change them.
_NO_RESULT = ("cli", "production", "report")


@cache
def library_versions() -> dict[str, str]:
    """Return the versions of Python and of every library that is installed."""
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


@cache
def code_digest() -> str:
    """Return a hash of this package's source and the versions of the libraries."""
    digest = hashlib.sha256(repr(sorted(library_versions().items())).encode())
    root = Path(sk_ensemble.__file__).parent
    for path in sorted(root.rglob("*.py")):
        part = path.relative_to(root)
        if part.parts[0] not in _NO_RESULT:
            digest.update(part.as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def factory_digest(factory: Callable[..., Any]) -> str:
    """Return a hash of the file in which a model is defined, if it is a file.

    Models of this package are part of `code_digest`; this is for those of others.
    """
    try:
        source = inspect.getsourcefile(factory)
    except TypeError:
        source = None
    content = Path(source).read_bytes() if source and Path(source).is_file() else b""
    return hashlib.sha256(content).hexdigest()
