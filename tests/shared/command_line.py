"""What the tests of the command line share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

EXPERIMENT = """\
experiment: {name: small}
horizons: [5]
models: [prior, volatility]
data: {symbols: [IF], start: "2021-01-01", train_end: "2021-05-31",
       val_end: "2021-06-30", end: "2021-07-31"}
cv: {n_splits: 2, embargo_size: 60}
mlflow: {enabled: false}
run: {n_jobs: 1}
"""


FILES = """\
experiment: {name: mine}
horizons: [2, 3]
models: [prior, volatility, logistic]
data: {train_path: train.parquet, val_path: val.parquet, test_path: test.parquet}
cv: {n_splits: 2, purged_size: 3, embargo_size: 4}
mlflow: {enabled: false}
run: {n_jobs: 1}
"""


def bars_of(start: str, n_bars: int = 60) -> pd.DataFrame:
    """Two symbols with a pause in the middle and labels of two horizons."""
    times = pd.date_range(start, periods=n_bars, freq="5min", tz="UTC")
    times = times.where(np.arange(n_bars) < n_bars // 2, times + pd.Timedelta("30h"))
    rng = np.random.default_rng(0)
    frames = []
    for symbol in ("MES", "MGC"):
        frame = pd.DataFrame({"datetime": times, "symbol": symbol})
        frame["volatility"] = rng.random(n_bars)
        for horizon in (2, 3):
            labels = rng.choice([-1.0, 0.0, 1.0], n_bars)
            labels[-horizon:] = np.nan
            frame[f"label_h{horizon}"] = labels
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


class Outcome(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Read the output as one strict JSON document."""

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is no JSON")

        return json.loads(self.out, parse_constant=refuse)


def result_of(folder: Path) -> Path:
    """Return the directory of the only experiment."""
    (found,) = (folder / "experiments" / "results").iterdir()
    return found
