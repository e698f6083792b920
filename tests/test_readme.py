"""The code of the README runs, and its table is the one the example makes."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.dom import minidom

import pandas as pd
import pytest
from pictureless import run_without_pictures
from PIL import Image
from small_experiments import make_config

from sk_ensemble.experiments import load_experiment, parse_experiment
from sk_ensemble.report import Report

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


def script(name: str) -> ModuleType:
    place = ROOT / name
    spec = importlib.util.spec_from_file_location(place.stem, place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example(name: str) -> ModuleType:
    return script(f"examples/{name}.py")


@pytest.fixture
def leakage() -> ModuleType:
    return example("leakage")


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


# --- its links, and the table of other libraries -------------------------------------


def links(text: str) -> list[tuple[str, str]]:
    """Return the texts and targets of the links to files of the repository."""
    found = re.findall(r"\[([^\[\]]+)\]\(([^)#:\s]+)\)", text)
    pictures = re.findall(r'(?:src|srcset)="([^":]+)"', text)
    return found + [("", target) for target in pictures]


def broken(text: str) -> list[str]:
    """Say which links lead nowhere, or to a test that is not there."""
    faults = []
    for name, target in links(text):
        path = ROOT / target
        if not path.exists():
            faults.append(target)
        elif name.startswith("`test_") and name.strip("`") not in names_of_tests(path):
            faults.append(f"{target}::{name}")
    return faults


def names_of_tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}


def compared(text: str) -> list[list[str]]:
    """Return the rows of the table of other libraries, cell by cell."""
    table = text.partition("## Beside others")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows[2:]]


def test_every_link_of_the_readme_leads_somewhere() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(links(text)) > 20
    assert broken(text) == []


@pytest.mark.parametrize(
    "link",
    [
        "[page](docs/no_such_page.rst)",
        "[`test_nobody_has_written`](tests/test_readme.py)",
        '<img src="docs/pictures/nothing.png">',
    ],
)
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    assert len(broken(link)) == 1


def test_every_row_of_the_comparison_names_a_test_or_a_benchmark() -> None:
    rows = compared((ROOT / "README.md").read_text())
    assert len(rows) > 10
    for row in rows:
        assert len(row) == 4
        assert all(row)
        shown = [target for _, target in links(row[-1])]
        assert any(re.match(r"(tests/.*test_|benchmarks/bench_)", t) for t in shown)


@pytest.fixture
def speeds(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script that writes measured speeds into the table."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    before = set(sys.modules)
    yield script("benchmarks/speeds.py")
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "harness":
            del sys.modules[name]


def test_measured_speeds_are_those_of_the_benchmarks(speeds: ModuleType) -> None:
    told: dict[str, list[str]] = {}
    text = (ROOT / "README.md").read_text()
    for name, _, outcome, _ in compared(text):
        for speed in re.findall(r"([\d.]+) times faster", outcome):
            told.setdefault(name, []).append(speed)
    assert told == speeds.speeds(), "Run python benchmarks/speeds.py."
    assert speeds.with_speeds(text, speeds.speeds()) == text


def test_speeds_are_put_into_the_rows_of_their_library(speeds: ModuleType) -> None:
    rows = "| a 1 | x | 5 times faster |\n| b 2 | 5 times faster |\n| a 1 | equal |\n"
    page = f"5 times faster\n{rows}| a 1 | 0.5 times faster |"
    changed = speeds.with_speeds(page, {"a 1": ["7", "8"]})
    assert changed.splitlines() == [
        "5 times faster",
        "| a 1 | x | 7 times faster |",
        "| b 2 | 5 times faster |",
        "| a 1 | equal |",
        "| a 1 | 8 times faster |",
    ]


# --- its badges and its picture ------------------------------------------------------


def test_the_picture_is_drawn_from_the_figures_beside_it() -> None:
    leaderboard = example("leaderboard")
    table = leaderboard.FOLDER / "leaderboard.csv"
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    for name in leaderboard.THEMES:
        path = leaderboard.FOLDER / name
        assert path.stat().st_size < 200_000
        with Image.open(path) as picture:
            assert picture.info["Source"] == digest


def test_the_figures_are_those_of_the_models_of_the_example() -> None:
    leaderboard = example("leaderboard")
    config = load_experiment(leaderboard.EXPERIMENT)
    figures = pd.read_csv(leaderboard.FOLDER / "leaderboard.csv")
    ensembles = set(config.ensemble.methods)
    assert {m.key for m in config.models} | ensembles == set(figures["model"])
    assert config.horizons == (leaderboard.HORIZON,)
    # A time limit would make them those of a machine.
    assert all(model.training.time_limit is None for model in config.models)


#: Models of the picture that take seconds; the others took part in the same run.
QUICK = ("prior", "clock", "volatility", "logistic", "xgboost", "lightgbm")


@pytest.mark.slow
def test_the_figures_are_what_the_code_makes_today(tmp_path: Path) -> None:
    leaderboard = example("leaderboard")
    where = [f"output.base_dir={tmp_path}", "ensemble.methods=[]", "run.n_jobs=1"]
    config = load_experiment(leaderboard.EXPERIMENT, where)
    models = {model.key: model for model in config.models if model.key in QUICK}
    # The scored bars are those with a window for the model that looks back furthest.
    furthest = max((m.dataset for m in config.models), key=lambda d: d.sequence_length)
    models["prior"] = models["prior"].model_copy(update={"dataset": furthest})
    config = config.model_copy(update={"models": tuple(models.values())})
    report = Report.from_result(run_without_pictures(config))
    found = leaderboard.read_figures(report).set_index("model").loc[list(QUICK)]
    told = pd.read_csv(leaderboard.FOLDER / "leaderboard.csv", index_col="model")
    pd.testing.assert_frame_equal(found, told.loc[list(QUICK)], atol=1e-6)


def test_a_report_becomes_the_figures_of_a_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_report: Report
) -> None:
    leaderboard = example("leaderboard")
    monkeypatch.setattr(leaderboard, "HORIZON", 5)
    figures = leaderboard.read_figures(small_report)
    assert figures["gain"].isna().sum() == (figures["model"] == "prior").sum() == 1
    figures.to_csv(tmp_path / "leaderboard.csv", index=False)
    assert leaderboard.main(["--from-csv", "--folder", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.glob("*.png")} == set(leaderboard.THEMES)


@pytest.fixture
def small_report(tmp_path: Path) -> Report:
    config = make_config(tmp_path, models=["prior", "volatility"], horizons=[5])
    return Report.from_result(run_without_pictures(config))


def test_the_badges_say_what_the_package_says_of_itself() -> None:
    badges = script("docs/badges.py")
    there = {path.stem: path.read_text() for path in badges.FOLDER.glob("*.svg")}
    assert there == {name: badges.badge(*fact) for name, fact in badges.facts().items()}
    assert badges.facts()["python"] == ("Python", ">=3.11")
    text = (ROOT / "README.md").read_text()
    assert set(re.findall(r"badges/(\w+)\.svg", text)) == set(there)
    # No badge comes from a service, which may say anything.
    assert not re.findall(r"!\[[^\]]*\]\(https?:", text)


def test_a_name_in_a_badge_is_no_markup() -> None:
    svg = script("docs/badges.py").badge("<b>", ">=1 & <2")
    assert minidom.parseString(svg).getElementsByTagName("b") == []
