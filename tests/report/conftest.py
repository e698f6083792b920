from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from pictureless import run_without_pictures
from small_experiments import make_config, write_splits

from sk_ensemble.experiments import ExperimentConfig
from sk_ensemble.report import Report

SYMBOLS = {
    "MES": "<script>alert(1)</script>",
    "MGC": "$x_1$ \N{CJK UNIFIED IDEOGRAPH-91D1} " + "x" * 80,
}


def with_files(folder: Path, symbols: dict[str, str]) -> ExperimentConfig:
    """An experiment on three files, so without prices, and without ensembles."""
    paths = write_splits(folder, n_bars=1200)
    for path in paths.values():
        frame = pd.read_parquet(path)
        frame.assign(symbol=frame["symbol"].map(symbols)).to_parquet(path)
    return make_config(
        folder,
        experiment={"name": "files"},
        models=["prior", "logistic"],
        data=paths,
        horizons=[5],
        cv={"n_splits": 2, "purged_size": 5, "embargo_size": 5},
        ensemble={"methods": []},
    )


@pytest.fixture(scope="session")
def _bars_experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_without_pictures(make_config(tmp_path_factory.mktemp("bars")))


@pytest.fixture(scope="session")
def _files_experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_without_pictures(with_files(tmp_path_factory.mktemp("files"), SYMBOLS))


@pytest.fixture(scope="session")
def report(_bars_experiment: Path) -> Report:
    """The report of an experiment on bars, for tests that only look at it."""
    return Report.from_result(_bars_experiment)


@pytest.fixture(scope="session")
def page(report: Report) -> str:
    return report.to_html()


@pytest.fixture(scope="session")
def files_report(_files_experiment: Path) -> Report:
    """The report of an experiment on files with hostile symbols."""
    return Report.from_result(_files_experiment)


@pytest.fixture(scope="session")
def experiment(_bars_experiment: Path) -> Path:
    """Directory of the experiment on bars, not to be changed."""
    return _bars_experiment


@pytest.fixture
def copied(_bars_experiment: Path, tmp_path: Path) -> Path:
    """Directory of a copy of the experiment on bars that a test may spoil."""
    base_dir = tmp_path / "base"
    for part in ("results", "runs"):
        shutil.copytree(_bars_experiment.parent.parent / part, base_dir / part)
    return base_dir / "results" / _bars_experiment.name
