"""The skorch net that trains on labelled windows of a device."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

import torch
from skorch import NeuralNet
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from sk_ensemble.neural_network._aligned_linear import AlignedLinear
from sk_ensemble.neural_network._batches import Batches, LabelledWindows
from sk_ensemble.neural_network._compiled import Compiled

__all__ = ["StopTraining", "WindowNet"]


class StopTraining(Exception):
    """Raised by a callback to end training in good order.

    skorch uses KeyboardInterrupt for this, and so takes a user's Ctrl-C for the end of
    training. Here it stays what it is.
    """


class WindowNet(NeuralNet):
    """Train a module on `LabelledWindows` with weighted cross-entropy.

    What differs from skorch's own net: batches are gathered on the device, validation
    samples are given and not drawn, losses are weighted and read from the device once
    per epoch, nothing is printed, and Ctrl-C interrupts.

    Parameters
    ----------
    module : nn.Module
        The module, with its weights drawn already.
    amp : bool, default=False
        Whether to compute in bfloat16 where that is safe.
    compiles : bool, default=False
        Whether to train with what torch's compiler makes of the module.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over all classes in training.
    **kwargs : object
        Parameters of `skorch.NeuralNet`.
    """

    module: Any

    #: Method of the module that gives what is trained.
    trains: ClassVar[str] = "forward"

    def __init__(
        self,
        module: Any,
        *,
        amp: bool = False,
        compiles: bool = False,
        label_smoothing: float = 0.0,
        **kwargs: Any,
    ) -> None:
        settings = {
            "criterion": nn.CrossEntropyLoss,
            "criterion__reduction": "none",
            "iterator_train": Batches,
            "iterator_train__shuffle": True,
            "iterator_valid": Batches,
            "train_split": None,
            "verbose": 0,
        }
        super().__init__(module, **(settings | kwargs))
        self.amp = amp
        self.compiles = compiles
        self.label_smoothing = label_smoothing

    @property
    def _default_callbacks(self) -> list[Any]:
        return []

    @property
    def dtype(self) -> torch.dtype:
        """Type that the module computes in."""
        return next(self.module_.parameters()).dtype

    def initialize_module(self) -> WindowNet:
        """Take the module as it is, weights included."""
        self.module_ = self.module
        self.compiled_: Compiled | None = None
        #: What of the module has linear maps of whole steps only, as far as is known.
        self.aligned_: set[str] = set()
        return self

    def on_batch_begin(self, net: Any, batch: Any = None, **kwargs: Any) -> None:
        """Keep no record of single batches."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Stop with an error if a loss is no number any more."""
        epoch = self.history[-1]
        losses = {name: epoch[name] for name in epoch if name.endswith("_loss")}
        if not all(map(math.isfinite, losses.values())):
            msg = (
                f"Training diverged in epoch {epoch['epoch']}: {losses}. Lower "
                "learning_rate, set gradient_clip, or look for extreme values in X."
            )
            raise FloatingPointError(msg)

    def train(
        self, training: LabelledWindows, validation: LabelledWindows | None
    ) -> WindowNet:
        """Train from the module's present weights for `max_epochs` or until stopped.

        Parameters
        ----------
        training : LabelledWindows
            What to train on.
        validation : LabelledWindows or None
            What to compute the validation loss of each epoch on.
        """
        if validation is not None:
            self.train_split = lambda dataset: (dataset, validation)
        self.initialize()
        with suppress(StopTraining):
            self.notify("on_train_begin", X=training)
            # A callback may have gone on from where an earlier training was.
            self.fit_loop(training, epochs=self.max_epochs - len(self.history))
        self.notify("on_train_end", X=training)
        return self

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **kwargs: Any
    ) -> None:
        """Run one epoch, adding up losses where they are."""
        if iterator is None:
            return
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **kwargs)
            total += step["loss"].detach() * len(batch[0])
            self.notify("on_batch_end", batch=batch, training=training, **step)
        self.history.record(f"{prefix}_loss", total.item() / len(iterator.dataset))

    def infer(self, x: torch.Tensor, **fit_params: Any) -> torch.Tensor:
        """Return the module's output, in the type of the input."""
        return self.compute_with(self.as_trained(self.module_), x)

    def as_trained(
        self, function: Callable[[torch.Tensor], torch.Tensor]
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return a function of the module as it is run in steps of training.

        Only these are compiled, if anything is: validation and prediction are the same
        for a net that was loaded.
        """
        if not self.compiles or not torch.is_grad_enabled():
            return function
        if self.compiled_ is None:
            self.compiled_ = Compiled(function)
        return self.compiled_

    def compute_with(
        self, function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor
    ) -> torch.Tensor:
        """Return what a function makes of the input, in the type of the input."""
        kind = x.device.type
        if not self.amp and not torch.is_autocast_enabled(kind):
            # To say so once more would cost a tenth of a small block.
            return function(x).to(x.dtype)
        with torch.autocast(kind, torch.bfloat16, enabled=self.amp):
            outputs = function(x)
        return outputs.to(x.dtype)

    def get_loss(
        self, y_pred: torch.Tensor, y_true: Any, X: Any = None, training: bool = False
    ) -> torch.Tensor:
        """Return the mean of the weighted losses of a batch."""
        codes, weights = y_true
        # Smoothed targets make a better training, and a loss that compares with none.
        self.criterion_.label_smoothing = self.label_smoothing if training else 0.0
        return (self.criterion_(y_pred, codes) * weights).mean()

    @torch.inference_mode()
    def predict_logits(
        self, batch: torch.Tensor, *, dropout: bool = False
    ) -> torch.Tensor:
        """Return the outputs of one batch, with units dropped or not.

        Parameters
        ----------
        batch : Tensor of shape (n_windows, window_length, n_features)
            Windows.
        dropout : bool, default=False
            Whether to drop units as in training. Batch normalisation goes on to use
            the statistics of training.
        """
        self._set_dropout(dropout)
        return self._aligned("forward", self.infer, batch)

    @torch.inference_mode()
    def compute(self, method: str, batch: torch.Tensor) -> torch.Tensor:
        """Return what another method of the module gives for one batch.

        Parameters
        ----------
        method : str
            Its name.
        batch : Tensor of shape (n_windows, window_length, n_features)
            Windows.
        """
        self._set_dropout(False)
        return self._aligned(method, getattr(self.module_, method), batch)

    def _aligned(
        self,
        name: str,
        function: Callable[[torch.Tensor], torch.Tensor],
        batch: torch.Tensor,
    ) -> torch.Tensor:
        """Apply a function in which rows are rounded alike, wherever they stand."""
        if name in self.aligned_:
            return function(batch)
        with AlignedLinear() as mode:
            outputs = function(batch)
        # Widths do not depend on the batch: what filled none up will fill none up.
        if not mode.has_filled:
            self.aligned_.add(name)
        return outputs

    def _set_dropout(self, is_on: bool) -> None:
        for part in self.module_.modules():
            part.training = is_on and not isinstance(part, _BatchNorm)

    def trim_for_prediction(self) -> None:
        """Drop what only training needs, so that the weights are kept once."""
        super().trim_for_prediction()
        self.compiled_ = None
        self.module = type(self.module_)
