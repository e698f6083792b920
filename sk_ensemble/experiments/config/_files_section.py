"""Which parquet files are used, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from sk_ensemble.datasets import DatasetConfig
from sk_ensemble.experiments.config import _defaults
from sk_ensemble.experiments.config._dataset_section import DatasetSection
from sk_ensemble.experiments.config._secrets import expanded
from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._types import Count, Unique

__all__ = ["FilesSection"]

_SPLITS = ("train", "val", "test")

Text = Annotated[str, Field(min_length=1)]


class FilesSection(Section):
    """Name the three parquet files of an upstream pipeline.

    Relative paths start at the current directory, wherever the configuration lies.
    ``${NAME}`` in a path is replaced by the environment variable of that name when the
    path is used.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import FilesSection
    >>> paths = {f"{split}_path": f"{split}.parquet" for split in ("train", "val")}
    >>> files = FilesSection(**paths, test_path="test.parquet")
    >>> files.dataset_config(horizon=20).label_column
    'label_h20'
    """

    train_path: Text = Field(
        description=(
            "Parquet file with the training bars: columns for time and symbol, numeric "
            "features, and a label ``label_h<horizon>`` per horizon."
        )
    )
    val_path: Text = Field(description="The same for validation.")
    test_path: Text = Field(description="The same for the test.")
    features: Unique[Text] | None = Field(
        default=None,
        description=(
            "Feature columns; null takes all numeric columns but the keys and those "
            "whose names start with ``label``."
        ),
    )
    symbols: Unique[Text] | None = Field(
        default=None, description="Symbols to read; null reads all."
    )
    time: Text = Field(
        default="datetime", description="Column with the time of each bar."
    )
    symbol: Text = Field(default="symbol", description="Column with the symbol.")
    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="Type of the features in memory."
    )
    purged_upstream: bool = Field(
        default=False,
        description=(
            "Vouch for it that no label of a split reaches into the next one, where "
            "no column ``label_end_h<horizon>`` shows it."
        ),
    )
    stride: Count = Field(
        default=1,
        description=(
            "Every how many time stamps a training sample is taken. Windows still hold "
            "every bar, and validation and test are never thinned."
        ),
    )
    min_history: Count | None = Field(
        default=None,
        description=(
            "Bars of its symbol, its own included, that every sample must have in its "
            "file; null means what the longest window of all models needs."
        ),
    )
    max_values: Count = Field(
        default=_defaults.MAX_VALUES,
        description="Largest number of values (rows x columns) read from a file.",
    )

    @field_validator("val_path", "test_path")
    @classmethod
    def _check_path(cls, path: str, info: ValidationInfo) -> str:
        same = [name for name, other in info.data.items() if other == path]
        if same:
            raise ValueError(f"is the same file as {same[0]}")
        return path

    @field_validator("symbol")
    @classmethod
    def _check_column(cls, name: str, info: ValidationInfo) -> str:
        if name == info.data.get("time"):
            raise ValueError("is the same column as time")
        return name

    @property
    def paths(self) -> dict[str, Path]:
        """Files by the name of the split, with environment variables replaced."""
        return {
            split: Path(expanded(getattr(self, f"{split}_path"))) for split in _SPLITS
        }

    def dataset_config(
        self, horizon: int, dataset: DatasetSection | None = None
    ) -> DatasetConfig:
        """Return the settings of `TimeSeriesDataset` for these files.

        Parameters
        ----------
        horizon : int
            Horizon of the labels, bars.
        dataset : DatasetSection or None, default=None
            What a model sees of them; None means windows of one bar.

        Returns
        -------
        config : DatasetConfig
            Files, columns, horizon and window.
        """
        seen = dataset or DatasetSection(sequence_length=1)
        return DatasetConfig(
            **{f"{split}_path": path for split, path in self.paths.items()},
            sequence_length=seen.sequence_length or 1,
            horizon=horizon,
            exclude_neutrals=seen.exclude_neutrals,
            include_symbols=self.symbols,
            features=self.features,
            time=self.time,
            symbol=self.symbol,
            dtype=self.dtype,
            purged_upstream=self.purged_upstream,
            max_values=self.max_values,
        )
