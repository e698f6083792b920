"""Train the networks of several folds at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from sk_ensemble.neural_network._batches import LabelledWindows
from sk_ensemble.neural_network._fold import Fold
from sk_ensemble.neural_network._fold_batches import FoldBatches, StackedBatch
from sk_ensemble.neural_network._shared_bars import at
from sk_ensemble.neural_network._stacked_adam import StackedAdam
from sk_ensemble.neural_network._stacked_module import StackedModule

__all__ = ["StackedTraining"]


def clip_norms(gradients: torch.Tensor, limit: float) -> torch.Tensor:
    """Limit the norm of each row, as torch does for the gradient of one network."""
    norms = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
    return gradients * (limit / (norms + 1e-6)).clamp(max=1.0)


class StackedTraining:
    """Train networks of one shape side by side, each as it would be alone.

    Parameters
    ----------
    folds : sequence of Fold
        Prepared folds, all with validation samples or all without.
    """

    def __init__(self, folds: Sequence[Fold]) -> None:
        # Folds that still have batches at a step of an epoch are then the first ones.
        self.folds = sorted(folds, key=lambda fold: -len(fold.batches))
        self.settings = self.folds[0].estimator
        self.windows = self.folds[0].train.windows
        self.stack = StackedModule([fold.module for fold in self.folds])
        self.adam = StackedAdam(
            self.stack.values,
            weight_decay=self.settings.weight_decay,
            decoupled=self.settings.optimizer == "adamw",
        )
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay batches and moments of the folds that are in training side by side."""
        size = self.settings.batch_size
        self.batches = FoldBatches([fold.train for fold in self.folds], size)
        held_out = [f.held_out for f in self.folds if f.held_out is not None]
        self.validation = self._validation(held_out, size)
        moments = [fold.moments() for fold in self.folds]
        self.means, self.scales = (
            torch.stack(part)[:, None, None] for part in zip(*moments, strict=True)
        )

    @staticmethod
    def _validation(
        held_out: Sequence[LabelledWindows], size: int
    ) -> list[StackedBatch]:
        if not held_out:
            return []
        orders = [
            torch.arange(len(part), device=part.codes.device) for part in held_out
        ]
        return FoldBatches(held_out, size).epoch(orders)

    def run(self) -> None:
        """Train until the last fold stops."""
        for fold in self.folds:
            fold.rounds.begin()
        while self.folds:
            losses = self._train_epoch()
            if self.validation:
                losses["valid_loss"] = self._validate()
            self._end_epoch({name: part.tolist() for name, part in losses.items()})

    def _end_epoch(self, losses: dict[str, list[float]]) -> None:
        """Tell every fold, and let those that stop go."""
        staying = []
        for place, fold in enumerate(self.folds):
            stops = fold.end_epoch({name: part[place] for name, part in losses.items()})
            fold.remember(self.stack, place, is_last=stops)
            if not stops:
                staying.append(place)
        if len(staying) < len(self.folds):
            self.folds = [self.folds[place] for place in staying]
            if staying:
                self.stack.keep(staying)
                self.adam.keep(staying)
                self._lay_out()

    def _train_epoch(self) -> dict[str, torch.Tensor]:
        """Take one step with every batch; return the mean loss of each fold."""
        batches = self.batches.epoch([fold.next_order() for fold in self.folds])
        totals = self.means.new_zeros(len(self.folds), dtype=torch.float64)
        for step, batch in enumerate(batches):
            n_folds = self.batches.n_folds_at(step)
            totals[:n_folds] += self._step(batch, n_folds) * batch.sizes[:n_folds]
        return {"train_loss": self._per_sample(totals, "train")}

    def _step(self, batch: StackedBatch, n_folds: int) -> torch.Tensor:
        """Take one step with the first folds; return the loss of each."""
        settings, folds = self.settings, self.folds[:n_folds]
        values = self.stack.values[:n_folds].detach().requires_grad_()
        sums = self._weighted_losses(
            values, batch, training=True, smoothing=settings.label_smoothing
        )
        losses = sums / batch.sizes[:n_folds, None]
        (gradients,) = torch.autograd.grad(losses.sum(), values)
        gradients = self._limited(gradients, n_members=losses.shape[1])
        self.adam.step(
            self.stack.values,
            gradients,
            rates=[fold.pace.rate for fold in folds],
            betas=[fold.pace.beta for fold in folds],
        )
        for fold in folds:
            fold.pace.after_step()
        return losses.detach().double().mean(dim=1)

    def _limited(self, gradients: torch.Tensor, n_members: int) -> torch.Tensor:
        """Limit the gradients, of each member of a network by itself."""
        limit = self.settings.gradient_clip
        if limit is None:
            return gradients
        if self.settings.gradient_clip_by == "value":
            return gradients.clamp(-limit, limit)
        # Members have equally many weights, one after another, and nothing else has.
        of_members = gradients.reshape(len(gradients) * n_members, -1)
        return clip_norms(of_members, limit).view_as(gradients)

    @torch.no_grad()
    def _validate(self) -> torch.Tensor:
        """Return the mean validation loss of each fold."""
        totals = self.means.new_zeros(len(self.folds), dtype=torch.float64)
        for batch in self.validation:
            losses = self._weighted_losses(self.stack.values, batch)
            totals += losses.double().mean(dim=1)
        return self._per_sample(totals, "held_out")

    def _per_sample(self, totals: torch.Tensor, name: str) -> torch.Tensor:
        counts = [len(getattr(fold, name)) for fold in self.folds]
        return totals / torch.tensor(counts, device=totals.device)

    def _weighted_losses(
        self,
        values: torch.Tensor,
        batch: StackedBatch,
        *,
        training: bool = False,
        smoothing: float = 0.0,
    ) -> torch.Tensor:
        """Return the sums of the weighted losses of a batch, (n_folds, n_members).

        The members of an ensemble have losses of their own in training, and one
        otherwise, as all other networks have.
        """
        n_folds = len(values)
        outputs = self._outputs(values, batch, training=training)
        outputs = outputs.reshape(n_folds, -1, *outputs.shape[-2:])
        codes = batch.codes[:n_folds, None].expand(outputs.shape[:-1])
        losses = functional.cross_entropy(
            outputs.flatten(0, 2),
            codes.flatten(),
            reduction="none",
            label_smoothing=smoothing,
        )
        return (losses.view_as(codes) * batch.weights[:n_folds, None]).sum(dim=2)

    def _outputs(
        self, values: torch.Tensor, batch: StackedBatch, *, training: bool
    ) -> torch.Tensor:
        """Gather the windows of all folds at once, and compute their outputs."""
        n_folds, n_rows = len(values), batch.codes.shape[1]
        windows = at(self.windows, batch.starts[:n_folds].flatten()).gather()
        windows = windows.view(n_folds, n_rows, *windows.shape[1:])
        if self.settings.standardize:
            windows = windows.sub_(self.means[:n_folds]).div_(self.scales[:n_folds])
        if batch.numbers is not None:
            column = batch.numbers[:n_folds, :, None, None]
            column = column.expand(-1, -1, windows.shape[2], -1)
            windows = torch.cat([windows, column], dim=3)
        method = self.settings._net_class.trains if training else "forward"
        device = windows.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.settings.amp):
            outputs = self.stack.outputs(
                values,
                windows,
                batch.is_sample[:n_folds],
                training=training,
                method=method,
            )
        return outputs.to(windows.dtype)
