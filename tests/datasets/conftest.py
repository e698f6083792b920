from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

SPLITS = ("train", "val", "test")


def split_frame(number, n_bars=40, symbols=("MES", "MGC"), horizons=(5, 20)):
    """Return one split: features, a text column, labels missing at the end."""
    rng = np.random.default_rng(number)
    parts = []
    for k, symbol in enumerate(symbols):
        keep = np.sort(rng.choice(n_bars + 20, n_bars, replace=False))
        start = pd.Timestamp("2024-01-02", tz="UTC") + pd.Timedelta(days=10 * number)
        part = pd.DataFrame(
            {
                "datetime": start + keep * pd.Timedelta("5min"),
                "symbol": symbol,
                "ret": rng.normal(size=n_bars),
                "volume": rng.integers(1, 100, n_bars) + 1000 * k,
                "session": "day",
                "is_open": True,
            }
        )
        for horizon in horizons:
            label = rng.integers(-1, 2, n_bars).astype(float)
            label[-horizon:] = np.nan
            part[f"label_h{horizon}"] = label
        parts.append(part)
    return pd.concat(parts).sample(frac=1, random_state=number).reset_index(drop=True)


class Splits:
    """Three split frames that a test can spoil before they are written."""

    def __init__(self, folder):
        self.folder = folder
        self.frames = {split: split_frame(n) for n, split in enumerate(SPLITS)}

    def path(self, split):
        return self.folder / f"{split}.parquet"

    @property
    def paths(self):
        return [self.path(split) for split in SPLITS]

    def write(self):
        for split, frame in self.frames.items():
            frame.to_parquet(self.path(split), index=False)
        return self.paths


@pytest.fixture
def splits(tmp_path):
    return Splits(tmp_path)
