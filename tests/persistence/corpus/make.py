"""Write the models that must stay loadable, with what they predict.

``python tests/persistence/corpus/make.py v1`` adds the models that the corpus of a
version of the format lacks. What is there is never written again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from sk_ensemble import Panel, PurgedSplit, RowTransformer, Windower, create, save_model

HERE = Path(__file__).parent

#: Settings that make models small.
TRAINING = {"max_epochs": 1, "random_state": 0}
SMALL: dict[str, dict[str, Any]] = {
    "alstm": {**TRAINING, "hidden_size": 3, "num_layers": 1},
    "catboost": {"n_estimators": 2, "depth": 2},
    "minirocket": {"num_kernels": 84, "random_state": 0},
    "transformer": {
        **TRAINING,
        "d_model": 2,
        "n_heads": 1,
        "num_layers": 1,
        "d_ff": 3,
    },
    "mlp": {**TRAINING, "hidden_sizes": [3]},
    "nhits": {**TRAINING, "h": 4, "mlp_units": [[3, 3]]},
    "tft": {**TRAINING, "hidden_size": 2, "n_heads": 1},
    "tcn": {**TRAINING, "channels": [3]},
    "gru": {**TRAINING, "hidden_size": 3, "num_layers": 1},
    "hist_gradient_boosting": {
        "max_iter": 2,
        "min_samples_leaf": 5,
        "max_bins": 4,
        "random_state": 0,
    },
    "lightgbm": {"n_estimators": 2, "min_child_samples": 5},
    "lstm": {**TRAINING, "hidden_size": 3, "num_layers": 1},
    "inception_time": {
        **TRAINING,
        "n_members": 2,
        "n_filters": 2,
        "depth": 3,
        "kernel_sizes": [2],
        "bottleneck_size": 2,
    },
    "lstm_fcn": {
        **TRAINING,
        "hidden_size": 3,
        "channels": [3],
        "kernel_sizes": [2],
    },
    "patch_tst": {
        **TRAINING,
        "patch_len": 2,
        "stride": 1,
        "d_model": 2,
        "n_heads": 1,
        "num_layers": 1,
        "d_ff": 3,
    },
    "random_forest": {"n_estimators": 2, "random_state": 0},
    "xgboost": {"n_estimators": 2},
}
NAMES = [*SMALL, "clock", "logistic", "prior", "volatility"]


def frame() -> pd.DataFrame:
    """Return bars of two symbols that no generator has to make again."""
    n_bars = 60
    times = pd.date_range("2024-01-01", periods=n_bars, freq="5min", tz="UTC")
    waves = np.arange(n_bars)
    parts = [
        pd.DataFrame(
            {
                "symbol": symbol,
                "datetime": times,
                "open": np.round(np.sin(waves * step), 3),
                "close": np.round(np.cos(waves * step * 1.7), 3),
            }
        )
        for symbol, step in (("A", 0.9), ("B", 1.3))
    ]
    return pd.concat(parts, ignore_index=True)


def samples() -> tuple[Panel, np.ndarray]:
    """Return the samples that the models were fitted on."""
    bars = frame()
    labels = bars[["symbol", "datetime"]].copy()
    labels["label"] = np.sign(bars["close"]).where(bars["close"].abs() > 0.4, 0)
    labels["label_end"] = bars.groupby("symbol")["datetime"].shift(-2)
    return Panel.from_frame(bars).align(labels.dropna())


def _windowed(name: str) -> Pipeline:
    return make_pipeline(Windower(3), create(name, **SMALL.get(name, {})))


def models() -> dict[str, Any]:
    """Return the models by name, not fitted."""
    columns = ColumnTransformer(
        [("a", StandardScaler(), ["open"])], remainder="passthrough"
    )
    ranks = QuantileTransformer(n_quantiles=5)
    union = FeatureUnion([("ranks", ranks), ("pca", PCA(2))])
    flat = Windower(2, flatten=True)
    return {name: _windowed(name) for name in NAMES} | {
        "calibrated": CalibratedClassifierCV(_windowed("prior"), cv=PurgedSplit(2)),
        "columns": make_pipeline(RowTransformer(columns), _windowed("logistic")),
        "by_symbol": make_pipeline(
            RowTransformer(StandardScaler(), by="symbol"), _windowed("logistic")
        ),
        "union": make_pipeline(flat, SimpleImputer(), union, LogisticRegression()),
        "vote": VotingClassifier(
            [("a", _windowed("xgboost")), ("b", _windowed("prior"))], voting="soft"
        ),
    }


def main(version: str) -> None:
    """Write the models that are missing, and a few of their predictions."""
    X, y = samples()
    record = HERE / version / "predictions.json"
    predictions = json.loads(record.read_text()) if record.exists() else {}
    for name, model in models().items():
        if name not in predictions:
            save_model(model.fit(X, y), HERE / version / name, {"horizon": 2})
            predictions[name] = model.predict_proba(X[::10]).tolist()
    record.write_text(json.dumps(predictions, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
