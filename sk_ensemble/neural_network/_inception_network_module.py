"""One network of Inception modules, a member of InceptionTime."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from sk_ensemble.neural_network._same_conv import SameConv1d

__all__ = ["InceptionNetworkModule"]

#: Modules between two shortcuts.
_STRIDE = 3


class InceptionModule(nn.Module):
    """Look at steps through filters of several lengths at once.

    Parameters
    ----------
    n_inputs : int
        Channels taken.
    n_filters : int
        Channels that each branch gives.
    kernel_sizes : sequence of int
        Steps that the filters of each convolving branch look at.
    bottleneck_size : int
        Channels that the convolving branches share; a single one is taken as it is.
    """

    def __init__(
        self,
        n_inputs: int,
        n_filters: int,
        *,
        kernel_sizes: Sequence[int],
        bottleneck_size: int,
    ) -> None:
        super().__init__()
        self.bottleneck: nn.Module = nn.Identity()
        n_shared = n_inputs
        if n_inputs > 1:
            n_shared = bottleneck_size
            self.bottleneck = nn.Conv1d(n_inputs, n_shared, 1, bias=False)
        self.convolutions = nn.ModuleList(
            SameConv1d(n_shared, n_filters, size, bias=False) for size in kernel_sizes
        )
        self.pooled = nn.Sequential(
            nn.MaxPool1d(3, stride=1, padding=1),
            nn.Conv1d(n_inputs, n_filters, 1, bias=False),
        )
        self.n_outputs = n_filters * (len(kernel_sizes) + 1)
        self.norm = nn.BatchNorm1d(self.n_outputs)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Compute as many steps, shape (n_windows, n_outputs, n_steps)."""
        shared = self.bottleneck(steps)
        branches = [convolve(shared) for convolve in self.convolutions]
        branches.append(self.pooled(steps))
        return torch.relu(self.norm(torch.cat(branches, dim=1)))


class Shortcut(nn.Module):
    """Add what three modules were given to what they make of it."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.way = nn.Sequential(
            nn.Conv1d(n_inputs, n_outputs, 1, bias=False), nn.BatchNorm1d(n_outputs)
        )

    def forward(self, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Add, shapes (n_windows, n_inputs or n_outputs, n_steps)."""
        return torch.relu(after + self.way(before))


class InceptionNetworkModule(nn.Module):
    """Map windows to outputs by Inception modules, one after another.

    Each module looks at the bars through filters of several lengths and at the largest
    of three neighbours, side by side. A shortcut leads around every three modules. The
    mean of every channel over time is mapped to the outputs.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    n_filters : int, default=32
        Channels of each branch of a module.
    depth : int, default=6
        Modules.
    kernel_sizes : sequence of int, default=(40, 20, 10)
        Bars that the filters of each convolving branch look at.
    bottleneck_size : int, default=32
        Channels that the convolving branches of a module share.

    Examples
    --------
    The published network has 489472 + 192 c + 129 k parameters for c > 1 features and
    k classes.

    >>> from sk_ensemble.neural_network import InceptionNetworkModule
    >>> module = InceptionNetworkModule(10, 3)
    >>> sum(parameter.numel() for parameter in module.parameters())
    491779
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        n_filters: int = 32,
        depth: int = 6,
        kernel_sizes: Sequence[int] = (40, 20, 10),
        bottleneck_size: int = 32,
    ) -> None:
        super().__init__()
        n_channels = n_filters * (len(kernel_sizes) + 1)
        n_inputs = [n_features] + [n_channels] * (depth - 1)
        self.layers = nn.ModuleList(
            InceptionModule(
                n_in,
                n_filters,
                kernel_sizes=kernel_sizes,
                bottleneck_size=bottleneck_size,
            )
            for n_in in n_inputs
        )
        self.shortcuts = nn.ModuleList(
            Shortcut(n_inputs[first], n_channels)
            for first in range(0, depth - _STRIDE + 1, _STRIDE)
        )
        self.head = nn.Linear(n_channels, n_outputs)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Compute the outputs.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        outputs : Tensor of shape (n_windows, n_outputs)
            One row per window.
        """
        steps = before = windows.transpose(1, 2)
        for n_done, layer in enumerate(self.layers, start=1):
            steps = layer(steps)
            if n_done % _STRIDE == 0:
                steps = before = self.shortcuts[n_done // _STRIDE - 1](before, steps)
        return self.head(steps.mean(dim=2))
