from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

import sk_ensemble
from discovery import public_modules, public_objects

MODULES = {module.__name__: module for module in public_modules()}


def own_names(module: ModuleType) -> set[str]:
    """Return the classes and functions that a package defines and shows."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and f"{value.__module__}.".startswith(f"{module.__name__}.")
    }


def names_for_type_checkers() -> dict[str, str]:
    """Read the imports that only type checkers see."""
    tree = ast.parse(Path(sk_ensemble.__file__).read_text(encoding="utf-8"))
    return {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("name", sk_ensemble._HOMES)
def test_a_name_at_the_top_is_the_one_of_its_home(name):
    home = MODULES[sk_ensemble._HOMES[name]]
    assert name in home.__all__
    assert getattr(sk_ensemble, name) is getattr(home, name)


def test_the_top_lists_each_name_in_all_three_places():
    assert set(sk_ensemble.__all__) == {*sk_ensemble._HOMES, "__version__"}
    assert names_for_type_checkers() == sk_ensemble._HOMES
    assert set(sk_ensemble.__all__) <= set(dir(sk_ensemble))


def test_a_subpackage_is_an_attribute_of_the_top():
    assert sk_ensemble.registry is MODULES["sk_ensemble.registry"]


@pytest.mark.parametrize("name", ["Pannel", "no_such_package", "_private"])
def test_an_unknown_name_at_the_top_is_an_attribute_error(name):
    with pytest.raises(AttributeError, match=name):
        getattr(sk_ensemble, name)


def test_the_version_stands_in_the_changelog():
    changelog = Path(__file__).parents[1] / "CHANGELOG.md"
    versions = re.findall(r"^## \[(.+?)\]", changelog.read_text(), flags=re.MULTILINE)
    assert sk_ensemble.__version__ in versions


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_a_package_lists_exactly_its_public_names(module):
    assert inspect.getdoc(module)
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)
    assert own_names(module) - set(module.__all__) == set()


def test_no_public_name_has_two_meanings():
    values = set(public_objects().values())
    names = Counter(value.__name__ for value in values)
    assert [name for name, count in names.items() if count > 1] == []


def test_a_file_holds_one_public_class():
    holders = Counter(
        value.__module__
        for value in set(public_objects().values())
        if inspect.isclass(value) and not issubclass(value, Exception)
    )
    assert [module for module, count in holders.items() if count > 1] == []


def unmentioned(names: list[str], pages: list[str]) -> set[str]:
    """Return the names that no page of the documentation has."""
    words = set(re.findall(r"\w+", " ".join(pages)))
    return {name for name in names if not name.startswith("_")} - words


def test_a_name_at_the_top_is_there_because_the_documentation_needs_it():
    root = Path(__file__).parents[1]
    paths = [
        root / "README.md",
        *root.glob("docs/guide/*"),
        *root.glob("docs/families/*"),
    ]
    pages = [path.read_text(encoding="utf-8") for path in paths]
    assert unmentioned(sk_ensemble.__all__, pages) == set()
    assert unmentioned(["Panel", "read_only"], pages) == {"read_only"}


def test_type_checkers_are_told_that_there_are_types():
    # An empty file, by PEP 561; `.ci/run` looks for it in the wheel.
    assert (Path(sk_ensemble.__file__).parent / "py.typed").read_bytes() == b""
