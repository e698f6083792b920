from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# The only places from which `import_optional` may fetch a package.
HOMES = {
    "catboost": {"boosting"},
    "lightgbm": {"boosting"},
    "mlflow": {"callbacks", "experiments", "production"},
    "optuna": {"search"},
    "skorch": {"neural_network"},
    "sktime": {"time_series"},
    "torch": {"neural_network"},
    "xgboost": {"boosting"},
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def is_fetch(node: ast.AST) -> bool:
    """Whether a node is a call of `import_optional`, however it is spelt."""
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = getattr(function, "id", None) or getattr(function, "attr", None)
    return name == "import_optional"


def optional_imports(path: Path) -> set[str]:
    """Return the packages that a module fetches by name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        ast.literal_eval(node.args[0]).partition(".")[0]
        for node in ast.walk(tree)
        if is_fetch(node)
    }


def strays(package: Path) -> list[str]:
    """Return the modules that fetch a package whose home is elsewhere."""
    modules = {path: path.relative_to(package) for path in package.rglob("*.py")}
    return [
        f"{module} fetches {name}"
        for path, module in sorted(modules.items())
        for name in optional_imports(path) & HOMES.keys()
        if module.parts[0].removesuffix(".py") not in HOMES[name]
    ]


@pytest.fixture
def copied(tmp_path):
    """Return the folder of a copy of the package that a test may spoil."""
    ignored = shutil.ignore_patterns("data", "__pycache__")
    shutil.copytree(ROOT / "sk_ensemble", tmp_path / "sk_ensemble", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_packages_import_only_what_lies_below_them():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("panel/_stray.py", "from sk_ensemble.registry import create", "lies below"),
        ("panel/_stray.py", "def f():\n    import torch", "torch and skorch"),
        ("datasets/_stray.py", "import sk_ensemble.labeling", "lies below"),
        ("registry/_stray.py", "import xgboost", "xgboost, lightgbm and catboost"),
        ("new_package.py", "import json", "lies below"),
    ],
)
def test_a_breach_of_the_layers_is_found(copied, module, line, contract):
    (copied / "sk_ensemble" / module).write_text(line, encoding="utf-8")
    result = lint(copied)
    assert result.returncode != 0
    assert contract in result.stdout


def test_optional_packages_are_fetched_at_home_only():
    assert strays(ROOT / "sk_ensemble") == []


def test_a_package_fetched_away_from_home_is_found(copied):
    stray = copied / "sk_ensemble" / "metrics" / "_stray.py"
    stray.write_text('import_optional("mlflow.tracking", extra="experiments")')
    assert strays(copied / "sk_ensemble") == ["metrics/_stray.py fetches mlflow"]
