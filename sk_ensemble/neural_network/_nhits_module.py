"""N-HiTS whose forecast of a few latent steps is mapped to the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from sk_ensemble.neural_network._nhits_block import NHITSBlock
from sk_ensemble.neural_network._sizes import check_sizes

__all__ = ["NHITSModule"]


def _check_stacks(
    n_freq_downsample: Sequence[int],
    n_pool_kernel_size: Sequence[int],
    n_blocks: Sequence[int],
) -> None:
    """Refuse lists of different lengths, and sizes below 1."""
    lists = {
        "n_freq_downsample": n_freq_downsample,
        "n_pool_kernel_size": n_pool_kernel_size,
        "n_blocks": n_blocks,
    }
    if len({len(sizes) for sizes in lists.values()}) > 1:
        told = ", ".join(f"{name}={list(sizes)}" for name, sizes in lists.items())
        msg = f"There must be one value for each stack in every list, got {told}."
        raise ValueError(msg)
    for name, sizes in lists.items():
        check_sizes(name, sizes)


def _check_units(mlp_units: Sequence[Sequence[int]]) -> None:
    """Refuse hidden layers that do not fit to each other."""
    pairs = [list(pair) for pair in mlp_units]
    fits = [after[0] == before[-1] for before, after in pairwise(pairs)]
    if not pairs or any(len(pair) != 2 for pair in pairs) or not all(fits):
        msg = (
            "mlp_units are pairs of the inputs and outputs of hidden layers, each "
            f"layer taking what the one before gives, got {pairs}."
        )
        raise ValueError(msg)


class NHITSModule(nn.Module):
    """Map windows to outputs by neural hierarchical interpolation (N-HiTS).

    Blocks follow one another. Each pools the series, at a rate of its own, and
    computes a backcast, which is subtracted from what the next block sees, and a few
    knots, which are interpolated to its forecast. The sum of all forecasts, on top of
    the latest value, is that of the network. Here it is `h` latent steps of every
    feature, which a linear map turns into the outputs.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    input_size : int
        Bars per window.
    h : int, default=8
        Latent steps that are forecast.
    n_freq_downsample : sequence of int, default=(4, 2, 1)
        For each stack, steps of the forecast per knot.
    n_pool_kernel_size : sequence of int, default=(2, 2, 1)
        For each stack, bars that are pooled into one, counted from the latest.
    n_blocks : sequence of int, default=(1, 1, 1)
        For each stack, its number of blocks.
    mlp_units : pairs of int, default=((512, 512), (512, 512), (512, 512))
        Inputs and outputs of the hidden layers of every block, after a first one.
    dropout_prob_theta : float, default=0.0
        Share of the units of hidden layers dropped in training.
    activation : str, default="ReLU"
        Name of an activation of `torch.nn`.
    interpolation_mode : {"linear", "nearest", "cubic"}, default="linear"
        How steps between knots are found.
    pooling_mode : {"MaxPool1d", "AvgPool1d"}, default="MaxPool1d"
        What a pool shows of its bars.

    Raises
    ------
    ValueError
        If the lists do not fit to each other.

    Examples
    --------
    Without the map to the outputs it has the number of parameters of neuralforecast's
    NHITS, of 60 past and 12 future steps.

    >>> from sk_ensemble.neural_network import NHITSModule
    >>> module = NHITSModule(1, 3, input_size=60, h=12)
    >>> sum(parameter.numel() for parameter in module.blocks.parameters())
    2529993
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        input_size: int,
        h: int = 8,
        n_freq_downsample: Sequence[int] = (4, 2, 1),
        n_pool_kernel_size: Sequence[int] = (2, 2, 1),
        n_blocks: Sequence[int] = (1, 1, 1),
        mlp_units: Sequence[Sequence[int]] = ((512, 512), (512, 512), (512, 512)),
        dropout_prob_theta: float = 0.0,
        activation: str = "ReLU",
        interpolation_mode: str = "linear",
        pooling_mode: str = "MaxPool1d",
    ) -> None:
        super().__init__()
        _check_stacks(n_freq_downsample, n_pool_kernel_size, n_blocks)
        _check_units(mlp_units)
        stacks = zip(n_freq_downsample, n_pool_kernel_size, n_blocks, strict=True)
        self.blocks = nn.ModuleList(
            NHITSBlock(
                n_features,
                input_size,
                h=h,
                n_knots=max(h // downsample, 1),
                pool_size=pool_size,
                mlp_units=mlp_units,
                dropout=dropout_prob_theta,
                activation=activation,
                interpolation_mode=interpolation_mode,
                pooling_mode=pooling_mode,
            )
            for downsample, pool_size, n_equal in stacks
            for _ in range(n_equal)
        )
        self.head = nn.Linear(n_features * h, n_outputs)

    def forecast(self, windows: torch.Tensor) -> torch.Tensor:
        """Forecast the latent steps.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, input_size, n_features)
            Windows, earliest bar first.

        Returns
        -------
        forecast : Tensor of shape (n_windows, n_features, h)
            Latent steps of every feature.
        """
        # From the latest bar backwards, so that a last pool that is not full has the
        # earliest bars.
        residual = windows.transpose(1, 2).flip(2)
        forecast = residual[:, :, :1]
        for block in self.blocks:
            backcast, addition = block(residual)
            residual = residual - backcast
            forecast = forecast + addition
        return forecast

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Compute the outputs.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, input_size, n_features)
            Windows, earliest bar first.

        Returns
        -------
        outputs : Tensor of shape (n_windows, n_outputs)
            One row per window.
        """
        return self.head(self.forecast(windows).flatten(1))
