"""The batches of several folds side by side, filled up to one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from sk_ensemble.neural_network._batches import Batches, LabelledWindows

__all__ = ["FoldBatches", "StackedBatch"]


@dataclass(frozen=True)
class StackedBatch:
    """One batch of each of the first folds.

    Parameters
    ----------
    starts : Tensor of int64 of shape (n_folds, n_rows)
        Row of the bars at which each window begins.
    codes : Tensor of int64 of shape (n_folds, n_rows)
        Numbers of the classes.
    weights : Tensor of shape (n_folds, n_rows)
        Weights of the samples, 0 where the batch is filled up.
    is_sample : Tensor of bool of shape (n_folds, n_rows)
        False where it is.
    numbers : Tensor of shape (n_folds, n_rows) or None, default=None
        What else is known of the samples, where something is.
    """

    starts: torch.Tensor
    codes: torch.Tensor
    weights: torch.Tensor
    is_sample: torch.Tensor
    numbers: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def sizes(self) -> torch.Tensor:
        """Samples in the batch of each fold, 0 where it has none left."""
        return self.is_sample.sum(dim=1)


class FoldBatches:
    """Lay out one epoch of several folds.

    Each fold has the batches that it has alone. A fold with fewer or smaller batches
    than others has rows that fill its batches up: its first window, without weight.

    Parameters
    ----------
    datasets : sequence of LabelledWindows
        Samples of each fold, on the same bars.
    batch_size : int
        Largest number of samples in a batch.
    """

    def __init__(self, datasets: Sequence[LabelledWindows], batch_size: int) -> None:
        self.datasets = datasets
        self.n_batches = [len(Batches(dataset, batch_size)) for dataset in datasets]
        counts = [
            -(-len(dataset) // n_batches)
            for dataset, n_batches in zip(datasets, self.n_batches, strict=True)
        ]
        self.n_steps, self.n_rows = max(self.n_batches), max(counts)
        self._places = [
            self._layout(len(dataset), n_batches).to(dataset.codes.device)
            for dataset, n_batches in zip(datasets, self.n_batches, strict=True)
        ]

    def _layout(self, n_samples: int, n_batches: int) -> torch.Tensor:
        """Return the place in an epoch of each row, -1 for those that fill up."""
        places = torch.full((self.n_steps, self.n_rows), -1)
        for step, part in enumerate(torch.arange(n_samples).tensor_split(n_batches)):
            places[step, : len(part)] = part
        return places

    def epoch(self, orders: Sequence[torch.Tensor]) -> list[StackedBatch]:
        """Return the batches of one epoch.

        Parameters
        ----------
        orders : sequence of Tensor of int64
            The row numbers of each fold, in the order of the epoch.
        """
        parts = [
            self._of_fold(dataset, places, order)
            for dataset, places, order in zip(
                self.datasets, self._places, orders, strict=True
            )
        ]
        stacked = [torch.stack(part, dim=1) for part in zip(*parts, strict=True)]
        return [
            StackedBatch(*(part[step] for part in stacked))
            for step in range(self.n_steps)
        ]

    def _of_fold(
        self, dataset: LabelledWindows, places: torch.Tensor, order: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        is_sample = places >= 0
        rows = order[places.clamp(min=0)]
        weights = dataset.weights[rows] * is_sample
        parts = (dataset.windows.starts[rows], dataset.codes[rows], weights, is_sample)
        if dataset.numbers is None:
            return parts
        return *parts, dataset.numbers[rows]

    def n_folds_at(self, step: int) -> int:
        """Return how many folds have a batch left, where those with most come first."""
        return sum(n_batches > step for n_batches in self.n_batches)
