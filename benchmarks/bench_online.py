"""What predicting bar by bar adds to the model itself, and the memory it takes.

Bars of a thousand symbols come in one by one. For each the time of ``update`` is taken,
and beside it that of the model alone: ``predict_proba`` of the same window, made ready
before. The difference of the medians is what is added. The features of `bar_features`
are timed likewise, bar by bar.

    python benchmarks/bench_online.py --save
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, Windower, create
from sk_ensemble.datasets import make_bars
from sk_ensemble.production import OnlineBarFeatures, OnlinePredictor

N_FEATURES, WINDOW_LENGTH = 31, 60
RESULTS = Path(__file__).parent / "results" / "online.json"

MODELS = {
    "volatility": {},
    "xgboost": {"n_estimators": 100},
    "lstm": {"hidden_size": 32, "num_layers": 1, "max_epochs": 1},
}


def make_frame(n_symbols, n_bars, seed=0):
    """Return random bars, time by time."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=n_bars, freq="5min", tz="UTC")
    index = pd.MultiIndex.from_product(
        [times, [f"S{number}" for number in range(n_symbols)]],
        names=["datetime", "symbol"],
    )
    values = rng.normal(size=(len(index), N_FEATURES)).astype("float32")
    columns = [f"x{number}" for number in range(N_FEATURES)]
    return pd.DataFrame(values, index=index, columns=columns).reset_index()


def milliseconds(function, *args):
    started = time.perf_counter()
    result = function(*args)
    return 1000 * (time.perf_counter() - started), result


def median(values):
    return float(np.median(values))


def time_model(name, n_symbols, n_timed):
    """Return medians of the update, of the model alone, and of their differences."""
    train = make_frame(4, 600)
    panel = Panel.from_frame(train)
    y = np.sign(panel.to_numpy()[:, 0].round(0)).astype(np.int64)
    model = make_pipeline(Windower(WINDOW_LENGTH), create(name, **MODELS[name]))
    model.fit(panel, y)
    online = OnlinePredictor(model, training=panel)
    frame = make_frame(n_symbols, WINDOW_LENGTH + 2, seed=1)
    n_first = n_symbols * WINDOW_LENGTH
    online.warm_up(frame[:n_first])
    before = online.n_bytes
    bars = frame[n_first:].to_dict("records")[:n_timed]
    ready = Panel.from_frame(frame[frame["symbol"] == "S0"])[[-1]]
    updates, alone = [], []
    for bar in bars:
        took, output = milliseconds(online.update, bar["symbol"], bar)
        assert output is not None
        updates.append(took)
        # Side by side, so that what else the machine does is in both.
        alone.append(milliseconds(model.predict_proba, ready)[0])
    assert online.n_bytes == before
    added = np.array(updates) - np.array(alone)
    return {
        "update_ms": median(updates),
        "model_ms": median(alone),
        "added_ms": median(added),
        "added_p95_ms": float(np.quantile(added, 0.95)),
        "n_timed": len(bars),
        "buffer_mib": before / 2**20,
    }


def time_features(n_symbols, n_timed):
    """Return the median of one bar's features."""
    bars = make_bars(300, n_symbols, random_state=0).bars
    times = np.sort(bars["datetime"].unique())
    earlier = bars["datetime"] < times[-20]
    online = OnlineBarFeatures()
    online.warm_up(bars[earlier])
    later = bars[~earlier].to_dict("records")[:n_timed]
    took = [milliseconds(online.update, bar["symbol"], bar)[0] for bar in later]
    return {"update_ms": median(took), "n_timed": len(took)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=1000)
    parser.add_argument("--timed", type=int, default=1000)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = {name: time_model(name, options.symbols, options.timed) for name in MODELS}
    result = {
        "n_symbols": options.symbols,
        "n_features": N_FEATURES,
        "window_length": WINDOW_LENGTH,
        "models": found,
        "bar_features": time_features(20, options.timed),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if options.save:
        RESULTS.write_text(text + "\n")


if __name__ == "__main__":
    main()
