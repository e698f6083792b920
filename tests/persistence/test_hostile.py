"""Directories made by someone who knows the format and means harm.

All of them have a manifest that is right. Each attack has a control: the same files
without the harmful part are loaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saved_models import X, Y, files_of, resealed, with_arrays, with_tree
from sklearn.naive_bayes import GaussianNB

from sk_ensemble import register
from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence import load_model, model_files, model_from_files
from sk_ensemble.persistence._manifest import make_manifest
from sk_ensemble.registry._registry import REGISTRY
from sk_ensemble.utils.seals import sealed

FILES = files_of("random_forest")


class Bayes(GaussianNB):
    """A model of a user's own."""


def written(files: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def root(tree: Any) -> Any:
    return tree["$object"]


class TestDirectory:
    def test_the_control_is_loaded(self, tmp_path):
        assert load_model(written(FILES, tmp_path / "model"))

    @pytest.mark.parametrize("name", sorted(FILES))
    def test_a_link_to_a_good_file_is_refused(self, name, tmp_path):
        path = written(FILES, tmp_path / "model")
        (path / name).rename(tmp_path / "elsewhere")
        (path / name).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(PersistenceError, match=f"{name} cannot be read as a plain"):
            load_model(path)

    def test_a_link_to_a_good_directory_is_followed_as_its_user_wants(self, tmp_path):
        path = written(FILES, tmp_path / "v1")
        (tmp_path / "current").symlink_to(path)
        assert load_model(tmp_path / "current")

    @pytest.mark.parametrize("name", sorted(FILES))
    def test_a_pipe_in_place_of_a_file_does_not_block(self, name, tmp_path):
        path = written(FILES, tmp_path / "model")
        (path / name).unlink()
        os.mkfifo(path / name)
        with pytest.raises(PersistenceError, match=f"{name} is no plain file"):
            load_model(path)

    def test_a_directory_in_place_of_a_file_is_refused(self, tmp_path):
        path = written(FILES, tmp_path / "model")
        (path / "tree.json").unlink()
        (path / "tree.json").mkdir()
        with pytest.raises(PersistenceError, match=r"tree\.json is no plain file"):
            load_model(path)

    @pytest.mark.parametrize(
        "name",
        [
            "../outside",
            "/etc/hostname",
            "a/b",
            "a\\b",
            ".",
            "..",
            "",
            ".hidden",
            "-rf",
            "~",
            "a\nb",
            "a\0b",
            "\u202etxt.exe",
            "x" * 65,
            "MANIFEST.json",
        ],
    )
    def test_a_manifest_cannot_list_what_is_no_plain_name(self, name, tmp_path):
        (tmp_path / "outside").write_bytes(b"secret")
        rest = {key: FILES[key] for key in FILES if key != "MANIFEST.json"}
        sealed = make_manifest({**rest, name: b"secret"}, [], {}, {})
        path = written({**rest, "MANIFEST.json": sealed}, tmp_path / "model")
        with pytest.raises(PersistenceError, match="no plain file name"):
            load_model(path)

    def test_sizes_that_lie_set_no_memory_aside(self, tmp_path):
        path = written(FILES, tmp_path / "model")
        manifest = json.loads(FILES["MANIFEST.json"])
        manifest["files"]["tree.json"]["size"] = 2**30
        (path / "MANIFEST.json").write_bytes(sealed(manifest))
        tracemalloc.start()
        with pytest.raises(PersistenceError, match=r"tree\.json is damaged"):
            load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 2**24
        tracemalloc.stop()


class TestClasses:
    def test_the_control_is_loaded(self):
        assert model_from_files(with_tree(FILES, lambda tree: tree))

    @pytest.mark.parametrize(
        "name",
        [
            "os.system",
            "subprocess.Popen",
            "builtins.eval",
            "__main__.X",
            "sklearn.linear_model._logistic.LogisticRegression",
            "sklearn.utils.Bunch",
            "sklearn.model_selection.cross_val_score",
            "sk_ensemble.persistence._load.load_model",
            "sk_ensemble.tabular.logistic",
            "sk_ensemble.boosting._base.np",
            "../evil",
            "",
        ],
    )
    def test_a_name_that_is_not_on_the_list_is_refused(self, name):
        def rename(tree):
            root(tree)["class"] = name

        with pytest.raises(PersistenceError, match="none of the classes"):
            model_from_files(with_tree(FILES, rename))

    def test_a_module_that_a_file_names_is_not_imported(self, tmp_path, monkeypatch):
        marker = tmp_path / "marker"
        module = tmp_path / "evil_module.py"
        module.write_text(f"open({str(marker)!r}, 'w')\nclass Evil: pass\n")
        monkeypatch.syspath_prepend(tmp_path)

        def rename(tree):
            root(tree)["class"] = "evil_module.Evil"

        with pytest.raises(PersistenceError, match="none of the classes"):
            model_from_files(with_tree(FILES, rename))
        assert not marker.exists()
        # The control: imported, it would leave its mark.
        subprocess.run([sys.executable, module], check=True)
        assert marker.exists()

    @pytest.mark.parametrize("name", ["os.system", "numpy.save", "builtins.exec"])
    def test_a_function_that_is_not_on_the_list_is_refused(self, name):
        def call(tree):
            root(tree)["params"]["random_state"] = {"$function": name}

        with pytest.raises(PersistenceError, match="none of the functions"):
            model_from_files(with_tree(FILES, call))

    def test_a_model_of_ones_own_is_known_while_it_is_registered(self, monkeypatch):
        model = Bayes().fit(X, Y)
        with pytest.raises(PersistenceError, match=r"Bayes: it is none of .*register"):
            model_files(model)
        with monkeypatch.context() as patch:
            patch.setattr(REGISTRY, "_entries", dict(REGISTRY._entries))
            register("bayes", family="sklearn", description="Own")(Bayes)
            files = model_files(model)
            assert type(model_from_files(files)) is Bayes
        with pytest.raises(PersistenceError, match="import the module that registers"):
            model_from_files(files)


class TestTree:
    @pytest.mark.parametrize(
        "node",
        [
            {"$call": ["os.system", "true"]},
            {"$object": {}},
            {"$object": []},
            {"$same": 0},
            {"$same": -1},
            {"$same": True},
            {"$array": ["nothing", "<f8", "C"]},
            {"$array": ["a", "O", "C"]},
            {"$objects": ["O", [10**9, 10**9], []]},
            {"$objects": [10**9, [1], ["a"]]},
            {"$objects": [1, [1], [[]]]},
            {"$scalar": ["<f8", "00"]},
            {"$scalar": ["O", "00" * 8]},
            {"$scalar": ["<f8", "zz"]},
            {"$int": "1" * 5000},
            {"$int": []},
            {"$float": "1.0"},
            {"$type": "type"},
            {"$type": "numpy.ndarray"},
            {"$dtype": "V8"},
            {"$dtype": "<U1000000000"},
            {"$dict": [[[], 1]]},
            {"$dict": [1]},
            {"$slice": [1]},
            {"$timedelta": "rubbish"},
            {"$frame": [[], []]},
            {"$array": 1, "$tuple": []},
            {},
        ],
        ids=str,
    )
    def test_a_value_that_has_no_meaning_is_refused(self, node):
        def put(tree):
            root(tree)["state"]["n_features_in_"] = node

        with pytest.raises(PersistenceError, match="cannot be put together"):
            model_from_files(with_tree(FILES, put))

    def test_an_attribute_is_a_plain_name(self):
        for name in ("__class__", "a b", "__dict__", ""):

            def put(tree, name=name):
                root(tree)["state"][name] = 1

            with pytest.raises(PersistenceError, match="no name of an attribute"):
                model_from_files(with_tree(FILES, put))

    def test_a_parameter_that_does_not_exist_is_refused(self):
        def put(tree):
            root(tree)["params"]["evil"] = 1

        with pytest.raises(PersistenceError, match="does not take its parameters"):
            model_from_files(with_tree(FILES, put))

    def test_a_parameter_that_fit_would_refuse_is_refused(self):
        def put(tree):
            root(tree)["params"]["n_estimators"] = -1

        with pytest.raises(PersistenceError, match="n_estimators"):
            model_from_files(with_tree(FILES, put))

    @pytest.mark.parametrize("text", ["[" * 10**6, '{"$tuple":' * 10**5])
    def test_endless_nesting_is_refused(self, text):
        files = resealed({**FILES, "tree.json": text.encode()})
        with pytest.raises(PersistenceError, match="cannot be put together"):
            model_from_files(files)

    @pytest.mark.parametrize("content", [b" " * (2**25 + 1), b"[]," * 2**21])
    def test_a_tree_above_its_limits_is_not_parsed(self, content):
        files = resealed({**FILES, "tree.json": content})
        with pytest.raises(PersistenceError, match="the limits are"):
            model_from_files(files)

    def test_a_model_above_the_limits_is_refused_when_it_is_saved(self):
        model = GaussianNB().fit(X, Y)
        model.extra_ = list(range(2**21))
        with pytest.raises(PersistenceError, match="the limits are"):
            model_files(model)

    @pytest.mark.parametrize("content", [b"", b"1", b"\xff", b"null", b"NaN"])
    def test_a_tree_that_is_no_model_is_refused(self, content):
        with pytest.raises(PersistenceError):
            model_from_files(resealed({**FILES, "tree.json": content}))


class TestNodes:
    """Arrays that scikit-learn's compiled code would walk along without looking."""

    @staticmethod
    def with_nodes(field: str, value: Any, place: int = 0) -> dict[str, bytes]:
        def change(arrays):
            name = next(name for name in arrays if name.endswith(f"['{field}']"))
            arrays[name][place] = value

        return with_arrays(FILES, change)

    def test_the_control_is_loaded(self):
        assert model_from_files(self.with_nodes("threshold", 0.5))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("left_child", 10**9),
            ("left_child", -7),
            ("left_child", 0),
            ("right_child", 10**9),
            ("right_child", -1),
            ("feature", 4),
            ("feature", -1),
            ("threshold", np.nan),
            ("missing_go_to_left", 7),
        ],
    )
    def test_a_node_that_leads_outside_is_refused(self, field, value):
        with pytest.raises(PersistenceError, match="structure is wrong"):
            model_from_files(self.with_nodes(field, value))

    def test_trees_of_other_features_than_the_forest_are_refused(self):
        def widen(tree):
            forest = root(tree)
            forest["state"]["n_features_in_"] = 3

        with pytest.raises(PersistenceError, match="features of the ensemble"):
            model_from_files(with_tree(FILES, widen))

    def test_a_tree_in_place_of_its_estimator_is_refused(self):
        def swap(tree):
            trees = root(tree)["state"]["estimators_"]
            trees[0] = root(trees[0])["state"]["tree_"]

        with pytest.raises(PersistenceError, match="ensemble is one of trees"):
            model_from_files(with_tree(FILES, swap))
