"""What a dataset configuration holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

__all__ = ["DatasetSettings"]


@dataclass(frozen=True)
class DatasetSettings:
    """Fields of a `DatasetConfig`, which documents them, and names made from them."""

    train_path: str | Path
    val_path: str | Path
    test_path: str | Path
    _: KW_ONLY
    sequence_length: int = 60
    horizon: int = 5
    exclude_neutrals: bool = False
    include_symbols: Sequence[str] | None = None
    features: Sequence[str] | None = None
    time: str = "datetime"
    symbol: str = "symbol"
    dtype: str = "float32"
    purged_upstream: bool = False
    max_values: int = 1_000_000_000

    @property
    def paths(self) -> dict[str, Path]:
        """Files by the name of the split, in the order of time."""
        files = {"train": self.train_path, "val": self.val_path, "test": self.test_path}
        return {split: Path(path) for split, path in files.items()}

    @property
    def label_column(self) -> str:
        """Name of the column with the labels."""
        return f"label_h{self.horizon}"

    @property
    def label_end_column(self) -> str:
        """Name of the column with the ends of the labels, which may be absent."""
        return f"label_end_h{self.horizon}"
