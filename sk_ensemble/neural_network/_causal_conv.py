"""A convolution that sees nothing of what comes later, with normalised weights."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["CausalConv1d"]


class CausalConv1d(nn.Module):
    """Convolve each step with earlier ones, `dilation` apart.

    The weights of each filter are given by their direction and their length (weight
    normalisation). torch's own parametrisation of that kind cannot be pickled, which
    worker processes need.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Channels.
    kernel_size : int
        Steps that a filter looks at.
    dilation : int
        Steps from one of them to the next.
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, kernel_size: int, dilation: int
    ) -> None:
        super().__init__()
        drawn = nn.Conv1d(n_inputs, n_outputs, kernel_size)
        self.dilation = dilation
        self.n_missing = (kernel_size - 1) * dilation
        self.direction = nn.Parameter(drawn.weight.detach())
        self.length = nn.Parameter(self._norms().detach())
        self.bias = drawn.bias

    def _norms(self) -> torch.Tensor:
        return self.direction.square().sum(dim=(1, 2), keepdim=True).sqrt()

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Convolve, shape (n_windows, n_inputs, n_steps) to as many steps."""
        weight = self.direction * (self.length / self._norms())
        # Zeros stand before the first step.
        padded = functional.pad(steps, (self.n_missing, 0))
        return functional.conv1d(padded, weight, self.bias, dilation=self.dilation)
