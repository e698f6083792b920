"""Convolutions and an LSTM side by side, whose results decide together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from sk_ensemble.neural_network._same_conv import SameConv1d

__all__ = ["LSTMFCNModule"]


class SqueezeExcite(nn.Module):
    """Scale channels by how much they are needed, judged by their means over time.

    Parameters
    ----------
    n_channels : int
        Channels.
    reduction : int
        Channels for each unit of the layer that judges.
    """

    def __init__(self, n_channels: int, reduction: int) -> None:
        super().__init__()
        n_units = max(n_channels // reduction, 1)
        self.scales = nn.Sequential(
            nn.Linear(n_channels, n_units, bias=False),
            nn.ReLU(),
            nn.Linear(n_units, n_channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Scale, shape (n_windows, n_channels, n_steps)."""
        return steps * self.scales(steps.mean(dim=2)).unsqueeze(2)


def convolutional_branch(
    n_features: int,
    channels: Sequence[int],
    kernel_sizes: Sequence[int],
    se_reduction: int | None,
) -> nn.Sequential:
    """Return convolutions, each normalised; all but the last may scale channels."""
    layers: list[nn.Module] = []
    sizes = zip(pairwise([n_features, *channels]), kernel_sizes, strict=True)
    for (n_in, n_out), kernel_size in sizes:
        if layers and se_reduction is not None:
            layers.append(SqueezeExcite(n_in, se_reduction))
        layers += [
            SameConv1d(n_in, n_out, kernel_size),
            nn.BatchNorm1d(n_out),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


class LSTMFCNModule(nn.Module):
    """Map windows to outputs by convolutions and an LSTM side by side.

    One branch convolves the bars and takes the mean of every channel over time. The
    other reads the window across: an LSTM goes from feature to feature, and what it
    reads of each is all its bars at once (the dimension shuffle). Both together are
    mapped to the outputs.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    window_length : int
        Bars per window.
    hidden_size : int, default=8
        Units of the LSTM.
    channels : sequence of int, default=(128, 256, 128)
        Channels of each convolution.
    kernel_sizes : sequence of int, default=(8, 5, 3)
        Bars that the filters of each convolution look at.
    dropout : float, default=0.8
        Share of the units of the LSTM dropped.
    se_reduction : int or None, default=None
        Channels for each unit of the layers that scale channels (squeeze and excite)
        after every convolution but the last. None: there are no such layers.

    Raises
    ------
    ValueError
        If there is not one kernel size for each of the channels.

    Examples
    --------
    >>> import torch
    >>> from sk_ensemble.neural_network import LSTMFCNModule
    >>> module = LSTMFCNModule(10, 3, window_length=60)
    >>> module.lstm.input_size
    60
    >>> module(torch.zeros(2, 60, 10)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        window_length: int,
        hidden_size: int = 8,
        channels: Sequence[int] = (128, 256, 128),
        kernel_sizes: Sequence[int] = (8, 5, 3),
        dropout: float = 0.8,
        se_reduction: int | None = None,
    ) -> None:
        super().__init__()
        if len(channels) != len(kernel_sizes):
            msg = (
                "There must be one of kernel_sizes for each of channels, got "
                f"{list(kernel_sizes)} for {list(channels)}."
            )
            raise ValueError(msg)
        self.convolutions = convolutional_branch(
            n_features, channels, kernel_sizes, se_reduction
        )
        self.lstm = nn.LSTM(window_length, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(channels[-1] + hidden_size, n_outputs)

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
        series = windows.transpose(1, 2)
        means = self.convolutions(series).mean(dim=2)
        states, _ = self.lstm(series)
        last = self.dropout(states[:, -1])
        return self.head(torch.cat([means, last], dim=1))
