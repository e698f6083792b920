from __future__ import annotations

import time

import pytest
from fresh_interpreter import loaded_after

HEAVY = [
    "catboost",
    "lightgbm",
    "matplotlib",
    "mlflow",
    "skorch",
    "sktime",
    "torch",
    "xgboost",
]

LIGHT = ["sk_ensemble", "sk_ensemble.registry", "sk_ensemble.panel"]


@pytest.mark.parametrize("module", LIGHT)
def test_a_light_import_loads_no_heavy_package(module):
    assert loaded_after(f"import {module}").isdisjoint(HEAVY)


def test_the_package_alone_loads_nothing_but_itself():
    loaded = loaded_after("import sk_ensemble")
    assert loaded.isdisjoint({"numpy", "pandas", "sklearn"})
    assert {name for name in loaded if name.startswith("sk_ensemble")} == {
        "sk_ensemble"
    }


@pytest.mark.slow
@pytest.mark.parametrize("package", ["matplotlib", "torch"])
def test_the_guard_sees_a_heavy_package_that_is_loaded(package):
    assert package in loaded_after(f"import sk_ensemble, {package}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("XGBoostClassifier", "torch"),
        ("LSTMClassifier", "xgboost"),
        ("PriorBaseline", "torch"),
        ("Panel", "torch"),
        ("PurgedSplit", "matplotlib"),
        ("list_models", "torch"),
    ],
)
def test_a_public_name_loads_no_package_of_another_family(name, package):
    loaded = loaded_after(f"from sk_ensemble import {name}")
    assert "sk_ensemble" in loaded
    assert package not in loaded


def test_the_package_is_imported_in_well_under_a_second():
    start = time.perf_counter()
    loaded_after("import sk_ensemble")
    assert time.perf_counter() - start < 1
