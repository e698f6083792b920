"""One fold of several that are trained at once: its samples, seed, rate and best."""

from __future__ import annotations

import math
from typing import Any

import torch

from sk_ensemble.estimator import Rounds, TrainingSet
from sk_ensemble.neural_network._base import NetworkClassifier, draw_seed
from sk_ensemble.neural_network._batches import Batches, LabelledWindows
from sk_ensemble.neural_network._class_shares import start_from_shares
from sk_ensemble.neural_network._device_windows import DeviceWindows
from sk_ensemble.neural_network._pace import Pace
from sk_ensemble.neural_network._saved_weights import weights_of
from sk_ensemble.neural_network._shared_bars import SharedBars
from sk_ensemble.neural_network._stacked_module import StackedModule, Weights
from sk_ensemble.neural_network._standardize import bar_moments
from sk_ensemble.neural_network._torch_state import seeded

__all__ = ["Fold"]


class Fold:
    """Follow the training of one network among others.

    Parameters
    ----------
    estimator : NetworkClassifier
        The classifier, fitted up to its network.
    training : TrainingSet
        What it is trained on.
    validation : TrainingSet or None
        What decides when to stop.
    rounds : Rounds
        Epochs and losses.
    """

    def __init__(
        self,
        estimator: NetworkClassifier,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
    ) -> None:
        self.estimator, self.rounds = estimator, rounds
        self.training, self.validation = training, validation
        self.best: Weights | None = None

    @property
    def shape(self) -> tuple[Any, ...]:
        """What must be equal for networks to be trained together."""
        estimator, no_validation = self.estimator, self.validation is None
        return *estimator._sizes(), estimator._n_categories(), no_validation

    def learn_categories(self) -> None:
        """Find what decides on the shape of the network besides the bars."""
        self.estimator._learn_categories(self.training)

    def prepare(self, bars: SharedBars) -> None:
        """Find the samples on the device, draw the first weights, learn the scale."""
        estimator, device = self.estimator, bars.windows.bars.device
        if estimator.standardize:
            own = DeviceWindows(self.training.windows, device)
            estimator.mean_, estimator.scale_ = bar_moments(own, self.training.weights)
        self.train = self._labelled(self.training, bars)
        self.held_out = None
        if self.validation is not None:
            self.held_out = self._labelled(self.validation, bars)
        self.batches = Batches(self.train, estimator.batch_size, shuffle=True)
        self.seed = draw_seed(estimator.random_state)
        with seeded(self.seed, device):
            module = estimator._make_module(*estimator._sizes())
            if estimator._starts_from_shares:
                start_from_shares(module, self.train)
            self._random_state = torch.random.get_rng_state()
        self.module = module.to(device, bars.windows.bars.dtype)
        self.pace = Pace(
            estimator.lr_schedule,
            learning_rate=estimator.learning_rate,
            n_steps=len(self.batches) * estimator.max_epochs,
            monitor="train_loss" if self.validation is None else "valid_loss",
            patience=estimator.n_iter_no_change,
        )

    def _labelled(self, samples: TrainingSet, bars: SharedBars) -> LabelledWindows:
        numbers = None
        if self.estimator._n_categories():
            numbers = self.estimator._category_numbers(samples.windows)
        return LabelledWindows(bars.of(samples.windows), samples, numbers)

    def next_order(self) -> torch.Tensor:
        """Draw the order of an epoch, the one that the fold would draw alone."""
        with torch.random.fork_rng([]):
            torch.random.set_rng_state(self._random_state)
            order = self.batches._order()
            self._random_state = torch.random.get_rng_state()
        return order

    def moments(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and scale of the features, on the device."""
        bars = self.train.windows.bars
        if not self.estimator.standardize:
            return torch.zeros_like(bars[0]), torch.ones_like(bars[0])
        estimator = self.estimator
        mean, scale = (
            torch.as_tensor(estimator.mean_),
            torch.as_tensor(estimator.scale_),
        )
        return mean.to(bars), scale.to(bars)

    def end_epoch(self, losses: dict[str, float]) -> bool:
        """Record the losses of an epoch, and say whether it was the last."""
        if not all(map(math.isfinite, losses.values())):
            msg = (
                f"Training diverged in epoch {self.rounds.n_done + 1}: {losses}. Lower "
                "learning_rate, set gradient_clip, or look for extreme values in X."
            )
            raise FloatingPointError(msg)
        self.pace.after_epoch(losses)
        renamed = {"train_loss": losses["train_loss"]}
        if "valid_loss" in losses:
            renamed["val_loss"] = losses["valid_loss"]
        return self.rounds.end(renamed)

    def remember(self, stack: StackedModule, place: int, *, is_last: bool) -> None:
        """Keep the weights if they are the best so far, or the last ones."""
        rounds = self.rounds
        # Without validation losses the latest weights are always the best.
        is_candidate = is_last or rounds.patience is not None
        if is_candidate and rounds.n_best == rounds.n_done:
            self.best = stack.weights(place)
        if is_last:
            assert self.best is not None
            stack.load_into(self.module, self.best)

    def finish(self) -> None:
        """Store what was learnt in the classifier."""
        estimator, rounds = self.estimator, self.rounds
        estimator.net_ = estimator._net_with(weights_of(self.module))
        estimator.n_iter_, estimator.history_ = rounds.n_best, rounds.history
        estimator.hit_time_limit_ = rounds.hit_time_limit
        self.best = None
