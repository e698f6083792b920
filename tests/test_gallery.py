from __future__ import annotations

import ast
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

GALLERY = Path(__file__).parents[1] / "examples" / "gallery"
SUBJECTS = sorted(path for path in GALLERY.iterdir() if path.is_dir())
EXAMPLES = sorted(GALLERY.rglob("plot_*.py"))

#: What names axes; the package's own plots name theirs.
_OWN = ("plot_splits(", "panel.plot(")
_ACROSS = ("xlabel", "set_xticks", *_OWN)
_UP = ("ylabel", "set_yticks", *_OWN)


def heading(example: Path) -> list[str]:
    return (ast.get_docstring(ast.parse(example.read_text())) or "").splitlines()


def faults_of(example: Path) -> list[str]:
    """Return what an example lacks that a reader needs."""
    title, line, *rest = heading(example)
    code = example.read_text()
    lacking = {
        "a title that asks": title.endswith("?"),
        "a line as long as its title": line == "=" * len(title),
        "an introduction": any(map(str.strip, rest)),
        "text between its cells": code.count("# %%") >= 2,
        "a name of the axis across": any(word in code for word in _ACROSS),
        "a name of the axis up": any(word in code for word in _UP),
    }
    return [what for what, is_there in lacking.items() if not is_there]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_asks_one_question_and_names_its_axes(example):
    assert faults_of(example) == []


def test_what_an_example_lacks_is_found(tmp_path):
    bare = tmp_path / "plot_bare.py"
    bare.write_text('"""\nBars\n---\n"""\n\nprint(1)\n')
    assert len(faults_of(bare)) == 6


@pytest.fixture
def no_figures():
    plt.close("all")
    yield
    plt.close("all")


def unnamed_directions(figure: Figure) -> list[str]:
    """Return where nothing says what is drawn: no label, and no words as ticks."""

    def is_named(direction: str) -> bool:
        labels = [getattr(figure, f"get_sup{direction}label")()]
        for axes in figure.axes:
            axis = getattr(axes, f"{direction}axis")
            labels.append(axis.get_label_text())
            labels += [tick.get_text() for tick in axis.get_ticklabels()]
        return any(word.isalpha() for label in labels for word in label.split())

    return [direction for direction in "xy" if not is_named(direction)]


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_anywhere_as_a_script(example, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(example), run_name="__main__")
    figures = [plt.figure(number) for number in plt.get_fignums()]
    assert figures
    assert [unnamed_directions(figure) for figure in figures] == [[]] * len(figures)
    assert "".join(capfd.readouterr()) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_figures")
def test_axes_without_a_name_are_found():
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    assert unnamed_directions(figure) == ["x", "y"]
    axes.set_xlabel("time (bars)")
    assert unnamed_directions(figure) == ["y"]
    axes.set_yticks([1, 2], ["prior", "forest"])
    assert unnamed_directions(figure) == []


def test_there_are_many_of_all_subjects():
    assert len(EXAMPLES) >= 15
    assert [path.name for path in SUBJECTS] == ["data", "decisions", "models", "splits"]
    for subject in SUBJECTS:
        assert (subject / "GALLERY_HEADER.rst").exists()
        assert len(list(subject.glob("plot_*.py"))) >= 3
