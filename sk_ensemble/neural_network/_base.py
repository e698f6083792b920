"""The classifier that every network architecture is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils import check_random_state
from skorch.callbacks import Callback, GradientNormClipping
from torch import nn

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import (
    IterativeClassifier,
    Rounds,
    TrainingSet,
    n_threads,
    predict_in_blocks,
)
from sk_ensemble.neural_network._batches import Batches, LabelledWindows
from sk_ensemble.neural_network._best_epoch import BestEpoch
from sk_ensemble.neural_network._device_windows import DeviceWindows
from sk_ensemble.neural_network._net import WindowNet
from sk_ensemble.neural_network._progress import Progress
from sk_ensemble.neural_network._schedule import SCHEDULES, make_schedule
from sk_ensemble.neural_network._standardize import bar_moments, standardize_bars
from sk_ensemble.neural_network._torch_state import (
    pick_device,
    seeded,
    torch_threads,
)
from sk_ensemble.panel import Windows
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["NetworkClassifier"]

_OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}

#: Rows predicted together. On a CPU more are hardly faster per row, and one row alone
#: costs a whole block; a GPU takes as long for few rows as for many.
_BLOCK_SIZES = {"cpu": 32, "cuda": 1024}

#: Seed of the units dropped in prediction.
_MASK_SEED = 0


def _draw_seed(random_state: Any) -> int:
    """Return a seed for torch, leaving NumPy's global generator alone."""
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    return int(check_random_state(random_state).randint(2**31 - 1))


class NetworkClassifier(IterativeClassifier):
    """Base of all networks: data on the device, training, stopping, prediction.

    An architecture supplies its parameters and `_make_module`.

    Parameters
    ----------
    max_epochs : int, default=50
        Passes over the training samples, at most.
    batch_size : int, default=256
        Samples per step, at most; batches are of equal size, give or take one.
    learning_rate : float, default=0.001
        Step size of the optimizer, the highest one under a schedule.
    weight_decay : float, default=0.01
        Weight decay of the optimizer.
    optimizer : {"adamw", "adam"}, default="adamw"
        The optimizer.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient of a step. None: no limit.
    lr_schedule : {"onecycle", "plateau", "cosine"} or None, default=None
        How the learning rate changes. None: it does not.
    standardize : bool, default=True
        Whether to standardise the bars.
    early_stopping : {"auto"} or bool, default="auto"
        Whether to stop by the loss of a validation set.
    validation_fraction : float, default=0.1
        Fraction of the unique time stamps kept for validation.
    n_iter_no_change : int, default=10
        Epochs without a lower validation loss after which training stops.
    refit_tail : bool, default=False
        Whether to train again on everything for the number of epochs found.
    time_limit : float or None, default=None
        Seconds that one fit may take. None: no limit.
    class_weight : dict, "balanced" or None, default=None
        Factors on the weights of classes.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, shuffling and dropout.
    n_jobs : int or None, default=None
        Threads. None means one.
    device : str, default="auto"
        Where to compute.
    amp : bool, default=False
        Whether to compute in bfloat16 where that is safe.
    mc_samples : int, default=0
        Networks with units dropped whose probabilities are averaged.
    verbose : int, default=0
        Above 0, show a progress bar.
    """

    mean_: FloatArray
    net_: WindowNet
    scale_: FloatArray

    round_name: ClassVar[str] = "epoch"

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "optimizer": [StrOptions(set(_OPTIMIZERS))],
        "gradient_clip": [Interval(Real, 0, None, closed="neither"), None],
        "lr_schedule": [StrOptions(set(SCHEDULES)), None],
        "standardize": ["boolean"],
        **IterativeClassifier.early_stopping_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "device": [str],
        "amp": ["boolean"],
        "mc_samples": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        max_epochs: int = 50,
        batch_size: int = 256,
        learning_rate: float = 0.001,
        weight_decay: float = 0.01,
        optimizer: str = "adamw",
        gradient_clip: float | None = 1.0,
        lr_schedule: str | None = None,
        standardize: bool = True,
        early_stopping: str | bool = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        refit_tail: bool = False,
        time_limit: float | None = None,
        class_weight: Any = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        device: str = "auto",
        amp: bool = False,
        mc_samples: int = 0,
        verbose: int = 0,
    ) -> None:
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.gradient_clip = gradient_clip
        self.lr_schedule = lr_schedule
        self.standardize = standardize
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.refit_tail = refit_tail
        self.time_limit = time_limit
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device
        self.amp = amp
        self.mc_samples = mc_samples
        self.verbose = verbose

    @abstractmethod
    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        """Return a new module that maps windows to one logit per class."""

    @property
    def module_(self) -> nn.Module:
        """The trained torch module, without the standardisation of its input."""
        return self.net_.module_

    def _max_rounds(self) -> int:
        return self.max_epochs

    def _fit_rounds(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
    ) -> None:
        """Train, and store what was learnt and nothing that only training needs."""
        device = pick_device(self.device)
        seed = _draw_seed(self.random_state)
        with seeded(seed, device), torch_threads(n_threads(self.n_jobs)):
            train = self._labelled(training, device)
            held_out = None
            if validation is not None:
                dtype = train.windows.bars.dtype
                held_out = self._labelled(validation, device, dtype)
            net = self._make_net(train, rounds)
            net.train(train, held_out)
        net.trim_for_prediction()
        self.net_ = net

    def _labelled(
        self,
        samples: TrainingSet,
        device: torch.device,
        dtype: torch.dtype | None = None,
    ) -> LabelledWindows:
        """Bring samples to the device; without `dtype`, learn mean and scale."""
        windows = DeviceWindows(samples.windows, device, dtype)
        if self.standardize and dtype is None:
            self.mean_, self.scale_ = bar_moments(windows, samples.weights)
        self._standardize(windows)
        return LabelledWindows(windows, samples)

    def _standardize(self, windows: DeviceWindows) -> None:
        if self.standardize:
            standardize_bars(windows, self.mean_, self.scale_)

    def _make_net(self, train: LabelledWindows, rounds: Rounds) -> WindowNet:
        """Return an untrained net with freshly drawn weights."""
        _, window_length, n_features = train.windows.shape
        bars = train.windows.bars
        module = self._make_module(n_features, len(self.classes_), window_length)
        return WindowNet(
            module.to(dtype=bars.dtype),
            amp=self.amp,
            max_epochs=rounds.n_max,
            batch_size=self.batch_size,
            lr=self.learning_rate,
            optimizer=_OPTIMIZERS[self.optimizer],
            optimizer__weight_decay=self.weight_decay,
            callbacks=list(self._callbacks(train, rounds)),
            device=str(bars.device),
        )

    def _callbacks(
        self, train: LabelledWindows, rounds: Rounds
    ) -> Sequence[tuple[str, Callback]]:
        """Return what happens during training, besides training."""
        callbacks: dict[str, Callback] = {}
        if self.gradient_clip is not None:
            callbacks["clip"] = GradientNormClipping(self.gradient_clip)
        if self.lr_schedule is not None:
            callbacks["schedule"] = make_schedule(
                self.lr_schedule,
                learning_rate=self.learning_rate,
                n_steps=len(Batches(train, self.batch_size)) * self.max_epochs,
                monitor="train_loss" if rounds.patience is None else "valid_loss",
                patience=self.n_iter_no_change,
            )
        if self.verbose:
            callbacks["progress"] = Progress(type(self).__name__)
        callbacks["best"] = BestEpoch(rounds)
        return list(callbacks.items())

    def _predict_windows(self, windows: Windows) -> FloatArray:
        device = torch.device(self.net_.device)
        block_size = _BLOCK_SIZES.get(device.type, _BLOCK_SIZES["cuda"])
        predict = self._predict_block
        if self.mc_samples:
            block_size, predict = 1, self._predict_sampled
        with torch_threads(n_threads(self.n_jobs)):
            on_device = DeviceWindows(windows, device, self.net_.dtype)
            self._standardize(on_device)
            return predict_in_blocks(
                len(windows), block_size, partial(predict, on_device), pad=True
            )

    def _predict_block(self, windows: DeviceWindows, rows: IntArray) -> FloatArray:
        """Return the probabilities of some samples."""
        logits = self.net_.predict_logits(windows.gather(rows))
        return torch.softmax(logits.double(), dim=1).cpu().numpy()

    def _predict_sampled(self, windows: DeviceWindows, rows: IntArray) -> FloatArray:
        """Return the mean probabilities of one sample over thinned networks.

        The batch holds copies of the one sample and the seed is fixed, so every
        sample meets the same networks, whatever others are asked for with it.
        """
        batch = windows.gather(np.repeat(rows, self.mc_samples))
        with seeded(_MASK_SEED, batch.device):
            logits = self.net_.predict_logits(batch, dropout=True)
        proba = torch.softmax(logits.double(), dim=1)
        return proba.mean(dim=0, keepdim=True).cpu().numpy()
