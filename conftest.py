"""Settings of every test, and of every example in a docstring."""

from __future__ import annotations

import copy
import importlib
import os

# Read once, when scipy and matplotlib are first imported: scikit-learn's checks
# of array API inputs are left out without the first.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("searching", deadline=None)
settings.load_profile("repeatable" if "CI" in os.environ else "searching")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests that need a CUDA device on a machine without one."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not importlib.import_module("torch").cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(autouse=True)
def registry_as_before() -> Iterator[None]:
    """Take out of the registry what a test has put in."""
    registry = importlib.import_module("sk_ensemble.registry._registry").REGISTRY
    before = {name: copy.copy(value) for name, value in vars(registry).items()}
    yield
    vars(registry).update(before)
