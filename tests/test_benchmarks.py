"""The frame of the benchmarks: ratios, turns, tables, and what every part must have."""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("bench_*.py"))
TABLES = sorted((FOLDER / "results").glob("*.csv"))
#: Written before there was a frame and read by the pages of the families; points.
OTHER_TABLES = {"families", "scaling_points"}
#: The aims of this part are for a GPU, and stand in that of `bench_cuda.py`.
WITHOUT_AIM = {"fit_folds"}


@pytest.fixture(autouse=True)
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package beside the scripts, taken away afterwards."""
    monkeypatch.syspath_prepend(FOLDER)
    before = set(sys.modules)
    yield importlib.import_module("harness")
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "harness":
            del sys.modules[name]


# --- comparisons ----------------------------------------------------------------------


def test_times_faster_and_shares_are_the_ratios_of_rounds(harness: Any) -> None:
    figures = {"here": [1.0, 2.0, 4.0], "there": [10.0, 10.0, 10.0]}
    faster = harness.Comparison("a", "b", "s", *figures.values(), harness.AtLeast(5))
    share = harness.Comparison("a", "b", "s", *figures.values(), harness.AtMost(0.1))
    plain = harness.Comparison("a", "b", "s", *figures.values())
    assert faster.ratios == [10, 5, 2.5]
    assert share.ratios == plain.ratios == [0.1, 0.2, 0.4]
    row = faster.row()
    assert (row["ratio"], row["least"], row["most"], row["rounds"]) == (5, 2.5, 10, 3)
    assert (row["aim"], row["reached"]) == (">= 5", "yes")
    assert (share.row()["aim"], share.row()["reached"]) == ("<= 0.1", "no")
    assert (plain.row()["aim"], plain.row()["reached"]) == ("", "")


@pytest.mark.parametrize(("here", "there"), [([], []), ([1.0], [1.0, 2.0])])
def test_figures_that_took_no_turns_are_refused(
    harness: Any, here: list[float], there: list[float]
) -> None:
    with pytest.raises(ValueError, match="take turns"):
        harness.Comparison("a", "b", "s", here, there)


def test_figures_are_written_with_four_digits_whatever_their_size(harness: Any) -> None:
    row = harness.Comparison("a", "b", "s", [0.000123456], [98765.4]).row()
    assert (row["here"], row["there"]) == (0.0001235, 98770)


def test_turns_alternate_and_go_backwards_every_second_round(harness: Any) -> None:
    order: list[str] = []

    def measure(name: str) -> int:
        order.append(name)
        return len(order)

    figures = harness.take_turns({name: lambda n=name: measure(n) for name in "abc"}, 3)
    assert "".join(order) == "abccbaabc"
    assert figures == {"a": [1, 6, 7], "b": [2, 5, 8], "c": [3, 4, 9]}


# --- tables and pictures --------------------------------------------------------------


def test_a_table_comes_back_as_it_was_written(harness: Any, tmp_path: Path) -> None:
    results = importlib.import_module("harness.results")
    picture = importlib.import_module("harness.picture")
    rows = [
        harness.Comparison("a, b", 'the "other"', "s", [1.0], [7.0], aim).row()
        for aim in (harness.AtLeast(5), harness.AtMost(0.1), harness.Floor())
    ]
    path = tmp_path / "new" / "part.csv"
    results.write_table(path, rows, {"processor": "one: two", "cores": 2})
    machine, found = results.read_table(path)
    assert machine == {"processor": "one: two", "cores": "2"}
    told = [{name: str(value) for name, value in row.items()} for row in rows]
    assert found == told
    picture.draw_ratios(tmp_path / "part.png", found, "a title")
    assert picture._limits(found) == pytest.approx((0.08, 8.75))
    assert (tmp_path / "part.png").read_bytes().startswith(b"\x89PNG")


def test_what_does_not_reach_its_aim_is_marked(harness: Any, capsys: Any) -> None:
    results = importlib.import_module("harness.results")
    rows = [
        harness.Comparison(case, "b", "s", [1.0], [7.0], harness.AtLeast(bound)).row()
        for case, bound in {"good": 5, "bad": 8}.items()
    ]
    results.print_table(rows)
    marks = ["not reached" in line for line in capsys.readouterr().out.splitlines()]
    assert marks == [False, False, True]


def test_a_table_is_put_between_its_marks(harness: Any, tmp_path: Path) -> None:
    results = importlib.import_module("harness.results")
    aim = harness.AtLeast(8)
    rows = [
        harness.Comparison("a", "b", "s", [0.5, 1.0], [5.0, 7.0], aim).row(),
        harness.Comparison("c", "d", "MiB", [1234.5], [0.01]).row(),
    ]
    page = tmp_path / "page.md"
    marks = "<!-- results: x -->{}<!-- end of results: x -->"
    page.write_text(f"before\n{marks.format('')}\nafter\n")
    for _ in range(2):
        results.write_into_page(page, "x", rows)
        results.write_into_page(page, "y", rows)
    table = """
| case | beside | here | there | ratio | aim |
|---|---|---:|---:|---:|---|
| a | b | 0.75 s | 6 s | 8.5 (7 to 10) | >= 8 |
| c | d | 1,234 MiB | 0.01 MiB | 123,400 | |
"""
    assert page.read_text() == f"before\n{marks.format(table)}\nafter\n"


# --- workers and peers ----------------------------------------------------------------

ECHO = """
from harness.worker import answer_requests

def answer(**request):
    print("a library says something")
    return request["number"] / request["by"]

answer_requests(answer)
"""


def test_a_worker_answers_until_it_fails(harness: Any, tmp_path: Path) -> None:
    script = tmp_path / "echo.py"
    script.write_text(ECHO)
    with harness.Worker(script) as worker:
        assert worker.ask(number=6, by=3) == 2
        assert worker.ask(number=1, by=4) == 0.25
        with pytest.raises(SystemExit, match=r"process of echo\.py has ended"):
            worker.ask(number=1, by=0)


def test_peers_are_installed_once_and_again_when_their_list_changes(
    harness: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    peers = importlib.import_module("harness.peers")
    installed: list[str] = []

    def install(command: list[Any], **_: Any) -> None:
        installed.append(Path(command[-1]).read_text())

    def create(folder: Path, **_: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(peers.subprocess, "run", install)
    monkeypatch.setattr(peers.venv, "create", create)
    monkeypatch.setattr(peers, "PEERS", tmp_path)
    monkeypatch.setenv(peers.FOLDER, str(tmp_path / "environments"))
    for wanted in ("one==1\n", "one==1\n", "one==2\n"):
        (tmp_path / "some.txt").write_text(wanted)
        python = Path(peers.install_peers("some"))
    assert installed == ["one==1\n", "one==2\n"]
    assert python.is_relative_to(tmp_path / "environments")


# --- every part -----------------------------------------------------------------------


def part_names(tree: ast.Module) -> list[Any]:
    """Return the first argument of each call of `run_part`."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        ast.literal_eval(call.args[0])
        for call in calls
        if getattr(call.func, "id", None) == "run_part"
    ]


def script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_parts_are_found_by_the_names_of_their_scripts() -> None:
    parts = script(FOLDER / "run.py").parts()
    assert list(parts.values()) == SCRIPTS
    assert {"splits", "labels"} <= set(parts)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_part_is_called_as_its_script(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = part_names(tree)
    assert names in ([], [path.stem.removeprefix("bench_")])
    title = (ast.get_docstring(tree) or "").partition("\n")[0]
    assert 10 < len(title) < 89


def imported_at_once(tree: ast.Module) -> set[str]:
    """Return the packages that a script imports before it does anything."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def not_here(tree: ast.Module) -> set[str]:
    """Return what a script imports at once that the project's extras do not bring."""
    known = {"harness", *sys.stdlib_module_names}
    names = imported_at_once(tree) - known
    return {name for name in names if importlib.util.find_spec(name) is None}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_part_imports_no_peer_before_it_is_asked_to(path: Path) -> None:
    assert not not_here(ast.parse(path.read_text(encoding="utf-8")))


def test_an_import_of_a_peer_is_found() -> None:
    tree = ast.parse("import purgedcv.x, json\nfrom nobody import y\ndef f(): import z")
    assert not_here(tree) == {"purgedcv", "nobody"}


def test_help_tells_the_options_of_a_part() -> None:
    command = [sys.executable, FOLDER / "bench_splits.py", "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "Combinatorial splits" in done.stdout
    assert {"--rounds", "--no-save", "--rows"} <= set(done.stdout.split())


def test_every_requirement_of_a_peer_has_a_version() -> None:
    for path in (FOLDER / "peers").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
        wanted = [line for line in lines if line and not line.startswith("-")]
        assert wanted, path
        for line in wanted:
            assert re.search(r"[=<>@]", line), f"{path.name}: {line}"


# --- what was measured ----------------------------------------------------------------


def faults(path: Path) -> list[str]:
    """Say what is wrong with a table of results."""
    results = importlib.import_module("harness.results")
    machine, rows = results.read_table(path)
    found = [f"no {fact}" for fact in ("date", "processor") if not machine.get(fact)]
    for row in rows:
        empty = [n for n in ("case", "other", "unit", "ratio") if not row.get(n)]
        found += [f"{row.get('case')}: no {name}" for name in empty]
        if not re.fullmatch(r"|(>=|<=) [\d.]+", row.get("aim", "?")):
            found.append(f"{row['case']}: aim {row.get('aim')!r}")
        if bool(row.get("aim")) != bool(row.get("reached")):
            found.append(f"{row['case']}: reached {row.get('reached')!r}")
    if path.stem not in WITHOUT_AIM and not any(row.get("aim") for row in rows):
        found.append("no aim")
    return found


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_of_results_can_be_read(path: Path) -> None:
    if path.stem in OTHER_TABLES:
        assert list(csv.DictReader(path.read_text().splitlines()))
        return
    assert path.stem in {script.stem.removeprefix("bench_") for script in SCRIPTS}
    assert path.with_suffix(".png").exists()
    assert faults(path) == []


def test_tables_of_the_page_are_those_of_the_files(
    harness: Any, tmp_path: Path
) -> None:
    results = importlib.import_module("harness.results")
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    names = re.findall("<!-- results: (.*) -->", text)
    assert {"labels", "splits"} <= set(names)
    page = tmp_path / "page.md"
    page.write_text(text)
    for name in names:
        path = FOLDER / "results" / f"{name}.csv"
        if path.exists():
            results.write_into_page(page, name, results.read_table(path)[1])
        else:  # not measured yet
            assert f"{name} -->\n<!-- end of results: {name} -->" in text
    assert page.read_text() == text


def test_faults_of_a_table_are_found(tmp_path: Path) -> None:
    names = "case,other,unit,ratio,aim,reached"
    (tmp_path / "a.csv").write_text(f"# date: today\n{names}\nx,,s,1,about 5,\n")
    assert len(faults(tmp_path / "a.csv")) == 4


def test_json_of_the_older_form_is_left_only_where_no_table_replaces_it() -> None:
    old = {path.stem for path in (FOLDER / "results").glob("*.json")}
    assert not old & {path.stem for path in TABLES}
    for path in (FOLDER / "results").glob("*.json"):
        assert json.loads(path.read_text())
