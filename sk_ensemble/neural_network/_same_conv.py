"""A convolution that keeps the number of steps, whatever its filters look at."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["SameConv1d"]


class SameConv1d(nn.Conv1d):
    """Convolve to as many steps, with zeros before the first and after the last.

    A filter of an even number of steps looks at one more of those that come after its
    own step than of those before. So does torch with ``padding="same"``, which warns
    of it.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Channels.
    kernel_size : int
        Steps that a filter looks at.
    bias : bool, default=True
        Whether to add a constant to each channel.
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, kernel_size: int, *, bias: bool = True
    ) -> None:
        super().__init__(n_inputs, n_outputs, kernel_size, bias=bias)
        self.margins = ((kernel_size - 1) // 2, kernel_size // 2)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Convolve, shape (n_windows, n_inputs, n_steps) to as many steps."""
        return super().forward(functional.pad(steps, self.margins))
