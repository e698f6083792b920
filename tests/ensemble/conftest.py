"""Splitters of each kind, and small labelled panels."""

from __future__ import annotations

import pytest
from ensembles import SPLITTERS, Spy
from threadpoolctl import threadpool_limits

from families import make_samples


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Use one thread: for matrices this small several only wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture(params=SPLITTERS.values(), ids=SPLITTERS)
def cv(request):
    return request.param


@pytest.fixture(scope="session")
def samples():
    """Two symbols, labels -1, 0, 1 that last three bars."""
    return make_samples(n_bars=120)


@pytest.fixture
def spy():
    Spy.notes.clear()
    return Spy
