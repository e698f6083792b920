from __future__ import annotations

from pathlib import Path

import pytest

from sk_ensemble.experiments import Comparison, ComparisonConfig, compare


def make_config(folder: Path) -> ComparisonConfig:
    """A comparison that takes a second or two."""
    return ComparisonConfig(
        symbols=("IF",),
        horizons=(5,),
        models=("prior", "clock", "logistic"),
        start="2021-01-01",
        development_end="2021-05-31",
        end="2021-09-30",
        n_splits=3,
        embargo_size=240,
        stride=3,
        n_jobs=1,
        output_dir=folder,
        tracking=False,
    )


@pytest.fixture
def small_config(tmp_path: Path) -> ComparisonConfig:
    return make_config(tmp_path)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """What the small comparison finds, for tests that only look at it."""
    return compare(make_config(tmp_path_factory.mktemp("comparison")))
