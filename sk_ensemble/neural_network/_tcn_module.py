"""A temporal convolutional network whose last step is mapped to the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from sk_ensemble.neural_network._causal_conv import CausalConv1d

__all__ = ["TCNModule"]


class TCNBlock(nn.Module):
    """Two causal convolutions, and a way around them.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Channels. Where they differ, the way around is a convolution of one step.
    kernel_size : int
        Steps that a filter looks at.
    dilation : int
        Steps from one of them to the next.
    dropout : float
        Share of units dropped after each convolution.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        kernel_size: int,
        dilation: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            CausalConv1d(n_inputs, n_outputs, kernel_size, dilation),
            nn.ReLU(),
            nn.Dropout(dropout),
            CausalConv1d(n_outputs, n_outputs, kernel_size, dilation),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.shortcut: nn.Module = nn.Identity()
        if n_inputs != n_outputs:
            self.shortcut = nn.Conv1d(n_inputs, n_outputs, 1)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Compute as many steps, shape (n_windows, n_outputs, n_steps)."""
        return torch.relu(self.convolutions(steps) + self.shortcut(steps))


class TCNModule(nn.Module):
    """Map windows to outputs by a temporal convolutional network.

    Blocks of two causal convolutions with normalised weights follow one another; the
    steps that a filter looks at are twice as far apart in every next block. The last
    step of the last block is mapped to the outputs.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    channels : sequence of int, default=(64, 64, 64, 64)
        Channels of each block.
    kernel_size : int, default=3
        Steps that a filter looks at.
    dropout : float, default=0.2
        Share of units dropped after each convolution.

    Examples
    --------
    >>> from sk_ensemble.neural_network import TCNModule
    >>> module = TCNModule(10, 3)
    >>> sum(parameter.numel() for parameter in module.parameters())
    89859
    >>> module.receptive_field
    61
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        channels: Sequence[int] = (64, 64, 64, 64),
        kernel_size: int = 3,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                TCNBlock(
                    n_in,
                    n_out,
                    kernel_size=kernel_size,
                    dilation=2**place,
                    dropout=dropout,
                )
                for place, (n_in, n_out) in enumerate(pairwise([n_features, *channels]))
            )
        )
        #: Steps that the last one depends on, itself included.
        self.receptive_field = 1 + 2 * (kernel_size - 1) * (2 ** len(channels) - 1)
        self.head = nn.Linear(channels[-1], n_outputs)

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
        steps = self.blocks(windows.transpose(1, 2))
        return self.head(steps[:, :, -1])
