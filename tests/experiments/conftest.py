from __future__ import annotations

from pathlib import Path

import pytest

from sk_ensemble.experiments import ComparisonConfig


@pytest.fixture
def small_config(tmp_path: Path) -> ComparisonConfig:
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
        output_dir=tmp_path,
        tracking=False,
    )
