from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from experiment_server import ExperimentServer
from small_experiments import make_config, write_splits

from sk_ensemble.experiments import ExperimentConfig

MakeConfig = Callable[..., ExperimentConfig]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExperimentServer]:
    """A process that forks others which run experiments."""
    with ExperimentServer(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def splits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_splits(tmp_path_factory.mktemp("splits"))


@pytest.fixture(scope="session")
def make_tiny(splits: dict[str, str]) -> MakeConfig:
    """Make an experiment of sixteen fits, four models and two ensembles."""

    def make(folder: Path, **changes: Any) -> ExperimentConfig:
        values = {
            "horizons": [5, 20],
            "models": ["prior", "volatility"],
            "data": splits,
            "cv": {"n_splits": 3, "embargo_size": 5},
            "ensemble": {"methods": ["stack"], "members": ["prior", "volatility"]},
        }
        return make_config(folder, **(values | changes))

    return make


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, server: ExperimentServer) -> Path:
    """An MLflow store that is ready for use, which takes a while to make."""
    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    end = server.run("log_runs", database=str(file), group="none", n_runs=0)
    assert end.code == 0, end.error
    return file


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing, which takes most of the time of a small experiment."""
    module = "sk_ensemble.experiments"
    picture = b"picture"
    monkeypatch.setattr(f"{module}._run_dir.cell_plots", lambda cell: {"p": picture})
    monkeypatch.setattr(f"{module}._run_experiment.draw", lambda *_: picture)
