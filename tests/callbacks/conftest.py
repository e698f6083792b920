"""A store of MLflow that is made once, and searches that are quick."""

from __future__ import annotations

import shutil

import pytest

from families import make_samples
from sk_ensemble.callbacks import TrackingStore

#: Where nobody listens.
DEAD = "http://127.0.0.1:9"


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "mlflow.db"
    TrackingStore(path).prepare()
    return path


@pytest.fixture
def database(template, tmp_path):
    """Return an empty SQLite store of a test's own."""
    return shutil.copy(template, tmp_path / "mlflow.db")


@pytest.fixture(scope="session")
def samples():
    return make_samples()


@pytest.fixture
def dead_server():
    return DEAD
