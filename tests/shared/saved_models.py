"""Small saved models of each kind, and ways to change their files."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import safetensors.numpy
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from sk_ensemble import LightGBMClassifier, LSTMClassifier, XGBoostClassifier
from sk_ensemble.boosting import CatBoostClassifier
from sk_ensemble.persistence import model_files
from sk_ensemble.persistence._manifest import make_manifest

_RNG = np.random.default_rng(0)
X = _RNG.normal(size=(120, 4)).astype(np.float32)
Y = np.where(np.abs(X[:, 0]) < 0.4, 0, np.sign(X[:, 0] * X[:, 1])).astype(int)

#: A model of each format that a native library reads.
NATIVE = {
    "xgboost": XGBoostClassifier(n_estimators=3),
    "catboost": CatBoostClassifier(n_estimators=3, depth=2),
    "lightgbm": LightGBMClassifier(n_estimators=3, min_child_samples=5),
    "random_forest": RandomForestClassifier(3, max_depth=4, random_state=0),
    "hist_gradient_boosting": HistGradientBoostingClassifier(
        max_iter=3, max_leaf_nodes=5, early_stopping=False
    ),
    "lstm": LSTMClassifier(hidden_size=4, num_layers=1, max_epochs=1, random_state=0),
}


@cache
def files_of(name: str) -> dict[str, bytes]:
    """Return the files of a small fitted model."""
    return model_files(NATIVE[name].fit(X, Y))


def resealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Give files a manifest that is right, as their author could."""
    manifest = json.loads(files["MANIFEST.json"])
    rest = {name: files[name] for name in files if name != "MANIFEST.json"}
    sealed = make_manifest(
        rest, manifest["libraries"], manifest["model"], manifest["metadata"]
    )
    return {**rest, "MANIFEST.json": sealed}


def with_tree(files: dict[str, bytes], change: Any) -> dict[str, bytes]:
    """Change the tree of objects, in place or not, and seal the files again."""
    tree = json.loads(files["tree.json"])
    tree = change(tree) or tree
    return resealed({**files, "tree.json": json.dumps(tree).encode()})


def with_arrays(files: dict[str, bytes], change: Any) -> dict[str, bytes]:
    """Change the arrays, in place, and seal the files again."""
    arrays = {
        name: array.copy()
        for name, array in safetensors.numpy.load(files["arrays.safetensors"]).items()
    }
    change(arrays)
    content = safetensors.numpy.save(arrays)
    return resealed({**files, "arrays.safetensors": content})
