"""Every registered family has a page, and what it states agrees with the code."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from sk_ensemble.registry import list_models, model_info, model_parameters
from sk_ensemble.registry._registry import REGISTRY

DOCS = Path(__file__).parent.parent / "docs"
PAGES = DOCS / "families"
NAMES = list_models()["full_name"].tolist()
NETWORKS = [name for name in NAMES if "optimizer" in model_parameters(name)]


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    place = DOCS / "family_pages.py"
    spec = importlib.util.spec_from_file_location("family_pages", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(writer: ModuleType) -> pd.DataFrame:
    return writer.read_figures()


def page_of(name: str, folder: Path = PAGES) -> str:
    place = folder / f"{model_info(name).name}.rst"
    return place.read_text(encoding="utf-8") if place.exists() else ""


def fields(text: str) -> dict[str, str]:
    """Return the list of fields at the top of a page."""
    return dict(re.findall(r"^:([\w ]+): (.*)$", text, flags=re.MULTILINE))


def named_parameters(text: str) -> dict[str, Any]:
    """Return the parameters that a page defines, with the defaults it gives."""
    found = re.findall(r"^``(\w+)=(.+)``$", text, flags=re.MULTILINE)
    return {name: ast.literal_eval(default) for name, default in found}


def is_made_by(address: str, name: str) -> bool:
    """Return whether the class or function at an address makes the model."""
    module, _, attribute = address.strip("`").rpartition(".")
    factory = getattr(importlib.import_module(module), attribute)
    return factory is REGISTRY.find(name).factory()


def differences(text: str, name: str) -> list[str]:
    """Return what a page says of its family that is not so."""
    info = model_info(name)
    expected = {
        "Full name": f"``{info.full_name}``",
        "Made for windows": "yes" if info.needs_windows else "no",
        "Missing values": "allowed" if info.allows_nan else "refused",
    }
    found = []
    lines = text.split("\n")
    if lines[:2] != [info.name, "=" * len(info.name)]:
        found.append(f"title: {lines[0]!r}")
    if lines[3:4] != [f"{info.description}."]:
        found.append(f"description: {lines[3:4]}")
    stated = fields(text)
    found += [
        f"{field}: {stated.get(field)!r} instead of {value!r}"
        for field, value in expected.items()
        if stated.get(field) != value
    ]
    return found + wrong_defaults(text, name)


def wrong_defaults(text: str, name: str) -> list[str]:
    """Return the parameters of a page that the model has not, or not so."""
    known = model_parameters(name)
    return [
        f"{parameter}={default!r}"
        for parameter, default in named_parameters(text).items()
        if parameter not in known
        or known[parameter] != default
        or type(known[parameter]) is not type(default)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_family_has_a_page_that_agrees_with_the_code(name: str) -> None:
    text = page_of(name)
    assert text, f"docs/families lacks a page for {name}."
    assert differences(text, name) == []
    assert is_made_by(fields(text)["Made by"], name)


@pytest.mark.parametrize("name", NAMES)
def test_pages_have_all_sections(name: str) -> None:
    text = page_of(name)
    titles = re.findall(r"^(.+)\n-{4,}$", text, flags=re.MULTILINE)
    assert titles == [
        "How it works",
        "Reference",
        "When to use it, and when not",
        "What it costs",
        "Parameters that matter",
        "Example",
    ]
    assert f'create("{model_info(name).name}"' in text or "create(\n" in text
    if model_parameters(name):
        assert named_parameters(text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("``hidden_size=64``", "``hidden_size=65``", "hidden_size=65"),
        ("``num_layers=2``", "``num_layers=2.0``", "num_layers=2.0"),
        ("``dropout=0.0``", "``drop_out=0.0``", "drop_out=0.0"),
        ("lstm\n====", "gru\n===", "title: 'gru'"),
        ("``neural:lstm``", "``neural:gru``", "Full name"),
        (":Missing values: refused", ":Missing values: allowed", "Missing values"),
        (":Made for windows: yes", ":Made for windows: no", "Made for windows"),
        ("Recurrent network", "Convolution", "description"),
    ],
)
def test_a_difference_between_page_and_code_is_found(
    old: str, new: str, said: str
) -> None:
    text = page_of("neural:lstm")
    assert text.count(old) == 1
    (found,) = differences(text.replace(old, new), "neural:lstm")
    assert said in found


def test_a_missing_page_and_another_class_are_found(tmp_path: Path) -> None:
    assert page_of("neural:lstm", tmp_path) == ""
    assert not is_made_by("`sk_ensemble.neural_network.GRUClassifier`", "neural:lstm")
    assert not is_made_by("`sk_ensemble.tabular.logistic`", "sklearn:random_forest")


def test_no_page_describes_what_is_not_registered() -> None:
    known = {model_info(name).name for name in NAMES}
    pages = {page.stem for page in PAGES.glob("*.rst")} - {"index"}
    assert pages - known == set()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_index_names_parameters_of_all_networks(name: str) -> None:
    text = page_of(name)
    assert "<network-parameters>" in text
    index = (PAGES / "index.rst").read_text(encoding="utf-8")
    assert "max_epochs" in named_parameters(index)
    # A network that needs another default says so on its own page.
    own = named_parameters(text)
    wrong = [one.partition("=")[0] for one in wrong_defaults(index, name)]
    assert [parameter for parameter in wrong if parameter not in own] == []


def test_the_table_is_made_of_registry_and_figures(
    writer: ModuleType, figures: pd.DataFrame
) -> None:
    index = (PAGES / "index.rst").read_text(encoding="utf-8")
    again = "Run python docs/family_pages.py."
    assert writer.index_table(list_models(), figures) in index, again
    for name in NAMES:
        assert f"\n   {model_info(name).name}\n" in index


@pytest.mark.parametrize("name", NAMES)
def test_pages_state_what_was_measured(
    writer: ModuleType, figures: pd.DataFrame, name: str
) -> None:
    lines = [text for text in page_of(name).split("\n") if text.startswith(writer.MARK)]
    measured = name in figures.index
    assert lines == ([writer.cost_line(figures.loc[name])] if measured else [])


def test_figures_are_of_registered_families(
    writer: ModuleType, figures: pd.DataFrame
) -> None:
    assert set(figures.index) <= set(NAMES)
    assert set(figures["fit_of"]) <= {"fit", "epoch"}
    assert {model_parameters(name)["max_epochs"] for name in NETWORKS} == {
        writer.EPOCHS
    }


def test_cost_is_told_by_the_seconds_of_a_whole_fit(writer: ModuleType) -> None:
    def cost(seconds: float, of: str) -> str:
        return writer.cost_class(pd.Series({"fit_seconds": seconds, "fit_of": of}))

    assert cost(0.5, "fit") == "very low"
    assert cost(0.5, "epoch") == "medium"
    assert cost(5000.0, "fit") == "very high"


def test_a_line_or_a_table_without_its_place_is_refused(writer: ModuleType) -> None:
    with pytest.raises(ValueError, match="0 lines begin"):
        writer.with_cost("nothing", "line")
    with pytest.raises(ValueError, match="lacks the lines"):
        writer.with_table("nothing", "table")
