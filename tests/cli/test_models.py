from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

import sk_ensemble
from sk_ensemble.registry import list_models, missing_packages, register
from sk_ensemble.registry._packages import _PACKAGES
from sk_ensemble.registry._registry import REGISTRY

HOMES = ("boosting", "neural_network", "time_series")


@pytest.fixture
def no_torch(monkeypatch):
    """Hide torch from those who look for it."""
    find = importlib.util.find_spec

    def find_all_but_torch(name):
        return None if name == "torch" else find(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_all_but_torch)


def test_every_model_is_listed_under_its_family(call):
    code, out, _ = call("models")
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in lines] == list_models()["name"].tolist()
    families = [line for line in out.splitlines() if not line.startswith("  ")]
    assert families == list(dict.fromkeys(list_models()["family"]))


def test_one_family_alone_can_be_listed(call):
    _, out, _ = call("models", "--family", "baseline")
    assert out.splitlines()[0] == "baseline"
    assert "xgboost" not in out


def test_json_has_the_metadata_of_every_model(call):
    rows = call("models", "--json").json()
    table = list_models()
    assert [row["full_name"] for row in rows] == table["full_name"].tolist()
    assert set(rows[0]) == {*table.columns, "missing_packages"}


def test_a_model_whose_package_is_missing_is_marked(call, no_torch):
    rows = {row["name"]: row for row in call("models", "--json").json()}
    assert rows["lstm"]["missing_packages"] == ["torch"]
    assert rows["xgboost"]["missing_packages"] == []
    lines = call("models", "--family", "neural").out.splitlines()
    assert all("NOT INSTALLED: torch" in line for line in lines[1:])


def test_nothing_is_marked_where_all_is_installed(call):
    assert "NOT INSTALLED" not in call("models").out


def test_a_model_of_another_package_needs_nothing_more(monkeypatch):
    monkeypatch.setattr(REGISTRY, "_entries", dict(REGISTRY._entries))
    from sklearn.naive_bayes import GaussianNB

    register("outsider", family="sklearn", description="Normals")(
        lambda *, var_smoothing=1e-9: GaussianNB(var_smoothing=var_smoothing)
    )
    assert missing_packages("outsider") == ()


def fetched(home: str) -> set[str]:
    """Return the packages that the modules of a home fetch by name."""
    root = Path(sk_ensemble.__file__).parent / home
    calls = [
        node
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "import_optional"
    ]
    return {ast.literal_eval(node.args[0]).partition(".")[0] for node in calls}


@pytest.mark.parametrize("home", HOMES)
def test_the_table_of_packages_knows_those_of_each_home(home):
    known = {one for packages in _PACKAGES.values() for one in packages}
    # What carries weights from disk and back is needed by no fit.
    assert fetched(home) - known <= {"safetensors"}
