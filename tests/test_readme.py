"""The code of the README runs, and its table is the one the example makes."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from sk_ensemble.experiments import parse_experiment

ROOT = Path(__file__).parent.parent


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def test_readme_code_runs() -> None:
    blocks = python_blocks((ROOT / "README.md").read_text())
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert names["model"].predict(names["X"][:3]).shape == (3,)


def test_the_experiment_of_the_readme_can_be_read() -> None:
    text = (ROOT / "README.md").read_text()
    (block,) = re.findall(r"^```yaml\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert len(block.splitlines()) == 5
    config = parse_experiment(block)
    assert [model.key for model in config.models][-1] == "lstm"
    assert config.data.val_path == "val.parquet"


@pytest.fixture
def leakage() -> ModuleType:
    place = ROOT / "examples" / "leakage.py"
    spec = importlib.util.spec_from_file_location("leakage", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_has_the_marks_that_its_table_is_written_between(
    leakage: ModuleType, tmp_path: Path
) -> None:
    copy = tmp_path / "README.md"
    copy.write_text((ROOT / "README.md").read_text())
    table = pd.DataFrame({"accuracy": ["1%"]}, index=["shuffled folds"])
    leakage.replace_table(copy, leakage.markdown(table))
    assert "| shuffled folds | 1% |" in copy.read_text()
    before, after = ((ROOT / "README.md").read_text(), copy.read_text())
    assert before.partition(leakage.BEGIN)[0] == after.partition(leakage.BEGIN)[0]
    assert before.partition(leakage.END)[2] == after.partition(leakage.END)[2]


def test_a_file_without_marks_is_left_alone(
    leakage: ModuleType, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(SystemExit, match="lacks the marks"):
        leakage.replace_table(page, "table")
    assert page.read_text() == "nothing"


@pytest.mark.slow
def test_readme_table_is_what_the_example_measures(leakage: ModuleType) -> None:
    assert leakage.markdown(leakage.measure()) in (ROOT / "README.md").read_text()
