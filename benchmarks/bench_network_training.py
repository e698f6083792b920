"""Training speed of LSTMClassifier against a minimal loop in plain torch.

Both train the same module on the same standardised windows with the same batches, one
thread each, in turn: A B A B ... The plain loop has its windows built beforehand and
knows neither weights nor losses to report. Printed is its time over ours: 1 means
that the estimator costs nothing.

    python benchmarks/bench_network_training.py
    python benchmarks/bench_network_training.py --hidden-size 32 --rounds 6
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from sk_ensemble import LSTMClassifier
from sk_ensemble.neural_network import LSTMModule
from sk_ensemble.preprocessing import Windower


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=5120)
    parser.add_argument("--window-length", type=int, default=60)
    parser.add_argument("--features", type=int, default=30)
    parser.add_argument("--hidden-size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def plain_loop(
    windows: torch.Tensor, codes: torch.Tensor, settings: argparse.Namespace
) -> None:
    """Train as a tutorial does, on windows built and scaled beforehand."""
    module = LSTMModule(settings.features, 3, hidden_size=settings.hidden_size)
    module.to(settings.device)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, weight_decay=0.01)
    for _ in range(settings.epochs):
        order = torch.randperm(len(windows)).to(settings.device)
        for rows in order.split(settings.batch_size):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module(windows[rows]), codes[rows])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()
    if settings.device != "cpu":
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return clock() - start


def main() -> None:
    settings = parse()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    bars = rng.normal(size=(settings.samples, settings.features)).astype(np.float32)
    codes = rng.integers(3, size=settings.samples)
    windows = Windower(settings.window_length).transform(bars)
    built = torch.from_numpy(windows.gather()).to(settings.device)
    model = LSTMClassifier(
        hidden_size=settings.hidden_size,
        max_epochs=settings.epochs,
        batch_size=settings.batch_size,
        device=settings.device,
        random_state=0,
    )
    targets = torch.from_numpy(codes).to(settings.device)
    contestants = {
        "plain loop": partial(plain_loop, built, targets, settings),
        "estimator": partial(model.fit, windows, codes),
    }
    for work in contestants.values():
        work()
    # Processor time, where that is all there is: other processes do not count.
    clock = time.process_time if settings.device == "cpu" else time.perf_counter
    times = {name: [] for name in contestants}
    for _ in range(settings.rounds):
        for name, work in contestants.items():
            times[name].append(seconds(work, clock))
    for name, values in times.items():
        print(
            f"{name:<10}  median {statistics.median(values):7.3f} s  "
            f"best {min(values):7.3f} s"
        )
    plain, ours = times["plain loop"], times["estimator"]
    ratios = [a / b for a, b in zip(plain, ours, strict=True)]
    print(
        f"plain / estimator: median of pairs {statistics.median(ratios):.3f}, "
        f"best / best {min(plain) / min(ours):.3f}"
    )


if __name__ == "__main__":
    main()
