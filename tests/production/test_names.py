"""Names that would lead elsewhere, and those that are one on some systems."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from production_runs import ungated

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.production._names import checked_name

HOSTILE = [
    "../escaped",
    "..",
    ".",
    "",
    "/absolute",
    "a/b",
    "a\\b",
    "con",
    "aux.h5",
    "com1",
    "nul\x00",
    "new\nERROR: forged",
    "trailing\n",
    "\u202egnp.exe",
    "\x1b[31mred",
    "-rf",
    "~",
    ".hidden",
    "_private",
    "trailing.",
    "Capital",
    "ünïcode",
    "٣",
    "a b",
    "x" * 65,
    "x" * 300,
    None,
    3,
    b"bytes",
]
GOOD = ["a", "0", "xgboost_h5", "gbm-2.1", "x" * 64, "console", "com10", "a..b"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_and_nothing_is_made(name, two, runs):
    before = sorted(two.root.parent.rglob("*"))
    for ask in (two.current, two.rollback, two.history, two.sign, two.mirror):
        with pytest.raises(ProductionError, match="cannot be the name") as error:
            ask(name)
        assert len(str(error.value).splitlines()) == 1
    with pytest.raises(ProductionError, match="cannot be the name"):
        ungated(two, runs["prior"], name)
    with pytest.raises(ProductionError, match="cannot be the name"):
        two.version(name, 1)
    if name is not None:
        for ask in (two.list, two.verify):
            with pytest.raises(ProductionError, match="cannot be the name"):
                ask(name)
    assert sorted(two.root.parent.rglob("*")) == before


@pytest.mark.parametrize("name", GOOD)
def test_a_good_name_is_taken_as_it_is(name):
    assert checked_name(name) == name


@given(st.text(max_size=70))
def test_whatever_is_accepted_is_a_plain_name(name):
    try:
        checked_name(name)
    except ProductionError:
        return
    assert name == name.lower()
    assert name.isascii()
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert name[0].isalnum()
    assert not name.endswith(".")
    assert 1 <= len(name) <= 64


def test_strange_directories_in_the_root_are_no_models(two):
    (two.root / "UPPER").mkdir()
    (two.root / ".hidden").mkdir()
    (two.root / "notes.txt").write_text("mine")
    assert two.names() == ["m"]
    assert two.verify()["name"].unique().tolist() == ["m"]
