"""Train networks of tsai, sktime and pytorch-forecasting; in environments of their own.

A `Worker` of ``bench_network_training.py`` runs this file with the Python of a peer.
Each function trains for some epochs and returns the processor time of each and the
number of parameters. The clock runs while batches are made and trained on, and not
while data sets and networks are set up. Optimizer, learning rate and batches are those
of the benchmark: Adam, 0.001, shuffled, gradients not limited, no validation.
"""

from __future__ import annotations

import hashlib
import time
from functools import cache

import numpy as np

RATE = 1e-3


@cache
def make_bars(n_bars, n_features):
    """Return the bars that everybody is given, and the codes of their classes."""
    rng = np.random.default_rng(0)
    bars = rng.standard_normal((n_bars, n_features), dtype=np.float32)
    return bars, rng.integers(3, size=n_bars)


@cache
def make_windows(n_bars, n_features, window_length):
    """Return the windows that end at each bar, the first bar repeated before it."""
    bars, _ = make_bars(n_bars, n_features)
    padded = np.concatenate([np.repeat(bars[:1], window_length - 1, axis=0), bars])
    windows = np.lib.stride_tricks.sliding_window_view(padded, window_length, axis=0)
    return np.ascontiguousarray(windows.transpose(0, 2, 1))


def digest(array):
    """Return a text that stands for the numbers of an array."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def count(module):
    """Return the number of parameters that are trained."""
    return sum(part.numel() for part in module.parameters() if part.requires_grad)


def channels_first(settings):
    windows = make_windows(*(settings[name] for name in WINDOWS))
    return np.ascontiguousarray(windows.transpose(0, 2, 1))


def codes_of(settings):
    return make_bars(settings["samples"], settings["features"])[1]


# --- one function per library -----------------------------------------------------


@cache
def name_operators():
    """Let torchvision be imported beside torch for CPUs, for tsai.

    PyPI has it for CUDA only, so that its operators are missing. None is called here,
    but two are looked for on import.
    """
    import torch

    for name in ("nms", "qnms"):
        schema = "(Tensor boxes, Tensor scores, float limit) -> Tensor"
        torch.library.define(f"torchvision::{name}", schema)


def tsai(settings):
    """Train its LSTM from an array of windows that lies in memory."""
    name_operators()
    from fastai.callback.core import Callback, CancelValidException
    from fastai.learner import Learner
    from torch import nn
    from tsai.data.core import TSDataLoaders, TSDatasets
    from tsai.models.RNN import LSTM

    class Clock(Callback):
        def before_train(self):
            self.start = time.process_time()

        def after_train(self):
            seconds.append(time.process_time() - self.start)

    class NoValidation(Callback):
        def before_validate(self):
            raise CancelValidException

    seconds = []
    X, y = channels_first(settings), codes_of(settings)
    rows = list(range(len(X)))
    datasets = TSDatasets(X, y.astype(np.int64), splits=(rows, rows[:1]), inplace=True)
    loaders = TSDataLoaders.from_dsets(
        datasets.train, datasets.valid, bs=settings["batch_size"], num_workers=0
    )
    module = LSTM(
        settings["features"], 3, hidden_size=settings["hidden_size"], n_layers=2
    )
    learner = Learner(
        loaders, module, loss_func=nn.CrossEntropyLoss(), cbs=[Clock(), NoValidation()]
    )
    with learner.no_bar(), learner.no_logging():
        learner.fit(settings["epochs"], RATE)
    return seconds, count(module)


def sktime(kind, settings, **parameters):
    """Train one of its torch classifiers."""

    class Timed(kind):
        def _run_epoch(self, epoch, dataloader):
            start = time.process_time()
            super()._run_epoch(epoch, dataloader)
            seconds.append(time.process_time() - start)

    seconds = []
    model = Timed(
        num_epochs=settings["epochs"],
        batch_size=settings["batch_size"],
        lr=RATE,
        random_state=0,
        **parameters,
    )
    model.fit(channels_first(settings), codes_of(settings))
    return seconds, count(model.network)


def sktime_gru(settings):
    from sktime.classification.deep_learning.gru import GRUClassifier

    size = settings["hidden_size"]
    return sktime(
        GRUClassifier, settings, hidden_dim=size, n_layers=2, batch_first=True
    )


def sktime_inception(settings):
    from sktime.classification.deep_learning.inceptiontime import (
        InceptionTimeClassifierTorch,
    )

    return sktime(InceptionTimeClassifierTorch, settings)


def forecasting_table(settings):
    """Return the bars as pytorch-forecasting takes them: one series, time, columns."""
    import pandas as pd

    windows = make_windows(*(settings[name] for name in WINDOWS))
    bars = np.concatenate([windows[0], windows[1:, -1]])
    columns = [f"x{number}" for number in range(bars.shape[1])]
    table = pd.DataFrame(bars, columns=columns)
    return table.assign(series="A", time=np.arange(len(bars))), columns


def pytorch_forecasting(settings):
    """Train its LSTM, which forecasts the first feature from 59 bars and the last."""
    import lightning
    from pytorch_forecasting import RecurrentNetwork, TimeSeriesDataSet
    from pytorch_forecasting.data.encoders import TorchNormalizer
    from pytorch_forecasting.metrics import MAE

    class Clock(lightning.Callback):
        def on_train_epoch_start(self, *_):
            self.start = time.process_time()

        def on_train_epoch_end(self, *_):
            seconds.append(time.process_time() - self.start)

    seconds = []
    table, columns = forecasting_table(settings)
    dataset = TimeSeriesDataSet(
        table,
        time_idx="time",
        target=columns[0],
        group_ids=["series"],
        max_encoder_length=settings["window_length"] - 1,
        min_encoder_length=settings["window_length"] - 1,
        max_prediction_length=1,
        time_varying_known_reals=columns[1:],
        time_varying_unknown_reals=columns[:1],
        # The dearer default looks at the target of every sample anew.
        target_normalizer=TorchNormalizer(method="identity"),
    )
    loader = dataset.to_dataloader(
        train=True, batch_size=settings["batch_size"], num_workers=0
    )
    module = RecurrentNetwork.from_dataset(
        dataset,
        hidden_size=settings["hidden_size"],
        rnn_layers=2,
        dropout=0.0,
        loss=MAE(),
        logging_metrics=[],
        learning_rate=RATE,
        optimizer="adam",
        log_interval=-1,
    )
    trainer = lightning.Trainer(
        max_epochs=settings["epochs"],
        accelerator="cpu",
        callbacks=[Clock()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, loader)
    assert len(loader) * settings["batch_size"] == settings["samples"], len(dataset)
    return seconds, count(module)


TRAININGS = {
    made.__name__: made
    for made in (tsai, sktime_gru, sktime_inception, pytorch_forecasting)
}
WINDOWS = ("samples", "features", "window_length")


def answer(name, settings):
    """Return what a training took, and what it was given."""
    import torch

    torch.set_num_threads(1)
    seconds, n_parameters = TRAININGS[name](settings)
    return {
        "seconds": min(seconds),
        "parameters": n_parameters,
        "windows": digest(make_windows(*(settings[name] for name in WINDOWS))),
    }


if __name__ == "__main__":
    from harness.worker import answer_requests

    answer_requests(answer)
