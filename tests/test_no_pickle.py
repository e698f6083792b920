"""Nothing in the package reads pickle, runs code from a file, or imports what it names.

Whoever loads a model, a cache or a configuration runs no code of its author.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import sk_ensemble

ROOT = Path(sk_ensemble.__file__).parent

#: Modules that read pickle, whatever they are used for.
MODULES = {"_pickle", "cloudpickle", "dill", "marshal", "pickle", "shelve", "skops"}

#: Functions that read pickle or run code. numpy.load does not unless asked to.
FUNCTIONS = {
    "builtins.compile",
    "builtins.eval",
    "builtins.exec",
    "joblib.load",
    "pd.read_pickle",
    "pandas.read_pickle",
    "torch.load",
    "torch.jit.load",
    "yaml.load",
    "yaml.unsafe_load",
}
BARE = {"compile", "eval", "exec", "__import__"}

#: Where a module is imported by a name, and why the name comes from no file.
IMPORTERS = {
    "__init__.py": "names of the package itself",
    "persistence/_classes.py": "addresses written in that file",
    "registry/_entry.py": "addresses written in the registry, or by a plug-in",
    "utils/fork_server.py": "names in orders of the process that started it",
    "utils/optional.py": "names written where it is called",
}


@cache
def sources() -> dict[str, ast.Module]:
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
    }


def dotted(node: ast.AST) -> str:
    """Return the dotted name that an expression is, empty if it is none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the modules, and the functions of modules, that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def allows_pickle(word: ast.keyword) -> bool:
    off = isinstance(word.value, ast.Constant) and word.value.value is False
    return word.arg == "allow_pickle" and not off


def dangers(tree: ast.Module) -> list[str]:
    """Return what a source does that may run code from a file."""
    found = []
    for node in ast.walk(tree):
        names = [*imported(node)]
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            names.append(f"builtins.{name}" if name in BARE else name)
            found += [name for word in node.keywords if allows_pickle(word)]
        found += [
            name
            for name in names
            if name in FUNCTIONS
            or name == "builtins.__import__"
            or name.partition(".")[0] in MODULES
        ]
    return found


def imports_by_name(tree: ast.Module) -> bool:
    """Whether a source imports modules whose names it computes."""
    return any(
        isinstance(node, ast.Call) and dotted(node.func).endswith("import_module")
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("path", sources())
def test_no_source_reads_pickle_or_runs_code(path):
    assert dangers(sources()[path]) == []


def test_modules_are_imported_by_name_in_known_places_only():
    assert {path for path, tree in sources().items() if imports_by_name(tree)} <= set(
        IMPORTERS
    )


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import cloudpickle as c",
        "import joblib; joblib.load('x')",
        "from joblib import load",
        "import torch; torch.load('x')",
        "f(x, allow_pickle=True)",
        "f(x, allow_pickle=flag)",
        "eval('x')",
        "exec('x')",
        "__import__('os')",
        "import pandas as pd; pd.read_pickle('x')",
        "import yaml; yaml.load('x')",
    ],
)
def test_the_search_sees_what_it_looks_for(line):
    assert dangers(ast.parse(line)) != []


@pytest.mark.parametrize(
    "line",
    [
        "json.load(x)",
        "re.compile('x')",
        "model.eval()",
        "np.load(x, allow_pickle=False)",
    ],
)
def test_the_search_sees_no_more_than_that(line):
    assert dangers(ast.parse(line)) == []


def test_the_search_sees_imports_by_name():
    assert imports_by_name(ast.parse("import importlib; importlib.import_module(x)"))
