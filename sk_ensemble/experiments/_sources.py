"""Choose where the samples of an experiment come from."""

from __future__ import annotations

from pathlib import Path

from sk_ensemble.experiments._assemble import Source
from sk_ensemble.experiments._bars_source import BarsSource
from sk_ensemble.experiments._cut_down import min_history
from sk_ensemble.experiments._files_source import FilesSource
from sk_ensemble.experiments.config import BarsSection, ExperimentConfig

__all__ = ["make_source"]


def make_source(config: ExperimentConfig) -> Source:
    """Return the source of an experiment's samples.

    Parquet splits keep only samples that have a full window for every model, so that
    all models are compared on the same rows.
    """
    if isinstance(config.data, BarsSection):
        return BarsSource(config.data, config.cv.embargo_size)
    cache_dir = Path(config.output.base_dir) / "cache" / "bars"
    return FilesSource(config.data, config.horizons, min_history(config), cache_dir)
