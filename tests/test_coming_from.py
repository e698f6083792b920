"""The page for people who come from other libraries names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from discovery import public_objects

PAGE = (Path(__file__).parents[1] / "docs" / "coming_from.rst").read_text()

#: Names that are links into the reference.
NAME = re.compile(r"(?<![`:])`\.([A-Za-z_]+)`(?!`)")


def names_of(page):
    return sorted(set(NAME.findall(page)))


@pytest.mark.parametrize("name", names_of(PAGE))
def test_a_name_of_ours_is_public(name):
    known = {path.rpartition(".")[2] for path in public_objects()}
    assert name in known


def test_other_names_would_be_found():
    assert names_of("``.theirs`` and `.Ours`, :doc:`page`, `.also_ours`") == [
        "Ours",
        "also_ours",
    ]
    assert len(names_of(PAGE)) > 25
