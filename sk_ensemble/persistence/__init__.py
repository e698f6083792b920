"""Models as directories that anyone may load: no pickle, no code.

A directory holds ``MANIFEST.json`` with the digests of all other files, ``tree.json``
with objects and parameters, ``arrays.safetensors`` with arrays and weights, and
boosters in the native formats of their libraries.
"""

from __future__ import annotations

from sk_ensemble.persistence._known_parts import KnownParts
from sk_ensemble.persistence._load import (
    load_model,
    model_from_files,
    verify_model,
)
from sk_ensemble.persistence._save import model_files, save_model

__all__ = [
    "KnownParts",
    "load_model",
    "model_files",
    "model_from_files",
    "save_model",
    "verify_model",
]
