"""Boosters in the files of their libraries, and what is refused there."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from saved_models import NATIVE, X, Y

from sk_ensemble import LightGBMClassifier, XGBoostClassifier
from sk_ensemble.boosting._lightgbm_file import check_lightgbm, trees_only
from sk_ensemble.boosting._ubjson import pack, unpack
from sk_ensemble.boosting._xgboost_file import check_xgboost
from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence import model_files, model_from_files

N_FEATURES = X.shape[1]
UBJSON = bytes(NATIVE["xgboost"].fit(X, Y).booster_.save_raw("ubj"))
TEXT = trees_only(NATIVE["lightgbm"].fit(X, Y).booster_.model_to_string()).decode()


def assert_kept(model: Any, y: np.ndarray) -> None:
    model.fit(X, y, sample_weight=np.linspace(0.1, 2, len(X)))
    files = model_files(model)
    loaded = model_from_files(files)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.lag_importances_, model.lag_importances_)
    assert model_files(loaded) == files


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_estimators", [1, 60])
def test_boosters_of_all_shapes_are_kept(n_estimators, seed):
    rng = np.random.default_rng(seed)
    y = [Y, (Y > 0).astype(int)][seed % 2]
    shared = {
        "n_estimators": n_estimators,
        "learning_rate": float(rng.choice([0.05, 1.0])),
        "subsample": float(rng.choice([0.5, 1.0])),
        "reg_lambda": float(rng.choice([0.1, 10.0])),
        "early_stopping": bool(rng.integers(2)),
        "random_state": seed,
    }
    xgboost = XGBoostClassifier(
        **shared,
        max_depth=int(rng.choice([0, 1, 9])),
        gamma=float(rng.choice([0, 0.5, 5])),
        min_child_weight=float(rng.choice([0, 5])),
    )
    lightgbm = LightGBMClassifier(
        **shared,
        num_leaves=int(rng.choice([2, 50])),
        min_child_samples=int(rng.choice([1, 500])),
    )
    assert_kept(xgboost, y)
    assert_kept(lightgbm, y)


def test_a_booster_of_one_class_is_kept():
    for cls in (XGBoostClassifier, LightGBMClassifier):
        model = cls(n_estimators=2).fit(X, np.zeros(len(X)))
        loaded = model_from_files(model_files(model))
        assert loaded.booster_ is None
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


class TestUniversalBinaryJson:
    def test_what_the_library_writes_is_written_again(self):
        assert pack(unpack(UBJSON)) == UBJSON

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"}",
            b"Z",
            b"{}{}",
            b"[#L" + b"\xff" * 8,
            b"[#L" + b"\x7f" * 8,
            b"[$d#L" + b"\x7f" * 8,
            b"[$Z#L" + b"\0" * 8,
            b"SL" + b"\0" * 7 + b"\x01\xff",
            b"[#L" + b"\0" * 7 + b"\x01",
            (b"[#L" + b"\0" * 7 + b"\x01") * 50,
        ],
        ids=repr,
    )
    def test_what_is_none_is_refused(self, content):
        with pytest.raises(PersistenceError):
            unpack(content)

    def test_a_key_that_comes_twice_is_seen(self):
        # Read as a dict the first one is lost, and so is the last in another reader.
        key = b"L" + b"\0" * 7 + b"\x01a"
        content = b"{" + key + b"i\1" + key + b"i\2" + b"}"
        assert pack(unpack(content)) != content


def changed(path: str, value: Any) -> bytes:
    """Change one value of the booster of XGBoost."""
    document = unpack(UBJSON)
    *parents, last = path.split(".")
    holder = document
    for parent in parents:
        holder = holder[int(parent) if parent.isdigit() else parent]
    if isinstance(holder, np.ndarray):
        raise TypeError(path)
    holder[last] = value(holder[last]) if callable(value) else value
    return pack(document)


def put(place: int, value: Any) -> Any:
    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[place] = value
        return array

    return change


TREE = "learner.gradient_booster.model.trees.0"


class TestXGBoost:
    def test_the_control_is_accepted(self):
        check_xgboost(UBJSON, N_FEATURES, 3)
        check_xgboost(changed(f"{TREE}.split_conditions", put(0, 0.5)), N_FEATURES, 3)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (f"{TREE}.left_children", put(0, 10**6)),
            (f"{TREE}.left_children", put(0, 0)),
            (f"{TREE}.right_children", put(0, -1)),
            (f"{TREE}.parents", put(1, 2)),
            (f"{TREE}.parents", put(0, 0)),
            (f"{TREE}.split_indices", put(0, 4)),
            (f"{TREE}.split_indices", put(0, -1)),
            (f"{TREE}.split_conditions", put(0, np.nan)),
            (f"{TREE}.base_weights", put(0, np.inf)),
            (f"{TREE}.default_left", put(0, 2)),
            (f"{TREE}.split_type", put(0, 1)),
            (f"{TREE}.left_children", lambda array: array[:-1]),
            (f"{TREE}.categories", np.zeros(1, ">i4")),
            (f"{TREE}.id", 1),
            (f"{TREE}.tree_param.num_nodes", "1000000000"),
            (f"{TREE}.tree_param.num_deleted", "1"),
            (f"{TREE}.tree_param.size_leaf_vector", "3"),
            ("learner.gradient_booster.name", "gblinear"),
            ("learner.gradient_booster.model.tree_info", lambda info: info[::-1]),
            ("learner.gradient_booster.model.iteration_indptr", [0, 10**6]),
            ("learner.gradient_booster.model.gbtree_model_param.num_trees", "1"),
            ("learner.learner_model_param.num_feature", "1000000000"),
            ("learner.learner_model_param.num_class", "0"),
            ("learner.learner_model_param.base_score", "[nan,0E0,0E0]"),
            ("learner.objective.name", "rank:pairwise"),
            ("learner.attributes", {"a": "b"}),
            ("learner.feature_names", ["a"]),
            ("learner.more", 1),
            ("version", [3, 2]),
        ],
    )
    def test_what_could_do_harm_is_refused(self, path, value):
        with pytest.raises(PersistenceError, match="structure is wrong"):
            check_xgboost(changed(path, value), N_FEATURES, 3)

    def test_a_booster_of_other_windows_or_classes_is_refused(self):
        for n_features, n_classes in ((3, 3), (5, 3), (4, 2), (4, 4)):
            with pytest.raises(PersistenceError):
                check_xgboost(UBJSON, n_features, n_classes)


class TestLightGBM:
    @staticmethod
    def replaced(pattern: str, new: str) -> bytes:
        """Replace the first match, and correct the sizes of the trees."""
        text = re.sub(pattern, new, TEXT, count=1, flags=re.MULTILINE)
        assert text != TEXT
        if "tree_sizes" not in pattern:
            body = text[text.index("Tree=0") : text.index("end of trees")]
            blocks = re.split(r"(?=^Tree=)", body, flags=re.MULTILINE)
            sizes = " ".join(str(len(block)) for block in blocks if block)
            text = re.sub("tree_sizes=.*", f"tree_sizes={sizes}", text)
        return text.encode()

    def test_the_control_is_accepted(self):
        check_lightgbm(TEXT.encode(), N_FEATURES, 3)
        changed = self.replaced(r"^threshold=\S+", "threshold=0.5")
        check_lightgbm(changed, N_FEATURES, 3)

    @pytest.mark.parametrize(
        ("pattern", "new"),
        [
            (r"^left_child=\S+", "left_child=1000000"),
            (r"^left_child=\S+", "left_child=-1000000"),
            (r"^left_child=\S+", "left_child=0"),
            (r"^right_child=\S+", "right_child=1.5"),
            (r"^split_feature=\S+", "split_feature=4"),
            (r"^split_feature=\S+", "split_feature=-1"),
            (r"^decision_type=\S+", "decision_type=1"),
            (r"^threshold=\S+", "threshold=nan"),
            (r"^threshold=\S+", "threshold=1e999"),
            (r"^leaf_value=\S+ ", "leaf_value="),
            (r"^leaf_value=\S+", "leaf_value=inf"),
            (r"^num_leaves=.*", "num_leaves=1000000"),
            (r"^num_leaves=.*", "num_leaves=0"),
            (r"^leaf_count=\S+", "leaf_count=1.5"),
            (r"^internal_count=\S+", "internal_count=1e5"),
            (r"^num_cat=0", "num_cat=1"),
            (r"^is_linear=0", "is_linear=1"),
            (r"^shrinkage=.*", "shrinkage="),
            (r"^Tree=1", "Tree=7"),
            (r"^internal_count=.*\n", ""),
            (r"^num_cat=0\n", "num_cat=0\nnum_cat=0\n"),
            (r"tree_sizes=\d+", "tree_sizes=7"),
            (r"tree_sizes=", "tree_sizes=1 "),
            (r"^num_class=3", "num_class=300000000"),
            (r"^objective=.*", "objective=lambdarank"),
            (r"^max_feature_idx=3", "max_feature_idx=300000000"),
            (r"^feature_infos=\S+", "feature_infos=0:1:2"),
            (r"^version=v4", "version=v3"),
            (r"end of trees\n", "end of trees\nparameters:\n"),
        ],
    )
    def test_what_could_do_harm_is_refused(self, pattern, new):
        with pytest.raises(PersistenceError, match="structure is wrong"):
            check_lightgbm(self.replaced(pattern, new), N_FEATURES, 3)

    @pytest.mark.parametrize("letter", ["é", "\r", "\0", "\u0660"])
    def test_letters_that_do_not_belong_there_are_refused(self, letter):
        content = TEXT.replace("shrinkage=", f"shrinkage={letter}").encode()
        with pytest.raises(PersistenceError):
            check_lightgbm(content, N_FEATURES, 3)

    def test_a_tree_of_endless_depth_is_refused(self):
        n_splits = 10_001
        places = range(n_splits)
        lines = {
            "num_leaves": n_splits + 1,
            "split_feature": " ".join(["0"] * n_splits),
            "split_gain": " ".join(["1"] * n_splits),
            "threshold": " ".join(["0"] * n_splits),
            "decision_type": " ".join(["2"] * n_splits),
            "left_child": " ".join(
                str(k + 1 if k + 1 < n_splits else -n_splits - 1) for k in places
            ),
            "right_child": " ".join(str(-k - 1) for k in places),
            "leaf_value": " ".join(["0"] * (n_splits + 1)),
            "leaf_weight": " ".join(["1"] * (n_splits + 1)),
            "leaf_count": " ".join(["1"] * (n_splits + 1)),
            "internal_value": " ".join(["0"] * n_splits),
            "internal_weight": " ".join(["0"] * n_splits),
            "internal_count": " ".join(["1"] * n_splits),
        }
        pattern = r"(?s)num_leaves=.*?is_linear"
        block = "\n".join(
            f"{name}={lines[name]}" + ("\nnum_cat=0" if name == "num_leaves" else "")
            for name in lines
        )
        with pytest.raises(PersistenceError, match="fewer than 10000 levels"):
            check_lightgbm(self.replaced(pattern, f"{block}\nis_linear"), N_FEATURES, 3)

    def test_a_booster_of_other_windows_or_classes_is_refused(self):
        for n_features, n_classes in ((3, 3), (5, 3), (4, 2), (4, 4)):
            with pytest.raises(PersistenceError):
                check_lightgbm(TEXT.encode(), n_features, n_classes)
