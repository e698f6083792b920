"""Experiments that take a second or two, and files for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.experiments import ExperimentConfig

MODELS = ["prior", "volatility", "logistic", "hist_gradient_boosting"]


def make_config(folder: Path, **changes: Any) -> ExperimentConfig:
    """An experiment that takes a second or two."""
    values: dict[str, Any] = {
        "experiment": {"name": "small"},
        "horizons": [5],
        "models": [
            *MODELS[:3],
            {"model": MODELS[3], "hyperparameters": {"max_iter": 10}},
        ],
        "data": {
            "symbols": ["IF"],
            "start": "2021-01-01",
            "train_end": "2021-05-31",
            "val_end": "2021-07-31",
            "end": "2021-09-30",
            "stride": 3,
        },
        "cv": {"n_splits": 3, "embargo_size": 60},
        "mlflow": {"enabled": False},
        "output": {"base_dir": str(folder)},
        "run": {"n_jobs": 1},
    }
    return ExperimentConfig.model_validate(values | changes)


def write_splits(folder: Path, seed: int = 0, n_bars: int = 400) -> dict[str, str]:
    """Write three parquet splits of two symbols, with labels of two horizons."""
    rng = np.random.default_rng(seed)
    paths = {}
    for number, split in enumerate(("train", "val", "test")):
        times = pd.date_range(
            f"2024-0{number + 1}-01", periods=n_bars, freq="5min", tz="UTC"
        )
        frames = []
        for symbol in ("MES", "MGC"):
            frame = pd.DataFrame({"datetime": times, "symbol": symbol})
            frame["ret"], frame["vol"] = rng.normal(size=(2, n_bars))
            for horizon in (5, 20):
                noisy = frame["ret"].shift(1) + rng.normal(size=n_bars)
                label = np.sign(noisy).where(noisy.abs() > 0.7, 0.0)
                known = np.arange(n_bars) < n_bars - horizon
                frame[f"label_h{horizon}"] = label.where(known)
                end = frame["datetime"].shift(-horizon)
                frame[f"label_end_h{horizon}"] = end
            frames.append(frame)
        path = folder / f"{split}.parquet"
        pd.concat(frames, ignore_index=True).to_parquet(path)
        paths[f"{split}_path"] = str(path)
    return paths


def run_dirs(base_dir: Path) -> dict[str, Path]:
    """Return the run directories by cell; of several the latest."""
    found = sorted((base_dir / "runs").iterdir(), key=lambda p: p.stat().st_mtime_ns)
    return {path.name.rsplit("_", 2)[0]: path for path in found}


def lasting_files(base_dir: Path) -> dict[str, bytes]:
    """Return what two equal experiments must have in common, byte for byte."""
    return {
        f"{cell}/{path.relative_to(folder)}": path.read_bytes()
        for cell, folder in run_dirs(base_dir).items()
        for pattern in ("metrics/metrics.json", "predictions/*", "plots/*")
        for path in sorted(folder.glob(pattern))
    }
