"""The classifier that every network architecture is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
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
from sk_ensemble.neural_network._saved_weights import module_with, weights_of
from sk_ensemble.neural_network._schedule import SCHEDULES, make_schedule
from sk_ensemble.neural_network._shared_docs import insert_into_docstring, section
from sk_ensemble.neural_network._standardize import bar_moments, standardize_bars
from sk_ensemble.neural_network._torch_state import (
    import_optimizers,
    pick_device,
    seeded,
    torch_threads,
)
from sk_ensemble.neural_network._training_parameters import TrainingParameters
from sk_ensemble.neural_network._value_clipping import GradientValueClipping
from sk_ensemble.panel import Windows
from sk_ensemble.utils.artefacts import Artefacts, fitted_attributes
from sk_ensemble.utils.memory import return_free_memory
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["NetworkClassifier"]

_OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}

#: Rows predicted together. On a CPU more are hardly faster per row, and one row alone
#: costs a whole block; a GPU takes as long for few rows as for many.
_BLOCK_SIZES = {"cpu": 32, "cuda": 1024}

#: Samples whose bars are on the device at a time in prediction.
_MOST_ON_DEVICE = 2**17

#: Seed of the units dropped in prediction.
_MASK_SEED = 0


def _draw_seed(random_state: Any) -> int:
    """Return a seed for torch, leaving NumPy's global generator alone."""
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    return int(check_random_state(random_state).randint(2**31 - 1))


class _NoOptimizer:
    """Stand in for an optimizer, the first of which would import most of torch."""

    def __init__(self, parameters: Any, lr: float) -> None:
        """Optimise nothing."""


@insert_into_docstring(training_parameters=section(TrainingParameters, "Parameters"))
class NetworkClassifier(TrainingParameters, IterativeClassifier):
    """Base of all networks: data on the device, training, stopping, prediction.

    An architecture supplies its parameters and `_make_module`, and is decorated with
    `network`.

    Parameters
    ----------
    {training_parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.
    history_ : dict of str to list of float
        ``"train_loss"`` of every epoch, and ``"val_loss"`` where there is a
        validation set: weighted mean cross-entropies.
    hit_time_limit_ : bool
        Whether `time_limit` ended training before it would have ended by itself.
    mean_ : ndarray of shape (n_features_in_,)
        Mean of every feature, if `standardize`.
    module_ : torch.nn.Module
        The trained torch module; its input is standardised before.
    n_features_in_ : int
        Features per bar.
    n_iter_ : int
        Epochs that the kept weights were trained for.
    net_ : skorch.NeuralNet
        The net that trained the module, trimmed for prediction.
    scale_ : ndarray of shape (n_features_in_,)
        Standard deviation of every feature, 1 for a constant one, if `standardize`.
    window_length_ : int
        Bars per window.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Missing values are refused.

    All bars are brought to the device once, and every batch is gathered there by one
    index operation. The type of the network follows the input: float64 features make a
    float64 network. Predictions are made in blocks of a fixed number of rows, so a
    row's prediction is the same, bit for bit, whatever others are asked for with it.
    With one seed, equal samples give equal bits in any row order on a CPU; on CUDA
    torch does not promise it.

    Examples
    --------
    >>> from sk_ensemble import LSTMClassifier
    >>> from sk_ensemble.neural_network import NetworkClassifier
    >>> issubclass(LSTMClassifier, NetworkClassifier)
    True
    """

    mean_: FloatArray
    net_: WindowNet
    scale_: FloatArray

    round_name: ClassVar[str] = "epoch"

    #: What trains and applies the module.
    _net_class: ClassVar[type[WindowNet]] = WindowNet

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "optimizer": [StrOptions(set(_OPTIMIZERS))],
        "gradient_clip": [Interval(Real, 0, None, closed="neither"), None],
        "gradient_clip_by": [StrOptions({"norm", "value"})],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
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

    @abstractmethod
    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        """Return a new module that maps windows to one logit per class."""

    def _sizes(self) -> tuple[int, int, int]:
        """Return what `_make_module` is told."""
        return self.n_features_in_, len(self.classes_), self.window_length_

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
        import_optimizers()
        # What was worked on before has left as much behind as is to be laid out now.
        return_free_memory(training.windows.history.block.nbytes)
        with seeded(seed, device), torch_threads(n_threads(self.n_jobs)):
            train = self._labelled(training, device)
            held_out = None
            if validation is not None:
                dtype = train.windows.bars.dtype
                held_out = self._labelled(validation, device, dtype)
            net = self._make_net(train, rounds)
            # What it took to lay bars out is as large as they are.
            return_free_memory(training.windows.history.block.nbytes)
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
        self._prepare(windows, samples.windows)
        return LabelledWindows(windows, samples)

    def _prepare(self, on_device: DeviceWindows, windows: Windows) -> None:
        """Make of the bars of some windows what the module is to see."""
        if self.standardize:
            standardize_bars(on_device, self.mean_, self.scale_)

    def _make_net(self, train: LabelledWindows, rounds: Rounds) -> WindowNet:
        """Return an untrained net with freshly drawn weights."""
        bars = train.windows.bars
        module = self._make_module(*self._sizes())
        return self._net_class(
            module.to(dtype=bars.dtype),
            amp=self.amp,
            label_smoothing=self.label_smoothing,
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
            clipping = (
                self._clipping
                if self.gradient_clip_by == "norm"
                else GradientValueClipping
            )
            callbacks["clip"] = clipping(self.gradient_clip)
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

    def _clipping(self, max_norm: float) -> Callback:
        """Return what limits the norm of gradients."""
        return GradientNormClipping(max_norm)

    def _get_artefacts(self) -> Artefacts:
        state = fitted_attributes(self, "net_")
        if hasattr(self, "net_"):
            state["weights"] = weights_of(self.net_.module_)
        return Artefacts(state, {}, ("torch",))

    def _set_artefacts(self, artefacts: Artefacts) -> None:
        state = dict(artefacts.state)
        weights = state.pop("weights", None)
        self.__dict__.update(state)
        if weights is not None:
            self.net_ = self._net_with(weights)

    def _net_with(self, weights: Mapping[str, np.ndarray]) -> WindowNet:
        """Return a trained net of these weights, on the device to compute on."""
        device = pick_device(self.device)
        with seeded(0, device):
            module = module_with(weights, partial(self._make_module, *self._sizes()))
        net = self._net_class(
            module, amp=self.amp, device=str(device), optimizer=_NoOptimizer
        )
        net.initialize().trim_for_prediction()
        return net

    def _predict_windows(self, windows: Windows) -> FloatArray:
        if self.mc_samples:
            return self._in_blocks(windows, self._predict_sampled, block_size=1)
        return self._in_blocks(windows, self._predict_block)

    def _in_blocks(
        self,
        windows: Windows,
        compute: Callable[[DeviceWindows, IntArray], FloatArray],
        block_size: int | None = None,
    ) -> FloatArray:
        """Compute something of samples, in blocks of a fixed number of rows."""
        device = torch.device(self.net_.device)
        if block_size is None:
            block_size = _BLOCK_SIZES.get(device.type, _BLOCK_SIZES["cuda"])
        parts = []
        with torch_threads(n_threads(self.n_jobs)):
            # Some at a time, as the bars they hold are copied to the device.
            for start in range(0, len(windows), _MOST_ON_DEVICE):
                part = windows[start : start + _MOST_ON_DEVICE]
                on_device = DeviceWindows(part, device, self.net_.dtype)
                self._prepare(on_device, part)
                apply = partial(compute, on_device)
                parts.append(predict_in_blocks(len(part), block_size, apply, pad=True))
                return_free_memory(windows.history.block.nbytes)
        return np.concatenate(parts)

    def _module_outputs(self, method: str, X: Any) -> FloatArray:
        """Return what a method of the trained module gives for samples."""
        windows = self._windows_to_predict(X)
        if self._only_class is not None:
            msg = "Only one class had weight in fit, so there is no network to look at."
            raise ValueError(msg)

        def compute(on_device: DeviceWindows, rows: IntArray) -> FloatArray:
            outputs = self.net_.compute(method, on_device.gather(rows))
            return outputs.double().cpu().numpy()

        return self._in_blocks(windows, compute)

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
