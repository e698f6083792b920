from __future__ import annotations

from pathlib import Path

import pytest
from small_experiments import make_config

from sk_ensemble.experiments import ExperimentConfig, ExperimentResult, run_experiment


@pytest.fixture
def small_config(tmp_path: Path) -> ExperimentConfig:
    return make_config(tmp_path)


@pytest.fixture(scope="session")
def small_result(tmp_path_factory: pytest.TempPathFactory) -> ExperimentResult:
    """What the small experiment finds, for tests that only look at it."""
    return run_experiment(make_config(tmp_path_factory.mktemp("experiment")))
