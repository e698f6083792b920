"""One block of N-HiTS: what it explains of the past and adds to the forecast."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

__all__ = ["ACTIVATIONS", "INTERPOLATIONS", "POOLINGS", "NHITSBlock"]

ACTIVATIONS = ("LeakyReLU", "PReLU", "ReLU", "SELU", "Sigmoid", "Softplus", "Tanh")
INTERPOLATIONS = ("cubic", "linear", "nearest")
POOLINGS = ("AvgPool1d", "MaxPool1d")


def interpolate(knots: torch.Tensor, size: int, mode: str) -> torch.Tensor:
    """Draw a line of `size` points through knots, shape (n, n_series, n_knots)."""
    if mode == "cubic":
        # torch has cubic interpolation for pictures only: take one of a single row.
        picture = knots.unsqueeze(2)
        line = functional.interpolate(picture, size=(1, size), mode="bicubic")
        return line.squeeze(2)
    return functional.interpolate(knots, size=size, mode=mode)


def hidden_layers(
    n_inputs: int, mlp_units: Sequence[Sequence[int]], activation: str, dropout: float
) -> list[nn.Module]:
    """Return a first layer and one for each pair, which has dropout besides."""
    make_activation = getattr(nn, activation)
    layers = [nn.Linear(n_inputs, mlp_units[0][0]), make_activation()]
    for n_in, n_out in mlp_units:
        layers += [nn.Linear(n_in, n_out), make_activation(), nn.Dropout(dropout)]
    return layers


class NHITSBlock(nn.Module):
    """Look at pooled series; return a backcast, and a forecast through few knots.

    Parameters
    ----------
    n_series : int
        Series that are looked at and forecast together.
    input_size : int
        Steps of the past.
    h : int
        Steps of the forecast.
    n_knots : int
        Steps of the forecast that the block decides on; the others lie between them.
    pool_size : int
        Steps of the past that are pooled into one.
    mlp_units : sequence of pairs of int
        Inputs and outputs of each hidden layer but the first.
    dropout : float
        Share of units dropped in hidden layers.
    activation : str
        Name of an activation of `torch.nn`.
    interpolation_mode : {"linear", "nearest", "cubic"}
        How the steps between knots are found.
    pooling_mode : {"MaxPool1d", "AvgPool1d"}
        What a pool shows of its steps.
    """

    def __init__(
        self,
        n_series: int,
        input_size: int,
        *,
        h: int,
        n_knots: int,
        pool_size: int,
        mlp_units: Sequence[Sequence[int]],
        dropout: float,
        activation: str,
        interpolation_mode: str,
        pooling_mode: str,
    ) -> None:
        super().__init__()
        self.shape = n_series, input_size, n_knots
        self.h, self.interpolation_mode = h, interpolation_mode
        pool_size = min(pool_size, input_size)
        self.pool = getattr(nn, pooling_mode)(pool_size, ceil_mode=True)
        n_inputs = n_series * -(-input_size // pool_size)
        n_theta = n_series * (input_size + n_knots)
        self.mlp = nn.Sequential(
            *hidden_layers(n_inputs, mlp_units, activation, dropout),
            nn.Linear(mlp_units[-1][1], n_theta),
        )

    def forward(self, series: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute both parts.

        Parameters
        ----------
        series : Tensor of shape (n_windows, n_series, input_size)
            What earlier blocks have left of the past.

        Returns
        -------
        backcast : Tensor of shape (n_windows, n_series, input_size)
            What the block has used of it.
        forecast : Tensor of shape (n_windows, n_series, h)
            What the block adds to the forecast.
        """
        n_series, input_size, n_knots = self.shape
        theta = self.mlp(self.pool(series).flatten(1))
        theta = theta.view(-1, n_series, input_size + n_knots)
        backcast, knots = theta.split([input_size, n_knots], dim=2)
        return backcast, interpolate(knots, self.h, self.interpolation_mode)
