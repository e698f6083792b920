"""Samples that searches run on."""

from __future__ import annotations

import pytest

from families import make_samples


@pytest.fixture(scope="session")
def samples():
    return make_samples()
