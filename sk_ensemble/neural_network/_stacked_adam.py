"""Adam for networks side by side, each with steps and rates of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = ["StackedAdam"]

_BETA_2, _EPS = 0.999, 1e-8


class StackedAdam:
    """Take steps of Adam or AdamW, for some of the networks at a time.

    Parameters
    ----------
    values : Tensor of shape (n_networks, n_weights)
        The parameters of all networks.
    weight_decay : float
        Strength of the decay.
    decoupled : bool
        Whether weights decay by themselves (AdamW), or through the gradient (Adam).

    Examples
    --------
    >>> import torch
    >>> from sk_ensemble.neural_network._stacked_adam import StackedAdam
    >>> values = torch.ones(2, 1)
    >>> adam = StackedAdam(values, weight_decay=0.0, decoupled=True)
    >>> adam.step(values, torch.ones(1, 1), rates=[0.1], betas=[0.9])
    >>> values.flatten()
    tensor([0.9000, 1.0000])
    """

    def __init__(
        self, values: torch.Tensor, *, weight_decay: float, decoupled: bool
    ) -> None:
        self.weight_decay = weight_decay
        self.decoupled = decoupled
        self._mean = torch.zeros_like(values)
        self._square = torch.zeros_like(values)
        self._n_steps = [0] * len(values)

    def keep(self, places: Sequence[int]) -> None:
        """Drop what belongs to the networks that are at none of these places."""
        self._mean = self._mean[list(places)]
        self._square = self._square[list(places)]
        self._n_steps = [self._n_steps[place] for place in places]

    @torch.no_grad()
    def step(
        self,
        values: torch.Tensor,
        gradients: torch.Tensor,
        *,
        rates: Sequence[float],
        betas: Sequence[float],
    ) -> None:
        """Take one step with the first networks; the others stay as they are.

        Parameters
        ----------
        values : Tensor of shape (n_networks, n_weights)
            The parameters. Changed.
        gradients : Tensor of shape (n_first, n_weights)
            The gradients of the first networks.
        rates, betas : sequence of float of length n_first
            Learning rate and decay of the mean gradient of each network.
        """
        n_first = len(gradients)
        first, mean = values[:n_first], self._mean[:n_first]
        square = self._square[:n_first]
        factors = torch.tensor(
            [
                self._factors(place, rates[place], betas[place])
                for place in range(n_first)
            ],
            dtype=values.dtype,
        ).to(values.device)
        decay, new, length, root = factors.unsqueeze(2).unbind(1)
        if self.decoupled:
            first.mul_(decay)
        elif self.weight_decay:
            gradients = gradients.add(first, alpha=self.weight_decay)
        mean.add_((gradients - mean) * new)
        square.mul_(_BETA_2).addcmul_(gradients, gradients, value=1 - _BETA_2)
        first.sub_(length * mean / (square.sqrt() / root + _EPS))

    def _factors(self, place: int, rate: float, beta: float) -> list[float]:
        """Count a step of one network, and return by what its parts are multiplied."""
        self._n_steps[place] += 1
        n_steps = self._n_steps[place]
        return [
            1 - rate * self.weight_decay,
            1 - beta,
            rate / (1 - beta**n_steps),
            (1 - _BETA_2**n_steps) ** 0.5,
        ]
