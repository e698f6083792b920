"""What runs the guide for a newcomer runs all of it, and finds what fails."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def guide():
    place = ROOT / ".ci" / "read_guide.py"
    spec = importlib.util.spec_from_file_location("read_guide", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_of_the_guide_is_read_once(guide):
    pages = guide.pages()
    there = set((ROOT / "docs" / "guide").glob("*.rst"))
    assert pages[0].stem == "start"
    assert len(pages) == len(set(pages))
    assert set(pages) == there - {ROOT / "docs" / "guide" / "index.rst"}


def test_every_figure_of_a_page_is_run(guide):
    for page in guide.pages():
        text = page.read_text()
        found = guide.figures(text)
        assert len(found) == text.count(".. plot::")
        for code in found:
            compile(code, str(page), "exec")


PAGE = """
Title
=====

>>> 1 + 1
2
>>> list(range(40))
[0, 1, ..., 39]

.. plot::
   :alt: Nothing, on
       two lines.

   value = 1

   assert value == 1

Text.
"""


@pytest.mark.parametrize(
    ("old", "new", "n_failed"), [("Text", "Text", 0), ("\n2\n", "\n3\n", 1)]
)
def test_an_example_that_fails_is_counted(guide, tmp_path, capsys, old, new, n_failed):
    page = tmp_path / "page.rst"
    page.write_text(PAGE.replace(old, new))
    assert guide.run(page) == n_failed
    assert ("Expected" in capsys.readouterr().out) == bool(n_failed)


def test_a_figure_that_fails_is_no_success(guide, tmp_path):
    page = tmp_path / "page.rst"
    page.write_text(PAGE.replace("value == 1", "value == 2"))
    with pytest.raises(AssertionError):
        guide.run(page)


def test_a_page_that_fails_ends_no_other(guide, tmp_path, monkeypatch, capfd):
    for name, new in (("bad", "3"), ("good", "2")):
        (tmp_path / f"{name}.rst").write_text(PAGE.replace("\n2\n", f"\n{new}\n"))
    monkeypatch.setattr(guide, "GUIDE", tmp_path)
    assert guide.main(["bad", "good"]) == 1
    said = capfd.readouterr().out
    assert re.search(r"FAILED .* bad\n(.*\n)*ok .* good", said)
    assert guide.main(["good"]) == 0


def test_the_commands_of_the_script_are_those_of_the_readme():
    script = (ROOT / ".ci" / "newcomer").read_text()
    block = (ROOT / "README.md").read_text().partition("Two commands")[2]
    commands = re.findall(r"^make \w+", block, flags=re.MULTILINE)[:2]
    assert commands == ["make baseline", "make test"]
    found = re.findall(r'^step ".*" (make \w+)', script, flags=re.MULTILINE)
    assert found == commands
