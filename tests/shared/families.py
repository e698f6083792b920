"""Small models of every family, and small labelled panels to fit them on.

A family takes part by its entry in the registry; `SETTINGS` only makes it quick.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel, create, list_models
from sk_ensemble.estimator import WindowClassifier

#: Two epochs that move the weights far enough to see what they learn from.
TRAINING = {"max_epochs": 2, "learning_rate": 0.05, "random_state": 0}

SETTINGS: dict[str, dict[str, Any]] = {
    "random_forest": {"n_estimators": 5, "random_state": 0},
    "hist_gradient_boosting": {
        "max_iter": 5,
        "min_samples_leaf": 5,
        "random_state": 0,
    },
    "catboost": {"n_estimators": 5},
    "xgboost": {"n_estimators": 5},
    "lightgbm": {"n_estimators": 5, "min_child_samples": 5},
    "nhits": {"h": 4, "mlp_units": [[8, 8]], "max_epochs": 2, "random_state": 0},
    "alstm": {**TRAINING, "hidden_size": 4, "num_layers": 1},
    "gru": {**TRAINING, "hidden_size": 4, "num_layers": 1},
    "lstm_fcn": {
        **TRAINING,
        "hidden_size": 4,
        "channels": [4, 4],
        "kernel_sizes": [3, 2],
        "dropout": 0.0,
    },
    "inception_time": {
        **TRAINING,
        "n_members": 2,
        "n_filters": 2,
        "depth": 3,
        "kernel_sizes": [3, 2],
        "bottleneck_size": 2,
    },
    # With its head for many samples, which is trained in epochs.
    "minirocket": {**TRAINING, "num_kernels": 168, "head": "logistic"},
    "mlp": {**TRAINING, "hidden_sizes": [8]},
    "patch_tst": {
        **TRAINING,
        "learning_rate": 0.02,
        "patch_len": 3,
        "stride": 2,
        "d_model": 4,
        "n_heads": 2,
        "num_layers": 1,
        "d_ff": 4,
        "dropout": 0.0,
        "norm": "LayerNorm",
    },
    "transformer": {
        **TRAINING,
        "learning_rate": 0.02,
        "d_model": 4,
        "n_heads": 2,
        "num_layers": 1,
        "d_ff": 4,
        "dropout": 0.0,
        "norm": "LayerNorm",
    },
    "tft": {
        **TRAINING,
        "learning_rate": 0.02,
        "hidden_size": 10,
        "n_heads": 2,
        "dropout": 0.0,
    },
    "tcn": {**TRAINING, "channels": [4, 4]},
    "lstm": {"hidden_size": 4, "num_layers": 1, "max_epochs": 2, "random_state": 0},
}

MODELS = list_models()
#: Ensembles of other families are tested where ensembles are.
_QUICK = ~MODELS["requires_gpu"] & (MODELS["family"] != "ensemble")
NAMES: list[str] = MODELS.loc[_QUICK, "name"].tolist()


#: Families that take several times as long as others of their kind, which stand for
#: them in the tests that are run while working.
COSTLY = (
    "alstm",
    "gru",
    "inception_time",
    "lstm_fcn",
    "minirocket",
    "nhits",
    "patch_tst",
    "tcn",
    "tft",
    "transformer",
)


def costly_ones_slow(names: Iterable[str]) -> list[Any]:
    """Return names as parameters of a test, the costly ones marked slow."""
    return [
        pytest.param(name, marks=[pytest.mark.slow] if name in COSTLY else [])
        for name in names
    ]


def quick(name: str, **params: Any) -> Any:
    """Create a model that is fitted in no time."""
    return create(name, **(SETTINGS.get(name, {}) | params))


def rounds_name(name: str) -> str:
    """Return the parameter of a family that says how many rounds there are at most."""
    params = quick(name).get_params()
    return "max_epochs" if "max_epochs" in params else "n_estimators"


#: Names of the families that are this package's own, and of scikit-learn's Pipelines.
OWN = [name for name in NAMES if isinstance(quick(name), WindowClassifier)]
PIPELINES = [name for name in NAMES if name not in OWN]
NO_NAN = MODELS.loc[_QUICK & ~MODELS["allows_nan"], "name"].tolist()


def make_frame(seed: int = 0, n_bars: int = 150) -> pd.DataFrame:
    """Return noisy bars of two symbols whose calendars differ."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=n_bars, freq="5min", tz="UTC")
    parts = [
        pd.DataFrame({"symbol": name, "datetime": times[rng.random(n_bars) < 0.9]})
        for name in ("A", "B")
    ]
    frame = pd.concat(parts, ignore_index=True)
    for column in ("open", "close", "volume"):
        frame[column] = rng.normal(size=len(frame))
    return frame


def make_labels(frame: pd.DataFrame, horizon: int = 3) -> pd.DataFrame:
    """Label bars by the sign of the bar's own close, known `horizon` bars later."""
    labels = frame[["symbol", "datetime"]].copy()
    close = frame["close"]
    labels["label"] = np.sign(close).where(close.abs() > 0.4, 0).astype(int)
    labels["label_end"] = frame.groupby("symbol")["datetime"].shift(-horizon)
    return labels.dropna()


def make_samples(seed: int = 0, n_bars: int = 150) -> tuple[Panel, np.ndarray]:
    """Return a panel of two symbols with label ends, and labels -1, 0, 1."""
    frame = make_frame(seed, n_bars)
    return Panel.from_frame(frame).align(make_labels(frame))
