"""Training networks beside a plain loop, skorch and three other libraries

Windows of 60 bars x 30 features, three classes, CPU, one thread, time of the processor.
`LSTMClassifier` stands beside a minimal loop in plain torch, which has its windows
built and scaled beforehand and knows neither weights nor losses to report, and beside
skorch with the array of all windows. Weights show first that the loop and the
classifier do the same, and an epoch is a whole fit. With one hidden unit hardly more
than what surrounds the network is left. The other libraries train the
network that both have, in an environment of their own: what is given is the time from
the first to the last batch of an epoch. Equal windows, batches and numbers of
parameters are checked.

    python benchmarks/bench_network_training.py --rounds 3
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import torch
from harness import (
    AtLeast,
    Comparison,
    Floor,
    Worker,
    install_peers,
    peer_versions,
    run_part,
    take_turns,
)
from others.network_epochs import RATE, count, digest, make_bars, make_windows
from skorch import NeuralNetClassifier
from skorch.callbacks import GradientNormClipping

from sk_ensemble import GRUClassifier, InceptionTimeClassifier, LSTMClassifier
from sk_ensemble.neural_network import LSTMModule
from sk_ensemble.neural_network._base import draw_seed
from sk_ensemble.preprocessing import Windower

SETTINGS = {
    "samples": 5120, "features": 30, "window_length": 60, "hidden_size": 64,
    "batch_size": 256, "epochs": 1,
}  # fmt: skip
#: What the same network is called elsewhere; pytorch-forecasting's has one output.
PEERS = {
    "tsai": ("tsai", "tsai", "LSTM", {}, 0),
    "pytorch-forecasting": (
        "pytorch_forecasting", "pytorch_forecasting", "LSTM", {}, 2 * 65,
    ),
    "sktime's GRU": ("sktime_networks", "sktime_gru", "GRU", {}, 0),
    "sktime's InceptionTime": (
        "sktime_networks", "sktime_inception", "Inception network",
        {"samples": 512, "batch_size": 64}, 0,
    ),
}  # fmt: skip
LIBRARIES = {"tsai": ["tsai", "fastai"], "sktime_networks": ["sktime"]}
LIBRARIES["pytorch_forecasting"] = ["pytorch-forecasting", "lightning"]


def make_data(settings):
    """Return the windows, lazy and as an array, and the codes of their classes."""
    bars, codes = make_bars(settings["samples"], settings["features"])
    built = make_windows(
        settings["samples"], settings["features"], settings["window_length"]
    )
    windows = Windower(settings["window_length"]).transform(bars)
    if digest(windows.gather()) != digest(built):
        raise SystemExit("The windows of the benchmark are not those of a Windower.")
    return SimpleNamespace(windows=windows, built=built, codes=codes)


def here(kind, settings, **parameters):
    """Return a classifier of this package."""
    return kind(
        max_epochs=settings["epochs"],
        batch_size=settings["batch_size"],
        learning_rate=RATE,
        random_state=0,
        **parameters,
    )


def lstm_here(settings):
    return here(LSTMClassifier, settings, hidden_size=settings["hidden_size"])


def plain_loop(windows, codes, settings):
    """Train as a tutorial does, and return the module."""
    torch.manual_seed(draw_seed(0))
    module = LSTMModule(windows.shape[2], 3, hidden_size=settings["hidden_size"])
    optimizer = torch.optim.AdamW(module.parameters(), lr=RATE, weight_decay=0.01)
    for _ in range(settings["epochs"]):
        for rows in torch.randperm(len(windows)).split(settings["batch_size"]):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module(windows[rows]), codes[rows])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()
    return module


def skorch_default(settings):
    """Return skorch's classifier with the module, the optimizer and the batches."""
    return NeuralNetClassifier(
        LSTMModule,
        module__n_features=settings["features"],
        module__n_outputs=3,
        module__hidden_size=settings["hidden_size"],
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=0.01,
        lr=RATE,
        max_epochs=settings["epochs"],
        batch_size=settings["batch_size"],
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[GradientNormClipping(1.0)],
        verbose=0,
    )


def seconds(work):
    """Return a function that measures the processor time of a piece of work."""

    def measure():
        start = time.process_time()
        work()
        return time.process_time() - start

    return measure


def check_weights(module, model):
    """End unless two trainings have come to the same weights."""
    pairs = zip(module.parameters(), model.module_.parameters(), strict=True)
    if not all(one.allclose(other, atol=1e-4) for one, other in pairs):
        raise SystemExit("The plain loop and the classifier come to other weights.")


def beside_loops(rounds):
    """Compare with the plain loop, with skorch, and with the products alone."""
    for hidden_size, bound in ((64, 0.97), (32, 0.90), (1, None)):
        settings = SETTINGS | {"hidden_size": hidden_size}
        data, model = make_data(settings), lstm_here(settings)
        codes = torch.from_numpy(data.codes)
        model.fit(data.windows, data.codes)
        scaled = torch.from_numpy((data.built - model.mean_) / model.scale_).float()
        check_weights(plain_loop(scaled, codes, settings), model)
        own = seconds(lambda m=model, d=data: m.fit(d.windows, d.codes))
        work = {
            "a plain loop": lambda s=settings, x=scaled, c=codes: plain_loop(x, c, s)
        }
        if hidden_size != 32:
            work["skorch"] = lambda s=settings, d=data: skorch_default(s).fit(
                d.built, d.codes
            )
        if hidden_size == 64:
            work["the products of its matrices"] = lambda: products(SETTINGS)
        aims = {"skorch": AtLeast(1)}
        if bound is not None:
            aims["a plain loop"] = AtLeast(bound)
        # In pairs: of three the one in the middle has another before it each time.
        for other, there in work.items():
            times = take_turns({"here": own, other: seconds(there)}, rounds)
            aim = aims.get(other, Floor())
            case = f"LSTM, hidden {hidden_size}, an epoch"
            yield Comparison(case, other, "s", *times.values(), aim)


def n_operations(settings):
    """Return the multiplications and additions of an epoch, forward and backward."""
    size, n_inputs = settings["hidden_size"], settings["features"]
    per_step = 4 * size * (n_inputs + size) + 4 * size * (size + size)
    n_steps = settings["samples"] * settings["window_length"] * settings["epochs"]
    # A product is taken three times: forward, for the inputs and for the weights.
    return 3 * 2 * per_step * n_steps


def products(settings, size=512):
    """Take as many operations as an epoch, in large products of matrices."""
    one = torch.ones(size, size)
    for _ in range(round(n_operations(settings) / (2 * size**3))):
        torch.mm(one, one)


def same_network(name, settings):
    """Return this package's classifier of a network that others have."""
    alike = {"optimizer": "adam", "weight_decay": 0.0, "gradient_clip": None}
    size = settings["hidden_size"]
    return {
        "LSTM": lambda: here(LSTMClassifier, settings, hidden_size=size, **alike),
        "GRU": lambda: here(GRUClassifier, settings, hidden_size=size, **alike),
        "Inception network": lambda: here(
            InceptionTimeClassifier, settings, n_members=1, **alike
        ),
    }[name]()


def seconds_of_epoch(model, data):
    """Return a function that measures a fit as others are: from batch to batch."""
    found = []

    class Timed(model._net_class):
        def run_single_epoch(self, *given, **named):
            start = time.process_time()
            super().run_single_epoch(*given, **named)
            if named.get("training"):
                found.append(time.process_time() - start)

    model._net_class = Timed

    def measure():
        found.clear()
        model.fit(data.windows, data.codes)
        return min(found)

    return measure


def beside_peers(rounds):
    """Compare with libraries that have the same network."""
    script = Path(__file__).parent / "others" / "network_epochs.py"
    for other, (environment, name, network, changes, n_missing) in PEERS.items():
        settings = SETTINGS | changes
        data, model = make_data(settings), same_network(network, settings)
        python = install_peers(environment)
        with Worker(script, python, OMP_NUM_THREADS="1") as worker:
            ask = {"name": name, "settings": settings}
            model.fit(data.windows, data.codes)
            told = worker.ask(**ask)
            n_here = count(model.module_)
            if told["parameters"] + n_missing != n_here:
                raise SystemExit(f"{other} has {told['parameters']}, not {n_here}.")
            if told["windows"] != digest(data.built):
                raise SystemExit(f"{other} has other windows.")
            times = take_turns(
                {
                    "here": seconds_of_epoch(model, data),
                    "there": lambda w=worker, a=ask: w.ask(**a)["seconds"],
                },
                rounds,
            )
        case = f"{network}, {n_here:,} parameters, an epoch"
        yield Comparison(case, other, "s", *times.values(), AtLeast(1))


def compare(options):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    # Hundredths are looked for here, so that more turns are needed.
    yield from beside_loops(2 * options.rounds - 1)
    yield from beside_peers(options.rounds)


def versions():
    found = [peer_versions(install_peers(n), names) for n, names in LIBRARIES.items()]
    return {name: version for part in found for name, version in part.items()}


if __name__ == "__main__":
    run_part("network_training", compare, doc=__doc__, versions=versions)
