"""Damage, malice and signatures: what is found, and named."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from production_runs import tree_of, ungated

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.production import ProductionRegistry
from sk_ensemble.production._journal import Journal
from sk_ensemble.utils.seals import digest_of, sealed, signed, unsealed

KEY, OTHER = b"sixteen bytes or more", b"another secret of some length"
FILES = [
    "v1/config.yaml",
    "v1/metadata.json",
    "v1/model/MANIFEST.json",
    "v1/model/arrays.safetensors",
    "v1/model/tree.json",
    "history/000001.json",
    "history/000002.json",
]


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_whole_registry_is_whole(two):
    checks = two.verify()
    assert checks["part"].tolist() == ["history", "v1", "v2"]
    assert checks["state"].tolist() == ["2 entries", "earlier", "current"]
    assert checks["fault"].isna().all()
    assert two.verify("m", 1)["part"].tolist() == ["history", "v1"]


@pytest.mark.parametrize("name", FILES)
def test_every_flipped_bit_and_cut_of_every_file_is_found(name, two):
    path = two.root / "m" / name
    content = path.read_bytes()
    places = np.random.default_rng(0).integers(0, len(content), 20)
    damaged = [flipped(content, int(place)) for place in places]
    damaged += [b"", content[:1], content[: len(content) // 2], content[:-1]]
    for other in damaged:
        path.write_bytes(other)
        with pytest.raises(ProductionError, match=r"1 fault|2 fault") as error:
            two.verify()
        assert path.name in str(error.value)
    path.write_bytes(content)
    two.verify()


@pytest.mark.parametrize("name", [file for file in FILES if file.startswith("v1")])
def test_no_damaged_file_is_ever_loaded(name, two):
    version = two.version("m", 1)
    path = two.root / "m" / name
    path.write_bytes(flipped(path.read_bytes(), 20))
    with pytest.raises(ProductionError, match=f"{path.name} is damaged"):
        version.load()


@pytest.mark.parametrize("name", FILES[:-1])
def test_a_missing_file_is_named(name, two):
    (two.root / "m" / name).unlink()
    with pytest.raises(ProductionError, match=name.rpartition("/")[2]):
        two.verify()


def test_without_its_last_entry_a_registry_is_an_older_one(two):
    """No digest can tell, only the version that it says was never live."""
    (two.root / "m" / "history" / "000002.json").unlink()
    assert two.verify()["state"].tolist() == ["1 entry", "current", "never live"]
    with pytest.raises(ProductionError, match="No version v2 of 'm' went live"):
        two.version("m", 2)


@pytest.mark.parametrize("place", ["v1", "v1/model", ".", "history"])
def test_a_file_too_many_is_named(place, two):
    (two.root / "m" / place / "extra.bin").write_bytes(b"")
    with pytest.raises(ProductionError, match=r"extra\.bin"):
        two.verify()


def test_a_missing_version_is_named(two):
    shutil.rmtree(two.root / "m" / "v1")
    with pytest.raises(ProductionError, match="v1"):
        two.verify()
    with pytest.raises(ProductionError, match="v1 cannot be read"):
        two.rollback("m")
    assert two.current("m").number == 2


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_the_very_same_content_is_refused(name, two, tmp_path):
    path = two.root / "m" / name
    shutil.copy(path, tmp_path / "elsewhere")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProductionError, match=path.name):
        two.verify()


@pytest.mark.parametrize("name", ["v1", "v1/model", "history"])
def test_a_linked_directory_is_refused(name, two, tmp_path):
    path = two.root / "m" / name
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProductionError, match="is a link or a file"):
        two.verify()


def test_a_linked_model_is_refused_whatever_is_asked_of_it(two, runs, tmp_path):
    (two.root / "m").rename(tmp_path / "elsewhere")
    (two.root / "m").symlink_to(tmp_path / "elsewhere")
    before = tree_of(tmp_path / "elsewhere")
    for ask in (two.current, two.rollback, two.history, two.list):
        with pytest.raises(ProductionError, match="m is a link or a file"):
            ask("m")
    with pytest.raises(ProductionError, match="m is a link or a file"):
        ungated(two, runs["prior"])
    with pytest.raises(ProductionError, match=r"m is a link\. Remove it"):
        two.verify()
    assert tree_of(tmp_path / "elsewhere") == before


def test_a_lock_that_is_a_link_is_refused(two, runs, tmp_path):
    lock = two.root / "m" / ".lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "victim")
    with pytest.raises(ProductionError, match="cannot be opened as a lock"):
        ungated(two, runs["prior"])
    assert not (tmp_path / "victim").exists()


def test_a_pipe_in_place_of_a_file_keeps_nobody_waiting(two):
    path = two.root / "m" / "v1" / "config.yaml"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ProductionError, match=r"config\.yaml is no plain file"):
        two.verify()


def test_metadata_that_name_a_path_outside_lead_nowhere(two, tmp_path):
    path = two.root / "m" / "v1" / "metadata.json"
    metadata = unsealed(path.read_bytes())
    for name in ("model/../../../secret", "/etc/hostname", "model//etc/hostname"):
        listed = {**metadata["files"], name: {"sha256": "", "size": 10}}
        path.write_bytes(sealed({**metadata, "files": listed}))
        with pytest.raises(ProductionError, match="are not those of its metadata"):
            two.verify()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "x"}, "not the metadata of a version"),
        ({"format_version": 2}, "the format is 2"),
        ({"name": "n"}, "of another version"),
        ({"version": 7}, "of another version"),
        ({"files": 5}, "is damaged"),
        ({"files": {"config.yaml": {}}}, "is damaged"),
        ({"horizon": 6}, "another one than that which was promoted"),
    ],
)
def test_metadata_that_were_changed_and_sealed_again_are_found(change, message, two):
    path = two.root / "m" / "v1" / "metadata.json"
    path.write_bytes(sealed(unsealed(path.read_bytes()) | change))
    with pytest.raises(ProductionError, match=message):
        two.verify()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "x"}, "no entry of a history"),
        ({"format_version": 2}, "its format is 2"),
        ({"action": "hacked"}, "its action is 'hacked'"),
        ({"current": "2"}, "its current is '2'"),
        ({"current": True}, "its current is True"),
        ({"details": []}, r"its details is \[\]"),
        ({"number": 7}, "that of another place"),
        ({"name": "n"}, "that of another place"),
        ({"previous_sha256": "ab"}, "does not continue"),
    ],
)
def test_entries_that_were_changed_and_sealed_again_are_found(change, message, two):
    path = two.root / "m" / "history" / "000002.json"
    path.write_bytes(sealed(unsealed(path.read_bytes()) | change))
    with pytest.raises(ProductionError, match=message):
        two.verify()
    assert "000002" in path.name


def test_an_entry_that_was_taken_out_is_missed(two):
    (two.root / "m" / "history" / "000001.json").unlink()
    with pytest.raises(ProductionError, match=r"000001\.json is missing"):
        two.verify()


def test_an_entry_of_another_history_is_found(two, runs):
    ungated(two, runs["prior"], "n")
    source = two.root / "n" / "history" / "000001.json"
    shutil.copy(source, two.root / "m" / "history" / "000003.json")
    with pytest.raises(ProductionError, match="that of another place"):
        two.current("m")


class TestSigned:
    """What a key adds, and what not."""

    @pytest.fixture
    def keyed(self, tmp_path, runs):
        registry = ProductionRegistry(tmp_path / "signed", key=KEY)
        ungated(registry, runs["prior"])
        ungated(registry, runs["volatility"])
        return registry

    def test_with_its_key_it_is_whole(self, keyed):
        assert keyed.current("m").number == 2
        assert keyed.rollback("m").number == 1
        assert keyed.verify()["fault"].isna().all()
        assert ProductionRegistry(keyed.root).verify(key=KEY)["fault"].isna().all()
        # Who does not ask for a signature needs no key to read.
        assert ProductionRegistry(keyed.root).current("m").number == 1

    def test_nobody_without_the_key_changes_it(self, keyed, runs):
        for key, message in ((None, "no key was given"), (OTHER, "another key")):
            other = ProductionRegistry(keyed.root, key=key)
            with pytest.raises(ProductionError, match=message):
                ungated(other, runs["prior"])
            with pytest.raises(ProductionError, match=message):
                other.rollback("m")
        assert {path.name for path in (keyed.root / "m").glob("v*")} == {"v1", "v2"}
        with pytest.raises(ProductionError, match="signed with another key"):
            ProductionRegistry(keyed.root).verify(key=OTHER)
        assert keyed.current("m").number == 2

    def test_a_forged_entry_is_found(self, keyed):
        """An attacker makes the first version live, as well as it can be forged."""
        folder = keyed.root / "m" / "history"
        last = (folder / "000002.json").read_bytes()
        event = unsealed((folder / "000001.json").read_bytes())
        event |= {"number": 3, "action": "rolled back"}
        event["previous_sha256"] = digest_of(last)
        for document in (signed(event, None), signed(event, OTHER), event):
            (folder / "000003.json").write_bytes(sealed(document))
            with pytest.raises(ProductionError, match="nothing vouches for what is"):
                keyed.current("m")
            with pytest.raises(ProductionError, match="nothing vouches for what is"):
                keyed.verify()

    def test_without_a_key_a_forged_entry_is_believed(self, two):
        folder = two.root / "m" / "history"
        last = (folder / "000002.json").read_bytes()
        event = unsealed((folder / "000001.json").read_bytes())
        event |= {"number": 3, "previous_sha256": digest_of(last)}
        (folder / "000003.json").write_bytes(sealed(event))
        assert two.current("m").number == 1

    def test_a_replaced_version_is_found_though_all_digests_are_right(self, keyed, two):
        """An attacker puts a whole version of another registry in the place of one."""
        shutil.rmtree(keyed.root / "m" / "v1")
        shutil.copytree(two.root / "m" / "v1", keyed.root / "m" / "v1")
        with pytest.raises(ProductionError, match="another one than that which was"):
            keyed.verify()
        with pytest.raises(ProductionError, match="another one than that which was"):
            keyed.rollback("m")

    def test_what_is_not_signed_can_be_vouched_for(self, two, runs):
        keyed = ProductionRegistry(two.root, key=KEY)
        for ask in (keyed.current, keyed.verify, keyed.rollback, keyed.history):
            with pytest.raises(ProductionError, match="is not signed"):
                ask("m")
        with pytest.raises(ProductionError, match="is not signed"):
            ungated(keyed, runs["prior"])
        keyed.sign("m")
        assert keyed.current("m").number == 2
        assert keyed.rollback("m").number == 1
        assert keyed.history("m")["action"].tolist()[2:] == ["signed", "rolled back"]

    def test_it_is_signed_with_the_key_that_is_passed(self, two):
        with pytest.raises(ProductionError, match="no key to sign with"):
            two.sign("m")
        two.sign("m", key=KEY)
        assert two.verify("m", key=KEY)["fault"].isna().all()
        with pytest.raises(ProductionError, match="another key"):
            two.sign("m", key=OTHER)

    def test_what_is_damaged_is_not_vouched_for(self, two):
        (two.root / "m" / "v1" / "config.yaml").write_bytes(b"")
        with pytest.raises(ProductionError, match=r"config\.yaml"):
            two.sign("m", key=KEY)
        assert len(two.history("m")) == 2

    @pytest.mark.parametrize("key", [b"", b"too short", "text of some length"])
    def test_a_key_that_can_be_guessed_is_refused(self, key, two):
        with pytest.raises(ProductionError, match="at least 16 bytes"):
            ProductionRegistry(two.root, key=key)
        for ask in (two.verify, two.sign):
            with pytest.raises(ProductionError, match="at least 16 bytes"):
                ask("m", key=key)


def test_the_check_of_the_chain_is_what_finds_a_changed_past(two, monkeypatch):
    path = two.root / "m" / "history" / "000001.json"
    path.write_bytes(sealed(unsealed(path.read_bytes()) | {"reason": "another"}))
    with pytest.raises(ProductionError, match="does not continue"):
        two.verify()
    monkeypatch.setattr(Journal, "_continued", lambda self, n, before: self.read(n))
    two.verify()


def test_metadata_are_strict_json(two):
    def refuse(constant):
        raise AssertionError(constant)

    for path in two.root.rglob("*.json"):
        json.loads(path.read_text(), parse_constant=refuse)
