"""Real and synthetic bars, and the parquet splits of an upstream pipeline."""

from __future__ import annotations

from sk_ensemble.datasets._bars import load_bars
from sk_ensemble.datasets._contract_specs import contract_specs
from sk_ensemble.datasets._dataset_config import DatasetConfig
from sk_ensemble.datasets._make_bars import make_bars
from sk_ensemble.datasets._time_series_dataset import TimeSeriesDataset

__all__ = [
    "DatasetConfig",
    "TimeSeriesDataset",
    "contract_specs",
    "load_bars",
    "make_bars",
]
