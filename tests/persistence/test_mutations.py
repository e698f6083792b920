"""Files of native formats, changed in every way by an author who can seal them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from load_each import outcomes
from mutations import (
    Rng,
    changed_array,
    changed_bytes,
    changed_document,
    changed_json,
    changed_lightgbm,
    changed_ubjson,
)
from saved_models import NATIVE, X, files_of, resealed, with_arrays, with_tree

from sk_ensemble.boosting._catboost_trees import read_trees
from sk_ensemble.boosting._lightgbm_file import check_lightgbm
from sk_ensemble.boosting._xgboost_file import check_xgboost
from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence import model_from_files

Files = dict[str, bytes]

SOUND = ("loaded", "refused")


def _with_changed_file(name: str, change: Callable[[bytes, Rng], bytes]):
    def mutant(files: Files, rng: Rng) -> Files:
        return resealed({**files, name: change(files[name], rng)})

    return mutant


def _with_changed_array(files: Files, rng: Rng) -> Files:
    def change(arrays):
        name = str(rng.choice(list(arrays)))
        arrays[name] = np.ascontiguousarray(changed_array(arrays[name], rng))

    return with_arrays(files, change)


def _with_changed_tree(files: Files, rng: Rng) -> Files:
    return with_tree(files, lambda tree: changed_document(tree, rng))


def _with_any_part_changed(files: Files, rng: Rng) -> Files:
    """Change an array, the tree of objects or some bytes of the arrays' file."""
    kind = rng.choice(3, p=[0.45, 0.45, 0.1])
    if kind == 0:
        return _with_changed_array(files, rng)
    if kind == 1:
        return _with_changed_tree(files, rng)
    content = changed_bytes(files["arrays.safetensors"], rng)
    return resealed({**files, "arrays.safetensors": content})


#: How the files of each kind of model are changed.
CHANGES = dict.fromkeys(NATIVE, _with_any_part_changed) | {
    "catboost": _with_changed_file("catboost-0.json", changed_json),
    "xgboost": _with_changed_file("xgboost-0.ubj", changed_ubjson),
    "lightgbm": _with_changed_file("lightgbm-0.txt", changed_lightgbm),
}


def write_mutants(name: str, number: int, folder: Path, seed: int) -> None:
    """Write changed models, and one that is not, with samples to predict."""
    rng = np.random.default_rng(seed)
    np.save(folder / "X.npy", X)
    models = {"original": files_of(name)}
    for place in range(number):
        models[f"{place:03d}"] = CHANGES[name](files_of(name), rng)
    for own, files in models.items():
        (folder / own).mkdir()
        for file, content in files.items():
            (folder / own / file).write_bytes(content)


def is_refused(name: str, files: Files) -> bool:
    """Read files here, but hand no booster to its library."""
    try:
        if name == "catboost":
            read_trees(files["catboost-0.json"], X.shape[1], 3)
        elif name == "xgboost":
            check_xgboost(files["xgboost-0.ubj"], X.shape[1], 3)
        elif name == "lightgbm":
            check_lightgbm(files["lightgbm-0.txt"], X.shape[1], 3)
        else:
            model_from_files(files)
    except PersistenceError:
        return True
    return False


@pytest.mark.parametrize("name", CHANGES)
def test_most_changes_are_refused_and_none_is_another_error(name):
    rng = np.random.default_rng(1)
    assert not is_refused(name, files_of(name))
    mutants = [CHANGES[name](files_of(name), rng) for _ in range(60)]
    assert sum(is_refused(name, files) for files in mutants) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_300_changes_do_no_harm(name, tmp_path):
    write_mutants(name, 300, tmp_path, seed=0)
    found = outcomes(tmp_path)
    assert len(found) == 301
    assert found.pop("original") == "loaded"
    # A changed number may make another sound model.
    harmful = {own: end for own, end in found.items() if end not in SOUND}
    assert harmful == {}
    assert Counter(found.values())["refused"] > 100


@pytest.mark.slow
def test_without_the_check_the_library_is_killed(tmp_path):
    # The control: it is the structural check that keeps the process alive.
    write_mutants("lightgbm", 40, tmp_path, seed=0)
    found = outcomes(tmp_path, unchecked=True)
    assert any(end.startswith("signal") for end in found.values())
