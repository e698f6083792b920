"""What all folds of a combinatorial split cost at once, beside one fold and one by one.

The 15 folds of `CombinatorialPurgedSplit(6, 2)`, the same epochs for all. Contestants
take turns: `fit_folds` of all, `fit_folds` of the first fold, `fit` of the first fold,
and `fit` of each fold in turn. The ratios are those of each round. One thread and the
time of the processor on a CPU, by the clock on a GPU.

    python benchmarks/bench_fit_folds.py
    python benchmarks/bench_fit_folds.py lstm gru tcn mlp --samples 20000 --device cuda
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import clone

from sk_ensemble import CombinatorialPurgedSplit, Windower, create
from sk_ensemble.neural_network import fit_folds

RESULTS = Path(__file__).parent / "results" / "fit_folds.json"

#: Small networks, for which it is meant.
MODELS: dict[str, dict[str, Any]] = {
    "lstm": {"hidden_size": 32, "num_layers": 1},
    "gru": {"hidden_size": 32, "num_layers": 1},
    "tcn": {"channels": [16, 16, 16]},
    "mlp": {"hidden_sizes": [64]},
    "transformer": {"d_model": 32, "n_heads": 4, "num_layers": 1, "d_ff": 64},
}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=list(MODELS), metavar="NAME")
    parser.add_argument("--samples", type=int, default=1500)
    parser.add_argument("--window-length", type=int, default=20)
    parser.add_argument("--features", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--save", action="store_true")
    return parser.parse_args()


def make_samples(settings: argparse.Namespace) -> tuple[Any, np.ndarray]:
    rng = np.random.default_rng(0)
    shape = (settings.samples, settings.features)
    bars = rng.normal(size=shape).astype(np.float32)
    return Windower(settings.window_length).fit_transform(bars), rng.integers(
        3, size=len(bars)
    )


def measure(name: str, settings: argparse.Namespace) -> dict[str, Any]:
    """Return seconds of each contestant and the ratios of each round."""
    X, y = make_samples(settings)
    cv = CombinatorialPurgedSplit(6, 2, purged_size=settings.window_length)
    folds = [train for train, _ in cv.split(X, y)]
    model = create(
        name,
        max_epochs=settings.epochs,
        batch_size=settings.batch_size,
        random_state=0,
        device=settings.device,
        **MODELS[name],
    )

    def one_by_one(rows: list[np.ndarray]) -> None:
        for fold in rows:
            clone(model).fit(X[fold], y[fold])

    contestants: dict[str, Callable[[], Any]] = {
        "all_at_once": lambda: fit_folds(model, X, y, folds),
        "first_by_fit_folds": lambda: fit_folds(model, X, y, folds[:1]),
        "first_by_fit": lambda: one_by_one(folds[:1]),
        "one_by_one": lambda: one_by_one(folds),
    }
    clock = time.process_time if settings.device == "cpu" else time.perf_counter
    times: dict[str, list[float]] = {kind: [] for kind in contestants}
    for number in range(settings.rounds + 1):
        for kind, run in contestants.items():
            begin = clock()
            run()
            if settings.device != "cpu":
                torch.cuda.synchronize()
            if number:
                times[kind].append(clock() - begin)
    seconds = {kind: statistics.median(values) for kind, values in times.items()}
    return {
        "seconds": seconds,
        "all_of_first": ratios(times["all_at_once"], times["first_by_fit"]),
        "all_of_first_stacked": ratios(
            times["all_at_once"], times["first_by_fit_folds"]
        ),
        "one_by_one_of_all": ratios(times["one_by_one"], times["all_at_once"]),
    }


def ratios(above: list[float], below: list[float]) -> list[float]:
    """Return least, median and largest ratio."""
    found = sorted(a / b for a, b in zip(above, below, strict=True))
    return [found[0], statistics.median(found), found[-1]]


def show(name: str, result: dict[str, Any]) -> None:
    def text(values: list[float]) -> str:
        return f"{values[1]:6.2f} ({values[0]:.2f} to {values[2]:.2f})"

    print(
        f"{name:<12} all at once {result['seconds']['all_at_once']:7.2f} s; of one fit "
        f"{text(result['all_of_first'])}; one by one / at once "
        f"{text(result['one_by_one_of_all'])}",
        flush=True,
    )


def machine(device: str) -> str:
    if device == "cpu":
        return f"{platform.system()}, Python {platform.python_version()}, one thread"
    return torch.cuda.get_device_name()


def main() -> None:
    settings = parse()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    results = {}
    for name in settings.names:
        results[name] = measure(name, settings)
        show(name, results[name])
    if settings.save:
        about = {k: v for k, v in vars(settings).items() if k not in ("names", "save")}
        about |= {"machine": machine(settings.device), "torch": torch.__version__}
        content = {"settings": about, "models": results}
        RESULTS.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
