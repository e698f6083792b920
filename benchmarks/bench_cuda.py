"""Training an LSTM on a GPU beside skorch, a loop in a CUDA graph, and fold by fold

Needs a GPU, and says so and ends without one. Windows of 60 bars x 30 features in
batches of 256; the clock is read when the GPU has done its work. `LSTMClassifier`
stands beside skorch's default path, which has the array of all windows in memory and
sends it batch by batch, and beside a loop with everything on the GPU whose step is one
CUDA graph. `fit_folds` trains the 15 folds of `CombinatorialPurgedSplit(6, 2)` at once,
beside the fit of one fold and beside 15 fits.

    python benchmarks/bench_cuda.py
    python benchmarks/bench_cuda.py --device cpu --samples 1024 --no-save
"""

from __future__ import annotations

import sys
import time
import warnings

import torch
from bench_network_training import SETTINGS, lstm_here, make_data, skorch_default
from harness import AtLeast, AtMost, Comparison, run_part, take_turns
from harness.machine import gpu
from others.network_epochs import RATE
from sklearn.base import clone

from sk_ensemble import CombinatorialPurgedSplit
from sk_ensemble.neural_network import LSTMModule, fit_folds


class GraphLoop:
    """Train on windows that lie on the GPU, each step one CUDA graph.

    The least a program can do about what launching operations costs: it has no
    history, no weights of samples and no standardisation, and needs 60 times the
    memory. Capturing the graph is not timed.
    """

    def __init__(self, windows, codes, settings):
        self.windows, self.codes = windows, codes
        self.settings = settings
        self.module = LSTMModule(
            windows.shape[2], 3, hidden_size=settings["hidden_size"]
        ).to(windows.device)
        self.optimizer = torch.optim.AdamW(
            self.module.parameters(), lr=RATE, weight_decay=0.01, capturable=True
        )
        size = settings["batch_size"]
        self.batch, self.truth = windows[:size].clone(), codes[:size].clone()
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                self.step()
        torch.cuda.current_stream().wait_stream(aside)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.step()

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        outputs = self.module(self.batch)
        torch.nn.functional.cross_entropy(outputs, self.truth).backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimizer.step()

    def train(self):
        for _ in range(self.settings["epochs"]):
            order = torch.randperm(len(self.windows), device=self.windows.device)
            for rows in order.split(self.settings["batch_size"]):
                torch.index_select(self.windows, 0, rows, out=self.batch)
                torch.index_select(self.codes, 0, rows, out=self.truth)
                self.graph.replay()


def seconds(work, device):
    """Return a function that measures a piece of work by the clock."""

    def wait():
        if device == "cuda":
            torch.cuda.synchronize()

    def measure():
        wait()
        start = time.perf_counter()
        work()
        wait()
        return time.perf_counter() - start

    return measure


def turns(work, device, rounds):
    """Let everything run once, then take turns."""
    for once in work.values():
        once()
    return take_turns({name: seconds(w, device) for name, w in work.items()}, rounds)


def of_one_fit(settings, device, rounds):
    """Compare a fit with skorch and with the loop in a graph."""
    data, model = make_data(settings), lstm_here(settings).set_params(device=device)
    work = {
        "here": lambda: model.fit(data.windows, data.codes),
        "skorch": lambda: (
            skorch_default(settings)
            .set_params(device=device)
            .fit(data.built, data.codes)
        ),
    }
    if device == "cuda":
        on_gpu = [torch.from_numpy(x).to(device) for x in (data.built, data.codes)]
        work["graph"] = GraphLoop(*on_gpu, settings).train
    times = turns(work, device, rounds)
    case = f"LSTM, {settings['epochs']} epochs of {settings['samples']:,} windows"
    yield Comparison(case, "skorch", "s", times["here"], times["skorch"], AtLeast(3))
    if "graph" in times:
        other = "a loop in a CUDA graph"
        yield Comparison(case, other, "s", times["here"], times["graph"], AtLeast(0.9))


def of_all_folds(settings, device, rounds):
    """Compare all folds at once with one fold, and with fold after fold."""
    data, model = make_data(settings), lstm_here(settings).set_params(device=device)
    cv = CombinatorialPurgedSplit(6, 2, purged_size=settings["window_length"])
    folds = [train for train, _ in cv.split(data.windows)]

    def fit_each(some):
        for fold in some:
            clone(model).fit(data.windows[fold], data.codes[fold])

    work = {
        "at once": lambda: fit_folds(model, data.windows, data.codes, folds),
        "first": lambda: fit_each(folds[:1]),
        "each": lambda: fit_each(folds),
    }
    times = turns(work, device, rounds)
    case = f"LSTM, 15 folds of {settings['samples']:,} windows at once"
    together, bound = times["at once"], AtMost(4)
    yield Comparison(case, "one fold", "s", together, times["first"], bound)
    yield Comparison(case, "15 fits", "s", together, times["each"], AtMost(1))


def compare(options):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print(f"GPU: {gpu() or 'none'}", flush=True)
    given = SETTINGS | {"samples": options.samples, "epochs": options.epochs}
    yield from of_one_fit(given, options.device, options.rounds)
    yield from of_all_folds(given, options.device, options.rounds)


def arguments(parser):
    parser.add_argument("--device", default="cuda", help="cpu only tries the script")
    parser.add_argument("--samples", type=int, default=20_480, help="windows")
    parser.add_argument("--epochs", type=int, default=2, help="of each training")


if __name__ == "__main__":
    if not torch.cuda.is_available() and "cpu" not in sys.argv:
        print("This part needs a GPU that torch can use; there is none. Nothing done.")
    else:
        run_part("cuda", compare, doc=__doc__, arguments=arguments)
