"""Inference: what one bar costs beyond its model, and 100,000 windows at once.

Bar by bar: bars of a thousand symbols come in one by one. The time of ``update`` is
taken for each, and beside it that of the model alone: ``predict_proba`` of the same
window, made ready before. What is shown is the difference of the two by the clock, in
milliseconds (median of the bars of a round), beside the one millisecond it may be.

At once: 100,000 windows of 20 bars x 30 features of silver, one thread, processor time.
The libraries get the matrix of all windows, the network prebuilt windows in batches of
the same size; with and without the time that it takes to make them. The probabilities
are shown to be equal first.
"""

from __future__ import annotations

import time
import warnings
from functools import partial

import numpy as np
import pandas as pd
from harness import AtMost, Comparison, run_part, take_turns

LENGTH, N_FEATURES, N_TRAIN, N_ROWS = 20, 30, 10_000, 100_000

#: Bars whose features are timed in a round.
_TIMED = 200

#: Networks predict so many windows at a time.
BLOCK = 32

ONLINE_LENGTH, ONLINE_FEATURES = 60, 31
ONLINE_MODELS = {
    "volatility": {},
    "xgboost": {"n_estimators": 100},
    "lstm": {"hidden_size": 32, "num_layers": 1, "max_epochs": 1},
}

#: One round of training costs what another does, so that a hundred are enough.
BATCH_MODELS = {
    "xgboost": {"n_estimators": 100},
    "lightgbm": {"n_estimators": 100},
    "catboost": {"n_estimators": 100},
    "lstm": {"max_epochs": 1},
}


# --- bar by bar ----------------------------------------------------------------------


def random_bars(n_symbols, n_bars, seed=0):
    """Return random bars, time by time."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=n_bars, freq="5min", tz="UTC")
    index = pd.MultiIndex.from_product(
        [times, [f"S{number}" for number in range(n_symbols)]],
        names=["datetime", "symbol"],
    )
    values = rng.normal(size=(len(index), ONLINE_FEATURES)).astype("float32")
    columns = [f"x{number}" for number in range(ONLINE_FEATURES)]
    return pd.DataFrame(values, index=index, columns=columns).reset_index()


def milliseconds(function, *args):
    started = time.perf_counter()
    result = function(*args)
    return 1000 * (time.perf_counter() - started), result


def time_updates(online, model, bars, ready):
    """Return the median of what an update takes beyond the model, in milliseconds."""
    added = []
    for bar in bars:
        took, output = milliseconds(online.update, bar["symbol"], bar)
        assert output is not None
        # Side by side, so that what else the machine does is in both.
        added.append(took - milliseconds(model.predict_proba, ready)[0])
    return float(np.median(added))


def compare_online(name, options):
    """Compare an update with the millisecond that it may take beyond the model."""
    from sklearn.pipeline import make_pipeline

    from sk_ensemble import Panel, Windower, create
    from sk_ensemble.production import OnlinePredictor

    panel = Panel.from_frame(random_bars(4, 600))
    y = np.sign(panel.to_numpy()[:, 0].round(0)).astype(np.int64)
    model = make_pipeline(Windower(ONLINE_LENGTH), create(name, **ONLINE_MODELS[name]))
    online = OnlinePredictor(model.fit(panel, y), training=panel)
    n_first = options.symbols * ONLINE_LENGTH
    frame = random_bars(options.symbols, ONLINE_LENGTH + options.rounds, seed=1)
    online.warm_up(frame[:n_first])
    ready = Panel.from_frame(frame[frame["symbol"] == "S0"])[[-1]]
    n_bytes = online.n_bytes
    added = []
    for number in range(options.rounds):
        start = n_first + number * options.symbols
        bars = frame[start : start + options.symbols].to_dict("records")
        added.append(time_updates(online, model, bars, ready))
    # Nothing is remembered beyond the bars of one window per symbol.
    assert online.n_bytes == n_bytes
    return Comparison(
        f"one bar, {name}", "1 ms added", "ms", added, [1.0] * len(added), AtMost(1)
    )


def compare_features(options):
    """Compare the features of one bar with those of the bars that they depend on."""
    from sk_ensemble.datasets import make_bars
    from sk_ensemble.preprocessing import bar_features
    from sk_ensemble.production import OnlineBarFeatures

    bars = make_bars(400, 20, random_state=0).bars.sort_values("datetime")
    n_later = _TIMED * options.rounds
    earlier = bars[:-n_later]
    online = OnlineBarFeatures()
    online.warm_up(earlier)
    one_symbol = earlier[earlier["symbol"] == earlier["symbol"].iloc[0]]
    later = iter(bars[-n_later:].to_dict("records"))

    def one_bar():
        took = []
        for _ in range(_TIMED):
            bar = next(later)
            took.append(milliseconds(online.update, bar["symbol"], bar)[0])
        return float(np.median(took))

    def again():
        took = [milliseconds(bar_features, one_symbol)[0] for _ in range(10)]
        return float(np.median(took))

    turns = take_turns({"here": one_bar, "there": again}, options.rounds)
    return Comparison(
        "features of one bar", "bar_features of its past", "ms", *turns.values()
    )


# --- at once -------------------------------------------------------------------------


def make_silver():
    """Return all bars of silver, and the samples with labels to train on."""
    from sk_ensemble import Panel
    from sk_ensemble.datasets import contract_specs, load_bars
    from sk_ensemble.labeling import fixed_horizon_labels
    from sk_ensemble.preprocessing import bar_features

    specs = contract_specs()
    bars = load_bars(["AG"])
    features = bar_features(
        bars, timezone=specs["timezone"], session_gap=specs["session_gap"]
    )
    names = features.columns.drop(["symbol", "datetime"])[:N_FEATURES]
    panel = Panel.from_frame(features, features=list(names))
    X, y = panel.align(fixed_horizon_labels(bars, 5), min_history=LENGTH)
    return panel, X[:N_TRAIN], y[:N_TRAIN]


def make_matrix(bars):
    """Return all windows as rows, by the quickest copy that NumPy has."""
    windows = np.lib.stride_tricks.sliding_window_view(bars, (LENGTH, N_FEATURES))
    # Of a single symbol the rows would be a view without this, as they are here.
    return np.ascontiguousarray(windows.reshape(len(windows), -1))


def native_predict(name, model):
    """Return what the library alone, or a plain loop, predicts of the matrix."""
    if name == "xgboost":
        return model.booster_.inplace_predict
    if name == "lightgbm":
        return partial(model.booster_.predict, num_threads=1)
    if name == "catboost":
        settings = {"prediction_type": "Probability", "thread_count": 1}
        return partial(model.booster_.predict, **settings)
    return partial(loop_over, model)


def loop_over(model, matrix, size=BLOCK):
    """Predict prebuilt windows by a plain loop over batches."""
    import torch

    module = model.module_.eval()
    mean, scale = (
        torch.as_tensor(values, dtype=torch.float32)
        for values in (model.mean_, model.scale_)
    )
    windows = torch.from_numpy(matrix).view(len(matrix), LENGTH, N_FEATURES)
    with torch.inference_mode():
        parts = [
            torch.softmax(module((batch - mean) / scale), dim=1)
            for batch in windows.split(size)
        ]
    return torch.cat(parts).numpy()


def processor_seconds(function):
    started = time.process_time()
    function()
    return time.process_time() - started


def compare_batch(name, panel, X, y, rounds):
    """Compare the prediction of all windows with that of the library alone."""
    from sk_ensemble import Windower, create

    windower = Windower(LENGTH)
    model = create(name, random_state=0, early_stopping=False, **BATCH_MODELS[name])
    model.fit(windower.transform(X), y)
    # One symbol: the samples are its last bars, and their windows overlap.
    rows, native = panel[-N_ROWS:], native_predict(name, model)
    bars = panel[-N_ROWS - LENGTH + 1 :].to_numpy()
    matrix = make_matrix(bars)
    measures = {
        "here": lambda: model.predict_proba(windower.transform(rows)),
        "made": lambda: native(make_matrix(bars)),
        "given": lambda: native(matrix),
    }
    if name == "lstm":
        measures["large"] = lambda: native(matrix, size=1024)
    expected = measures["given"]()
    np.testing.assert_allclose(measures["here"](), expected, rtol=1e-4, atol=1e-6)
    timed = {key: partial(processor_seconds, take) for key, take in measures.items()}
    turns = take_turns(timed, rounds)
    case, here = f"100k windows, {name}", turns["here"]
    library = f"a loop over batches of {BLOCK}" if name == "lstm" else name
    yield Comparison(
        case, f"{library}, matrix made", "s", here, turns["made"], AtMost(1)
    )
    yield Comparison(case, f"{library}, matrix given", "s", here, turns["given"])
    if name == "lstm":
        other = "a loop over batches of 1024, matrix given"
        yield Comparison(case, other, "s", here, turns["large"])


def compare(options):
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for name in ONLINE_MODELS:
        yield compare_online(name, options)
    yield compare_features(options)
    samples = make_silver()
    for name in BATCH_MODELS:
        yield from compare_batch(name, *samples, options.rounds)


def add_arguments(parser):
    parser.add_argument("--symbols", type=int, default=1000)


if __name__ == "__main__":
    run_part("inference", compare, doc=__doc__, arguments=add_arguments)
