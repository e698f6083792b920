"""What a network is told of a sample besides its bars, such as the symbol."""

from __future__ import annotations

import torch

from sk_ensemble._typing import IntArray
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.neural_network._device_windows import DeviceWindows
from sk_ensemble.panel import Windows

__all__ = ["WithCategory", "append_numbers"]


class WithCategory:
    """Number the samples by a category; by default there is none.

    A network that knows one overrides all three methods. Its module is given windows
    with one more column, the last bar of which has the number.
    """

    def _learn_categories(self, training: TrainingSet) -> None:
        """Find the categories of the training samples, before a module is made."""

    def _n_categories(self) -> int:
        """Return how many were found; 0 where the module is told nothing."""
        return 0

    def _category_numbers(self, windows: Windows) -> IntArray:
        """Return the number of each sample's category, shape (n_samples,)."""
        raise NotImplementedError


def append_numbers(on_device: DeviceWindows, numbers: IntArray) -> None:
    """Put numbers of samples behind the features of their last bars.

    Parameters
    ----------
    on_device : DeviceWindows of shape (n_samples, window_length, n_features)
        The samples, whose bars get one more column, 0 elsewhere. Changed.
    numbers : ndarray of int of shape (n_samples,)
        A number for each.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.neural_network import DeviceWindows
    >>> from sk_ensemble.neural_network._category import append_numbers
    >>> from sk_ensemble.preprocessing import Windower
    >>> windows = DeviceWindows(Windower(1).transform(np.ones((2, 1))))
    >>> append_numbers(windows, np.array([7, 8]))
    >>> windows.bars.tolist()
    [[1.0, 7.0], [1.0, 8.0]]
    """
    column = torch.zeros_like(on_device.bars[:, :1])
    last = on_device.starts + on_device.window_length - 1
    column[last, 0] = torch.as_tensor(numbers).to(column)
    on_device.bars = torch.cat([on_device.bars, column], dim=1)
