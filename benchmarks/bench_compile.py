"""What `compile=True` is worth, network by network.

A step of training (forward, backward and optimizer) of the module as it is and of what
torch's compiler makes of it, on the same batches, in turn: A B A B ... One thread and
processor time on a CPU, so that other processes do not count. Compiling is timed apart,
by the clock, with an empty cache.

    python benchmarks/bench_compile.py
    python benchmarks/bench_compile.py tcn transformer --device cuda
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable

# The compiler's cache is found when torch is imported.
os.environ["TORCHINDUCTOR_CACHE_DIR"] = tempfile.mkdtemp()

import numpy as np
import torch
from torch import nn

from sk_ensemble import create
from sk_ensemble.neural_network._compiled import Compiled

NAMES = ["lstm", "alstm", "mlp", "tcn", "transformer", "patch_tst", "nhits", "tft"]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    parser.add_argument("--window-length", type=int, default=60)
    parser.add_argument("--features", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def module_of(name: str, settings: argparse.Namespace) -> nn.Module:
    """Return the module of a network of default size."""
    shape = (8, settings.window_length, settings.features)
    X = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    model = create(name, max_epochs=1, random_state=0, device="cpu")
    module: nn.Module = model.fit(X, np.arange(8) % 3).module_
    return module.to(settings.device).train()


def step_of(
    module: nn.Module, function: Callable[[torch.Tensor], torch.Tensor]
) -> Callable[[torch.Tensor, torch.Tensor], None]:
    """Return a step of training that runs the module by a function."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-6)

    def step(windows: torch.Tensor, codes: torch.Tensor) -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(function(windows), codes).backward()
        optimizer.step()
        if windows.is_cuda:
            torch.cuda.synchronize()

    return step


def measure(name: str, settings: argparse.Namespace) -> None:
    module = module_of(name, settings)
    shape = (settings.batch_size, settings.window_length, settings.features)
    codes = torch.arange(settings.batch_size, device=settings.device) % 3
    contestants = {
        "plain": step_of(module, module),
        "compiled": step_of(module, Compiled(module)),
    }
    clock = time.process_time if settings.device == "cpu" else time.perf_counter
    first: dict[str, float] = {}
    times: dict[str, list[float]] = {kind: [] for kind in contestants}
    for number in range(settings.steps + 1):
        for kind, step in contestants.items():
            windows = torch.randn(shape, device=settings.device)
            begin, wall = clock(), time.perf_counter()
            step(windows, codes)
            if number:
                times[kind].append(clock() - begin)
            else:
                first[kind] = time.perf_counter() - wall
    ratios = [a / b for a, b in zip(times["plain"], times["compiled"], strict=True)]
    plain, compiled = (1000 * min(values) for values in times.values())
    print(
        f"{name:<12} plain {plain:8.1f} ms  compiled {compiled:8.1f} ms  plain / "
        f"compiled: median of pairs {statistics.median(ratios):.2f}, best / best "
        f"{plain / compiled:.2f}; first step {first['compiled']:.0f} s",
        flush=True,
    )


def main() -> None:
    settings = parse()
    torch.set_num_threads(1)
    for name in settings.names:
        measure(name, settings)


if __name__ == "__main__":
    main()
