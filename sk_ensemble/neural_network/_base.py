"""The classifier that every network architecture is."""

from __future__ import annotations

import copy
import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils import check_random_state
from skorch.callbacks import Callback, GradientNormClipping
from torch import nn

from sk_ensemble._typing import FloatArray
from sk_ensemble.estimator import (
    IterativeClassifier,
    Rounds,
    TrainingSet,
    n_threads,
)
from sk_ensemble.neural_network._batches import Batches, LabelledWindows
from sk_ensemble.neural_network._beginning import Beginning, TrainingState
from sk_ensemble.neural_network._best_epoch import BestEpoch
from sk_ensemble.neural_network._category import WithCategory, append_numbers
from sk_ensemble.neural_network._checkpoint import Checkpoint
from sk_ensemble.neural_network._class_shares import start_from_shares
from sk_ensemble.neural_network._device_windows import DeviceWindows
from sk_ensemble.neural_network._fingerprint import computed_with, fit_facts
from sk_ensemble.neural_network._net import WindowNet
from sk_ensemble.neural_network._partial import first_or_known_classes, refuse_balance
from sk_ensemble.neural_network._prediction import NetworkPrediction
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
from sk_ensemble.neural_network._training_state import state_arrays
from sk_ensemble.neural_network._value_clipping import GradientValueClipping
from sk_ensemble.panel import Windows
from sk_ensemble.utils.artefacts import Artefacts, fitted_attributes
from sk_ensemble.utils.memory import return_free_memory
from sk_ensemble.utils.sklearn_api import (
    Interval,
    StrOptions,
    fit_context,
    running_task,
)

__all__ = ["NetworkClassifier", "draw_seed"]

_OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def draw_seed(random_state: Any) -> int:
    """Return a seed for torch, leaving NumPy's global generator alone."""
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    return int(check_random_state(random_state).randint(2**31 - 1))


class _NoOptimizer:
    """Stand in for an optimizer, the first of which would import most of torch."""

    def __init__(self, parameters: Any, lr: float) -> None:
        """Optimise nothing."""


@insert_into_docstring(training_parameters=section(TrainingParameters, "Parameters"))
class NetworkClassifier(
    TrainingParameters, NetworkPrediction, WithCategory, IterativeClassifier
):
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
        validation set: weighted mean cross-entropies. The epochs of earlier calls that
        `warm_start` or `partial_fit` went on from come first.
    hit_time_limit_ : bool
        Whether `time_limit` ended training before it would have ended by itself.
    mean_ : ndarray of shape (n_features_in_,)
        Mean of every feature, if `standardize`.
    module_ : torch.nn.Module
        The trained torch module; its input is standardised before.
    n_features_in_ : int
        Features per bar.
    n_iter_ : int
        Epochs that the kept weights were trained for, those of earlier calls included.
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

    #: What the call that is under way goes on from.
    _beginning = Beginning()

    #: What trains and applies the module.
    _net_class: ClassVar[type[WindowNet]] = WindowNet

    #: Whether training begins with the shares of the classes, whatever the windows.
    _starts_from_shares: ClassVar[bool] = False

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
        "warm_start": ["boolean"],
        "checkpoint_dir": [str, os.PathLike, None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "device": [str],
        "amp": ["boolean"],
        "compile": ["boolean"],
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

    def _goes_on(self) -> bool:
        if self._beginning.is_partial:
            return hasattr(self, "classes_")
        return self.warm_start and hasattr(self, "net_")

    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        if self._beginning.is_partial:
            self._fit_one_epoch(training)
            return
        beginning = Beginning()
        if self._goes_on():
            beginning = Beginning.after(self)
        else:
            self._forget()
        with self._from(beginning):
            super()._fit_windows(training, validation)
        self.__dict__.pop("_training_state", None)
        for path in beginning.checkpoints:
            path.unlink(missing_ok=True)

    def _fit_one_epoch(self, training: TrainingSet) -> None:
        rounds = Rounds(1, tasks=self._tasks(training, running_task(self)))
        self.history_ = rounds.history
        self._fit_rounds(training, None, rounds)
        self.n_iter_, self.hit_time_limit_ = 1, False

    def _fit_one_class(self) -> None:
        super()._fit_one_class()
        self._forget()

    def _forget(self) -> None:
        """Drop what an earlier fit has trained."""
        for name in ("net_", "_training_state"):
            self.__dict__.pop(name, None)

    @contextmanager
    def _from(self, beginning: Beginning) -> Iterator[None]:
        """Go on from somewhere, and count the epochs from the very first one."""
        self._beginning = beginning
        try:
            yield
        except BaseException:
            if beginning.module is not None:
                self.history_ = beginning.history
            raise
        finally:
            del self._beginning
        self.n_iter_ += beginning.n_iter
        self.history_ = beginning.joined(self.history_)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Train for one epoch on some samples, from where training is.

        The standardisation is that of the first call, or of `fit`. The optimizer goes
        on from call to call, and with a saved model: as many calls with the same
        samples are the epochs of one `fit`. There is no validation set, and every
        epoch is trained with `learning_rate`, whatever `lr_schedule` says.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The samples, in any order.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels that there may be, needed in the first call.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights. They count within the call: those of one call are not
            weighed against those of another.

        Returns
        -------
        self : object
            The classifier.

        Raises
        ------
        DataError
            For samples, labels or weights that cannot be used, such as labels that are
            none of the classes, or other features than in the first call.
        ValueError
            If `classes` is missing in the first call, or not the same in another.
        """
        refuse_balance(self.class_weight)
        known = first_or_known_classes(self, classes)
        with self._from(Beginning.after(self, is_partial=True)):
            self._fit(X, y, sample_weight, classes=known)
        return self

    def _fit_rounds(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
    ) -> None:
        """Train, and store what was learnt and nothing that only training needs."""
        if self._beginning.module is None:
            self._learn_categories(training)
        device = pick_device(self.device)
        seed = draw_seed(self.random_state)
        import_optimizers()
        # What was worked on before has left as much behind as is to be laid out now.
        return_free_memory(training.windows.history.block.nbytes)
        with seeded(seed, device), torch_threads(n_threads(self.n_jobs)):
            train = self._labelled(training, device, self._beginning.dtype)
            held_out = None
            if validation is not None:
                dtype = train.windows.bars.dtype
                held_out = self._labelled(validation, device, dtype)
            checkpoint = self._checkpoint(training, validation, rounds, seed)
            net = self._make_net(train, rounds, checkpoint)
            # What it took to lay bars out is as large as they are.
            return_free_memory(training.windows.history.block.nbytes)
            net.train(train, held_out)
            if self._beginning.is_partial:
                self._training_state = state_arrays(net)
        net.trim_for_prediction()
        self.net_ = net

    def _checkpoint(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
        seed: int,
    ) -> Checkpoint | None:
        """Return where the epochs of a training are written down."""
        if self.checkpoint_dir is None or self._beginning.is_partial:
            return None
        facts = fit_facts(self, training, validation, self._beginning.module)
        facts |= {
            "max_epochs": rounds.n_max,
            "seed": None if self.random_state is None else seed,
        }
        circumstances = computed_with(pick_device(self.device), n_threads(self.n_jobs))
        checkpoint = Checkpoint(Path(self.checkpoint_dir), rounds, facts, circumstances)
        self._beginning.checkpoints.append(checkpoint.path)
        return checkpoint

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
        if self._n_categories():
            append_numbers(on_device, self._category_numbers(windows))

    def _make_net(
        self,
        train: LabelledWindows,
        rounds: Rounds,
        checkpoint: Checkpoint | None = None,
    ) -> WindowNet:
        """Return a net of the weights to begin with, or freshly drawn ones."""
        bars = train.windows.bars
        module = copy.deepcopy(self._beginning.module)
        if module is None:
            module = self._make_module(*self._sizes())
            if self._starts_from_shares:
                start_from_shares(module, train)
        return self._net_class(
            module.to(dtype=bars.dtype),
            amp=self.amp,
            compiles=self.compile,
            label_smoothing=self.label_smoothing,
            max_epochs=rounds.n_max,
            batch_size=self.batch_size,
            lr=self.learning_rate,
            optimizer=_OPTIMIZERS[self.optimizer],
            optimizer__weight_decay=self.weight_decay,
            callbacks=list(self._callbacks(train, rounds, checkpoint)),
            device=str(bars.device),
        )

    def _callbacks(
        self,
        train: LabelledWindows,
        rounds: Rounds,
        checkpoint: Checkpoint | None = None,
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
        if self.lr_schedule is not None and not self._beginning.is_partial:
            callbacks["schedule"] = make_schedule(
                self.lr_schedule,
                learning_rate=self.learning_rate,
                n_steps=len(Batches(train, self.batch_size)) * self.max_epochs,
                monitor="train_loss" if rounds.patience is None else "valid_loss",
                patience=self.n_iter_no_change,
            )
        if self._beginning.state is not None:
            callbacks["state"] = TrainingState(self._beginning.state)
        if checkpoint is not None:
            callbacks["checkpoint"] = checkpoint
        if self.verbose:
            callbacks["progress"] = Progress(type(self).__name__)
        callbacks["best"] = BestEpoch(rounds, checkpoint)
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
