"""Every block of code in the README and the guide runs, and says what it should."""

from __future__ import annotations

import doctest
import re
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "guide").glob("*.rst"))


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def test_readme_code_runs() -> None:
    blocks = python_blocks((ROOT / "README.md").read_text())
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert names["model"].predict(names["X"][:3]).shape == (3,)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_guide_code_runs(page: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        failed, _ = doctest.testfile(
            str(page),
            module_relative=False,
            optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        )
    assert failed == 0


def test_a_wrong_example_would_be_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.rst"
    page.write_text(">>> 1 + 1\n3\n")
    failed, _ = doctest.testfile(str(page), module_relative=False, report=False)
    assert failed == 1
