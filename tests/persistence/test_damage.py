"""Damaged, incomplete and foreign directories give an error that names the file."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from saved_models import NATIVE, X, Y, files_of, resealed
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from families import make_samples
from sk_ensemble import PriorBaseline, Windower
from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence import (
    load_model,
    model_files,
    model_from_files,
    save_model,
    verify_model,
)
from sk_ensemble.utils.seals import sealed

OFFSETS = 20


def written(files: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def altered_manifest(files: dict[str, bytes], /, **changes: object) -> dict[str, bytes]:
    """Change the manifest without sealing it again."""
    manifest = json.loads(files["MANIFEST.json"]) | changes
    return {**files, "MANIFEST.json": json.dumps(manifest).encode()}


@pytest.fixture(params=NATIVE)
def files(request):
    return files_of(request.param)


def test_whole_files_are_accepted(files, tmp_path):
    path = written(files, tmp_path / "model")
    assert verify_model(path)["files"].keys() == files.keys() - {"MANIFEST.json"}
    assert model_files(load_model(path)) == files
    assert model_files(model_from_files(files)) == files


def test_a_flipped_bit_anywhere_is_an_error_that_names_the_file(files):
    rng = np.random.default_rng(0)
    for name, content in files.items():
        for place in np.linspace(0, len(content) - 1, OFFSETS).astype(int):
            damaged = bytearray(content)
            damaged[place] ^= 1 << rng.integers(8)
            with pytest.raises(PersistenceError, match=name):
                model_from_files({**files, name: bytes(damaged)})


def test_a_truncated_file_is_an_error_that_names_it(files):
    for name, content in files.items():
        for length in (0, 1, len(content) // 2, len(content) - 1):
            with pytest.raises(PersistenceError, match=name):
                model_from_files({**files, name: content[:length]})


def test_a_longer_file_is_an_error_that_names_it(files, tmp_path):
    for name, content in files.items():
        longer = {**files, name: content + b"\n"}
        path = written(longer, tmp_path / name)
        with pytest.raises(PersistenceError, match=name):
            model_from_files(longer)
        with pytest.raises(PersistenceError, match=f"{path}: .*{name}"):
            load_model(path)


def test_missing_and_strange_files_are_named(files, tmp_path):
    for name in files:
        path = written(files, tmp_path / name)
        (path / name).unlink()
        with pytest.raises(PersistenceError, match=name):
            load_model(path)
    path = written({**files, "notes\n.txt": b""}, tmp_path / "more")
    with pytest.raises(PersistenceError, match=r"not listed: 'notes\\n\.txt'"):
        load_model(path)


def test_an_empty_folder_a_file_and_nothing_are_no_models(tmp_path):
    with pytest.raises(PersistenceError, match=r"no MANIFEST\.json"):
        load_model(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(PersistenceError, match="is a file"):
        load_model(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "nothing")
    with pytest.raises(PersistenceError, match=r"no MANIFEST\.json"):
        model_from_files({})


def test_a_newer_format_is_refused_by_its_number():
    files = altered_manifest(files_of("xgboost"), format_version=2)
    with pytest.raises(PersistenceError, match=r"format 2.*up to 1.*newer"):
        model_from_files(files)


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": 0},
        {"format_version": "1"},
        {"format_version": True},
        {"format": "other"},
        {"files": []},
        {"files": {}},
        {"more": 1},
        {"model": {}},
        {"digest": "0" * 64},
    ],
    ids=str,
)
def test_a_manifest_that_was_changed_is_refused(changes):
    with pytest.raises(PersistenceError, match="MANIFEST"):
        model_from_files(altered_manifest(files_of("xgboost"), **changes))


def test_a_manifest_of_equal_content_but_other_blanks_is_refused():
    files = files_of("xgboost")
    text = json.dumps(json.loads(files["MANIFEST.json"]))
    with pytest.raises(PersistenceError, match="digest"):
        model_from_files({**files, "MANIFEST.json": text.encode()})


def test_other_versions_are_told_in_one_warning(monkeypatch, tmp_path):
    path = written(files_of("xgboost"), tmp_path / "model")
    manifest = "sk_ensemble.persistence._manifest"
    monkeypatch.setattr(f"{manifest}._version", lambda library: "0.0.1")
    with pytest.warns(UserWarning, match=r"numpy .* \(here 0\.0\.1\)") as caught:
        load_model(path)
    assert len(caught) == 1
    assert "xgboost" in str(caught[0].message)
    assert caught[0].filename == __file__


def test_equal_versions_are_no_cause_for_a_warning(tmp_path):
    path = written(files_of("xgboost"), tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_model(path)


def test_files_larger_than_allowed_are_not_read(tmp_path):
    path = written(files_of("xgboost"), tmp_path / "model")
    with pytest.raises(PersistenceError, match="max_bytes=1000"):
        load_model(path, max_bytes=1000)
    with pytest.raises(PersistenceError, match="max_bytes=1000"):
        verify_model(path, max_bytes=1000)


def test_what_exists_is_not_overwritten(tmp_path):
    model = PriorBaseline().fit(X, Y)
    save_model(model, tmp_path / "model")
    before = (tmp_path / "model" / "tree.json").read_bytes()
    with pytest.raises(FileExistsError, match="model"):
        save_model(PriorBaseline().fit(X[:50], Y[:50]), tmp_path / "model")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileExistsError, match="empty"):
        save_model(model, tmp_path / "empty")
    assert (tmp_path / "model" / "tree.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "model"]


def test_a_model_that_cannot_be_saved_leaves_nothing(tmp_path):
    model = PriorBaseline().fit(X, Y)
    model.shares_ = object()
    with pytest.raises(PersistenceError, match=r"model\.shares_ is builtins\.object"):
        save_model(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(NotFittedError):
        save_model(PriorBaseline(), tmp_path / "model")


class TestSignature:
    MODEL = PriorBaseline().fit(X, Y)

    def test_a_model_is_loaded_with_the_key_it_was_signed_with(self, tmp_path):
        save_model(self.MODEL, tmp_path / "model", key=b"secret")
        assert load_model(tmp_path / "model", key=b"secret")
        assert verify_model(tmp_path / "model", key=b"secret")
        assert load_model(tmp_path / "model")

    def test_another_key_or_none_at_all_is_an_error(self, tmp_path):
        save_model(self.MODEL, tmp_path / "signed", key=b"secret")
        with pytest.raises(PersistenceError, match="not signed with this key"):
            load_model(tmp_path / "signed", key=b"another")
        save_model(self.MODEL, tmp_path / "plain")
        for read in (load_model, verify_model):
            with pytest.raises(PersistenceError, match="is not signed"):
                read(tmp_path / "plain", key=b"secret")

    def test_what_is_changed_and_sealed_again_without_the_key_is_refused(self):
        files = model_files(self.MODEL, {"horizon": 5}, key=b"secret")
        manifest = json.loads(files["MANIFEST.json"])
        manifest["metadata"]["horizon"] = 20
        forged = {**files, "MANIFEST.json": sealed(manifest)}
        assert model_from_files(forged)
        with pytest.raises(PersistenceError, match="not signed with this key"):
            model_from_files(forged, key=b"secret")


class TestManifest:
    def test_it_says_what_is_to_be_known_of_the_model(self, tmp_path):
        panel, y = make_samples(n_bars=60)
        rows = panel.positions > panel.segment_starts
        model = make_pipeline(Windower(3, lag=1), PriorBaseline())
        model.fit(panel[rows], y[rows])
        save_model(model, tmp_path / "model", {"horizon": 5})
        manifest = verify_model(tmp_path / "model")
        assert manifest["metadata"] == {"horizon": 5}
        assert manifest["model"] == {
            "class": "sklearn.pipeline.Pipeline",
            "classes": [-1, 0, 1],
            "feature_names": ["open", "close", "volume"],
            "lag": 1,
            "n_features": 3,
            "window_length": 3,
        }

    def test_a_model_of_a_table_has_windows_of_one_bar(self):
        files = model_files(PriorBaseline().fit(X, Y))
        model = json.loads(files["MANIFEST.json"])["model"]
        assert (model["window_length"], model["lag"]) == (1, 0)
        assert model["feature_names"] is None

    def test_metadata_that_are_no_json_are_refused(self):
        model = PriorBaseline().fit(X, Y)
        with pytest.raises(PersistenceError, match=r"metadata=.* are no JSON"):
            model_files(model, {"when": object()})

    def test_it_holds_no_time_and_no_place(self):
        model = PriorBaseline().fit(X, Y)
        assert model_files(model) == model_files(PriorBaseline().fit(X, Y))

    def test_sealed_again_it_is_accepted(self):
        files = files_of("xgboost")
        assert resealed(files) == files
