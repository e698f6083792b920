"""What every model family costs, on the same windows and one thread.

For each name of ``list_models()``: seconds of the processor to fit with default
parameters (a network: for one epoch; a booster: for all its rounds) and to predict a
thousand windows, the number of parameters or trees, and the bytes of the saved model.
The ratios are to logistic regression. Time is that of the processor, as other
programs may run beside this one; they still take its caches, so fractions of a second
differ by a third from run to run.

    python benchmarks/bench_families.py
    python benchmarks/bench_families.py --models lstm tcn --samples 5000
    python benchmarks/bench_families.py --save

``--save`` writes ``benchmarks/results/families.csv``; with ``--models`` it replaces the
rows of these and keeps the others. ``python docs/family_pages.py`` then puts them
into the pages of the families.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from sk_ensemble import Panel, Windower
from sk_ensemble.datasets import make_bars
from sk_ensemble.persistence import save_model
from sk_ensemble.registry import create, list_models, model_info, model_parameters

RESULTS = Path(__file__).parent / "results" / "families.csv"
REFERENCE = "sklearn:logistic"
N_PREDICTED = 1000
#: A step that took longer than this, in seconds, is not repeated.
LONG = 2.0
SETTINGS = {"early_stopping": False, "random_state": 0, "n_jobs": 1, "device": "cpu"}


class EpochTimes:
    """Measure every epoch, and end a training whose epochs are long."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def setup(self, estimator: Any, context: Any) -> None:
        """Prepare nothing."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Clean up nothing."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Start the clock."""
        if context.task_name == "epoch":
            self._start = time.process_time()

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        """Stop the clock; return whether to stop training too."""
        if context.task_name != "epoch":
            return False
        self.seconds.append(time.process_time() - self._start)
        return self.seconds[-1] > LONG


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", help="names; default all but ensembles")
    parser.add_argument("--samples", type=int, default=2000, help="windows to fit on")
    parser.add_argument("--window-length", type=int, default=60)
    parser.add_argument("--features", type=int, default=30)
    parser.add_argument("--save", action="store_true", help="write the figures")
    return parser.parse_args(arguments)


def make_samples(settings: argparse.Namespace) -> tuple[Any, np.ndarray]:
    """Return windows of bars with labels, times and a little signal."""
    n_samples = settings.samples + N_PREDICTED
    # The last bars of a session have no label.
    n_bars = n_samples + n_samples // 4 + settings.window_length
    data = make_bars(n_bars, 1, signal=0.3, random_state=0)
    values = np.random.default_rng(0).normal(size=(len(data.bars), settings.features))
    values[:, 0] = data.signal
    names = [f"feature_{column}" for column in range(settings.features)]
    frame = pd.concat(
        [data.bars[["symbol", "datetime"]], pd.DataFrame(values, columns=names)], axis=1
    )
    panel = Panel.from_frame(frame)
    X, y = panel.align(data.labels, min_history=settings.window_length)
    windows = Windower(settings.window_length).transform(X[:n_samples])
    return windows, y[:n_samples]


def seconds_of(action: Callable[[], object]) -> float:
    """Return the shortest time of up to three runs."""
    times: list[float] = []
    while len(times) < 3 and max(times, default=0.0) < LONG:
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def fit_seconds(model: Any, windows: Any, y: np.ndarray) -> float:
    """Fit a model; return the time of it, or of the fastest epoch of a network."""
    if not hasattr(model, "optimizer"):
        return seconds_of(lambda: model.fit(windows, y))
    times = EpochTimes()
    model.set_params(max_epochs=3).set_callbacks(times).fit(windows, y)
    model.set_callbacks()
    return min(times.seconds)


def n_trees(booster: Any) -> int:
    """Return the number of trees, by whichever way the library tells."""
    if hasattr(booster, "num_trees"):
        return booster.num_trees()
    if hasattr(booster, "tree_count_"):
        return booster.tree_count_
    return len(booster.get_dump())


def size_of(model: Any) -> tuple[int, str]:
    """Return how many numbers or trees a fitted model has learnt."""
    last = model[-1] if hasattr(model, "steps") else model
    if hasattr(last, "module_"):
        return sum(p.numel() for p in last.module_.parameters()), "parameters"
    if hasattr(last, "booster_"):
        return n_trees(last.booster_), "trees"
    if hasattr(last, "estimators_"):
        return len(last.estimators_), "trees"
    if hasattr(last, "n_trees_per_iteration_"):
        return last.n_iter_ * last.n_trees_per_iteration_, "trees"
    learnt = ["coef_", "intercept_"] if hasattr(last, "coef_") else ["shares_"]
    return sum(np.size(getattr(last, name, ())) for name in learnt), "parameters"


def saved_bytes(model: Any) -> int:
    """Return the size of the files of a saved model."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model"
        save_model(model, place)
        return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())


def measure(name: str, windows: Any, y: np.ndarray) -> dict[str, Any]:
    """Return the figures of one family."""
    known = model_parameters(name)
    model = create(name, **{key: SETTINGS[key] for key in SETTINGS if key in known})
    fitted = fit_seconds(model, windows[:-N_PREDICTED], y[:-N_PREDICTED])
    predicted = seconds_of(lambda: model.predict_proba(windows[-N_PREDICTED:]))
    size, unit = size_of(model)
    return {
        "name": name,
        "fit_of": "epoch" if "optimizer" in known else "fit",
        "fit_seconds": float(f"{fitted:.3g}"),
        "predict_seconds": float(f"{predicted:.3g}"),
        "size": size,
        "size_unit": unit,
        "saved_bytes": saved_bytes(model),
        "samples": len(windows) - N_PREDICTED,
        "window_length": windows.shape[1],
        "n_features": windows.shape[2],
    }


def same_shape(known: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """Return which rows were measured on as many windows of the same shape."""
    shape = ["samples", "window_length", "n_features"]
    return (known[shape] == table[shape].iloc[0]).all(axis=1)


def with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its times in units of logistic regression's."""
    times = ["fit", "predict"]
    table = table.drop(columns=[f"{time_}_ratio" for time_ in times], errors="ignore")
    for time_ in times:
        reference = table.loc[REFERENCE, f"{time_}_seconds"]
        ratios = table[f"{time_}_seconds"] / reference
        table[f"{time_}_ratio"] = [float(f"{ratio:.3g}") for ratio in ratios]
    return table


def amount(value: float) -> str:
    """Return a number with two digits that count."""
    return f"{float(f'{value:.2g}'):,.10g}"


def markdown(table: pd.DataFrame) -> str:
    """Return the table for the README."""
    lines = [
        "| family | fit, s | of logistic | 1,000 predictions, s | of logistic "
        "| learnt | saved, kB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in table.reset_index().itertuples():
        fitted = amount(row.fit_seconds) + (" *" if row.fit_of == "epoch" else "")
        lines.append(
            f"| `{row.name}` | {fitted} | {amount(row.fit_ratio)} | "
            f"{amount(row.predict_seconds)} | {amount(row.predict_ratio)} | "
            f"{row.size:,} {row.size_unit} | {amount(row.saved_bytes / 1000)} |"
        )
    return "\n".join([*lines, "", "\\* one epoch"])


def chosen_names(settings: argparse.Namespace) -> list[str]:
    """Return the full names of the families to measure, the reference first."""
    if settings.models:
        names = [model_info(name).full_name for name in settings.models]
    else:
        table = list_models()
        names = table.loc[table["family"] != "ensemble", "full_name"].tolist()
    return [REFERENCE, *(name for name in names if name != REFERENCE)]


def main() -> None:
    settings = parse()
    windows, y = make_samples(settings)
    rows = []
    with threadpool_limits(1):
        for name in chosen_names(settings):
            rows.append(measure(name, windows, y))
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows).set_index("name")
    if settings.models and RESULTS.exists():
        known = pd.read_csv(RESULTS, index_col="name")
        asked = [model_info(name).full_name for name in settings.models]
        known = known[same_shape(known, table)].drop(asked, errors="ignore")
        table = pd.concat([known, table.drop(known.index, errors="ignore")])
    order = [name for name in list_models()["full_name"] if name in table.index]
    table = with_ratios(table.loc[order])
    print(markdown(table))
    if settings.save:
        table.to_csv(RESULTS, lineterminator="\n")


if __name__ == "__main__":
    main()
