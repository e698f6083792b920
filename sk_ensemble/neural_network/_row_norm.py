"""Batch normalisation over some rows of a batch."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["RowNorm"]


class RowNorm(nn.Module):
    """Normalise a batch by the statistics of those of its rows that are samples.

    Batches of several networks are filled up to one size; the rows that fill them up
    must not count. Otherwise it is what batch normalisation is, and its parameters and
    running statistics have the same names.

    Parameters
    ----------
    norm : nn.BatchNorm1d
        The layer.

    Raises
    ------
    TypeError
        If it keeps no running statistics, or means of all batches alike.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor
    num_batches_tracked: torch.Tensor

    def __init__(self, norm: _BatchNorm) -> None:
        super().__init__()
        if not norm.track_running_stats or norm.momentum is None:
            msg = (
                f"{norm} cannot be trained for many folds at once: batch normalisation "
                "needs running statistics and a momentum. Fit the folds one by one."
            )
            raise TypeError(msg)
        self.eps, self.momentum = norm.eps, norm.momentum
        self.weight, self.bias = norm.weight, norm.bias
        for name, buffer in norm.named_buffers():
            self.register_buffer(name, buffer)
        #: False for windows that fill the batch up; None: there are none.
        self.is_sample: torch.Tensor | None = None

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Normalise each channel, shape (n_rows, n_channels[, n_steps])."""
        exact = values.to(self.running_mean.dtype)
        shape = [1, -1, *[1] * (values.ndim - 2)]
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean, variance = self._moments(exact)
        scaled = (exact - mean.view(shape)) * (variance + self.eps).rsqrt().view(shape)
        if self.weight is not None:
            scaled = scaled * self.weight.view(shape) + self.bias.view(shape)
        return scaled.to(values.dtype)

    def _moments(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and variance of each channel, and remember them."""
        others = [0, *range(2, values.ndim)]
        n_steps = values[0, 0].numel()
        counts = values.new_ones(len(values))
        if self.is_sample is not None:
            # Some networks make several rows of a window, which stand together.
            n_rows_each = len(values) // len(self.is_sample)
            counts = self.is_sample.to(values.dtype).repeat_interleave(n_rows_each)
        n_values = counts.sum() * n_steps
        shares = (counts / n_values).view(-1, *[1] * (values.ndim - 1))
        mean = (values * shares).sum(others)
        centred = values - mean.view(1, -1, *[1] * (values.ndim - 2))
        variance = (centred.square() * shares).sum(others)
        with torch.no_grad():
            correction = n_values / (n_values - 1).clamp(min=1)
            for kept, new in [
                (self.running_mean, mean),
                (self.running_var, variance * correction),
            ]:
                # Not lerp_, which has no rule for many networks.
                kept.mul_(1 - self.momentum).add_(new * self.momentum)
            self.num_batches_tracked.add_(1)
        return mean, variance
