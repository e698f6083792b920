from __future__ import annotations

from pathlib import Path

import pytest
from production_runs import EXPERIMENT, ungated

from sk_ensemble.experiments import parse_experiment, run_experiment
from sk_ensemble.production import ProductionRegistry


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run directories by model; tests only read them."""
    folder = tmp_path_factory.mktemp("experiments")
    with pytest.MonkeyPatch.context() as patch:
        module = "sk_ensemble.experiments"
        patch.setattr(f"{module}._run_dir.cell_plots", lambda cell: {})
        patch.setattr(f"{module}._run_experiment.draw", lambda *_: b"no picture")
        run_experiment(parse_experiment(EXPERIMENT.format(folder=folder)))
    found = sorted((folder / "runs").iterdir())
    return {path.name.rsplit("_", 2)[0].removesuffix("_h5"): path for path in found}


@pytest.fixture
def registry(tmp_path: Path) -> ProductionRegistry:
    return ProductionRegistry(tmp_path / "registry")


@pytest.fixture
def two(registry: ProductionRegistry, runs: dict[str, Path]) -> ProductionRegistry:
    """A registry with two versions of a model ``m``, the second one live."""
    ungated(registry, runs["prior"])
    ungated(registry, runs["volatility"])
    return registry
