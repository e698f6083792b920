"""Labelled windows on a device, and the batches of an epoch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import Dataset

from sk_ensemble._typing import IntArray
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.neural_network._device_windows import DeviceWindows

__all__ = ["Batches", "LabelledWindows"]

Batch = tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]


class LabelledWindows(Dataset):
    """Hold windows, class numbers and weights on one device.

    Parameters
    ----------
    windows : DeviceWindows of shape (n_samples, window_length, n_features)
        The samples.
    samples : TrainingSet
        Their class numbers and weights. Weights are divided by their mean, so that
        the mean of weighted losses over an epoch is the weighted mean loss.
    numbers : ndarray of int of shape (n_samples,) or None, default=None
        What else is known of each sample, where the bars do not show it.
    """

    def __init__(
        self,
        windows: DeviceWindows,
        samples: TrainingSet,
        numbers: IntArray | None = None,
    ) -> None:
        device = windows.bars.device
        weights = samples.weights / samples.weights.mean()
        self.windows = windows
        self.codes = torch.as_tensor(samples.codes, device=device)
        self.weights = torch.as_tensor(weights).to(windows.bars)
        self.numbers = None
        if numbers is not None:
            self.numbers = torch.as_tensor(numbers).to(windows.bars)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: torch.Tensor) -> Batch:
        return self.windows.gather(rows), (self.codes[rows], self.weights[rows])


class Batches:
    """Iterate over the batches of one epoch, gathered on the device.

    The batches differ by at most one sample in size, so that no small last batch
    makes a step as long as the others. A single batch is not shuffled.

    Parameters
    ----------
    dataset : LabelledWindows
        The samples.
    batch_size : int
        Largest number of samples in a batch.
    shuffle : bool, default=False
        Whether to draw the order anew, from torch's generator, for every epoch.
    """

    def __init__(
        self, dataset: LabelledWindows, batch_size: int, *, shuffle: bool = False
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        for rows in self._order().tensor_split(len(self)):
            yield self.dataset[rows]

    def _order(self) -> torch.Tensor:
        """Return the row numbers in the order of this epoch."""
        n_samples = len(self.dataset)
        mix = torch.randperm if self.shuffle and len(self) > 1 else torch.arange
        return mix(n_samples).to(self.dataset.codes.device)
