"""Time of labels and weights on a million bars, beside mlfinpy's.

mlfinpy needs an older pandas, so it gets an environment of its own under ``build``,
which the first run installs. It labels fewer bars, as it takes half a millisecond for
each; both are compared on the same bars. All times are those of the processor.

Run it with ``python benchmarks/bench_labels.py``, or on fewer bars:
``--bars 100000``; ``--save`` writes the figures to ``benchmarks/results/labels.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from sk_ensemble.labeling import (
    cusum_events,
    fixed_horizon_labels,
    return_attribution_weights,
    sequential_bootstrap,
    time_decay_weights,
    triple_barrier_labels,
    uniqueness_weights,
)

HORIZON = 20
N_SYMBOLS = 4
HERE = Path(__file__).parent
RESULTS = HERE / "results" / "labels.json"
ENVIRONMENT = HERE.parent / "build" / "mlfinpy"
# The last version; its own requirements leave out scikit-learn, which it imports.
REQUIREMENTS = ["mlfinpy==0.1.2", "scikit-learn<1.8"]


def make_bars(n_bars):
    """Return bars of a few symbols, in sessions of 200 bars."""
    rng, parts = np.random.default_rng(0), []
    for symbol in range(N_SYMBOLS):
        n_own = n_bars // N_SYMBOLS
        minutes = np.where(np.arange(n_own) % 200 == 199, 600, 5)
        close = 100 * np.exp(np.cumsum(rng.normal(scale=1e-3, size=n_own)))
        open_ = close * np.exp(rng.normal(scale=3e-4, size=n_own))
        part = {
            "datetime": pd.Timestamp("2010", tz="UTC")
            + pd.to_timedelta(np.cumsum(minutes), unit="min"),
            "symbol": f"S{symbol}",
            "open": open_,
            "high": np.maximum(open_, close) * 1.0003,
            "low": np.minimum(open_, close) / 1.0003,
            "close": close,
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def seconds_of(action, repeats=3):
    """Return the result of an action and its shortest time."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = action()
        times.append(time.process_time() - start)
    return result, min(times)


def measure_ours(bars):
    """Return the seconds of every function on all bars."""
    labels = triple_barrier_labels(bars, HORIZON)
    uniqueness = uniqueness_weights(labels, bars)
    actions = {
        "triple_barrier_labels": lambda: triple_barrier_labels(bars, HORIZON),
        "triple_barrier_labels over a day": lambda: triple_barrier_labels(
            bars, "1D", across_sessions=True
        ),
        "fixed_horizon_labels": lambda: fixed_horizon_labels(bars, HORIZON),
        "cusum_events": lambda: cusum_events(bars),
        "uniqueness_weights": lambda: uniqueness_weights(labels, bars),
        "return_attribution_weights": lambda: return_attribution_weights(labels, bars),
        "time_decay_weights": lambda: time_decay_weights(uniqueness),
        "sequential_bootstrap": lambda: sequential_bootstrap(
            labels, bars, random_state=0
        ),
    }
    return {name: seconds_of(action)[1] for name, action in actions.items()}


def interpreter_with_mlfinpy():
    """Return the interpreter of the environment, installing it if need be."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        install = [python, "-m", "pip", "install", "--quiet", *REQUIREMENTS]
        subprocess.run(install, check=True)
        (ENVIRONMENT / "installed").touch()
    return python


def run_theirs(close, target):
    """Return mlfinpy's labels, and what it tells of its seconds and versions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pd.DataFrame({"close": close, "target": target}).to_csv(folder / "closes.csv")
        script = HERE / "others" / "mlfinpy_labels.py"
        command = [interpreter_with_mlfinpy(), script, folder, str(HORIZON)]
        subprocess.run(command, check=True)
        found = pd.read_csv(folder / "labels.csv", index_col=0, parse_dates=[0, 1])
        return found, json.loads((folder / "told.json").read_text())


def run_ours(close, target):
    """Return the same labels from here, and the seconds."""
    bars = close.rename_axis("datetime").reset_index().assign(symbol="A")
    index = pd.MultiIndex.from_product([["A"], close.index])
    target = target.set_axis(index.set_names(["symbol", "datetime"]))
    options = {"target": target, "intrabar": False, "across_sessions": True}
    labels, label_seconds = seconds_of(
        lambda: triple_barrier_labels(bars, HORIZON, **options)
    )
    uniqueness, seconds = seconds_of(
        lambda: uniqueness_weights(labels, bars, closed="both")
    )
    found = labels.assign(uniqueness=uniqueness).droplevel("symbol")
    return found, {"labels": label_seconds, "uniqueness": seconds}


def compare(n_bars):
    """Return both times on the same bars, after a check that the results agree."""
    bars = make_bars(n_bars * N_SYMBOLS)
    bars = bars[bars["symbol"] == "S0"]
    times = bars["datetime"].dt.tz_localize(None)
    close = pd.Series(bars["close"].to_numpy(), index=pd.DatetimeIndex(times))
    close.name = "close"
    target = pd.Series(0.004, index=close.index)
    theirs, told = run_theirs(close, target)
    ours, seconds = run_ours(close, target)
    # At the vertical barrier mlfinpy measures against other barriers, log(1 + target)
    # on both sides, so some of its labels are -1 there.
    touched = (ours["barrier"] != "vertical").to_numpy()
    assert (ours["label"].to_numpy() == theirs["label"].to_numpy())[touched].all()
    ends = ours["label_end"].dt.tz_localize(None).to_numpy()
    assert (ends == theirs["end"].to_numpy()).all()
    np.testing.assert_allclose(ours["uniqueness"], theirs["uniqueness"], rtol=1e-9)
    figures = {
        name: {
            "mlfinpy_seconds": there,
            "seconds_here": seconds[name],
            "times_faster": there / seconds[name],
        }
        for name, there in told["seconds"].items()
    }
    return {"bars": n_bars, "versions_there": told["versions"], **figures}


def machine():
    """Return what the times depend on."""
    found = Path("/proc/cpuinfo")
    lines = found.read_text().splitlines() if found.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return {
        "processor": next(iter(names), platform.processor()),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    n_bars = arguments.bars
    figures = {
        "machine": machine(),
        "bars": n_bars,
        "seconds": measure_ours(make_bars(n_bars)),
        "beside_mlfinpy": [compare(min(size, n_bars)) for size in (2_500, 10_000)],
    }
    print(json.dumps(figures, indent=2))
    if arguments.save:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
