"""Attention whose heads look at different steps and at one and the same value."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["InterpretableAttention"]


class InterpretableAttention(nn.Module):
    """Let the last steps look at themselves and at those before them.

    Each head has queries and keys of its own, and all share one projection of the
    values: the mean of what they look at says how much a step counts.

    Parameters
    ----------
    hidden_size : int
        Units of a step.
    n_heads : int
        Heads, of which `hidden_size` is a multiple.
    dropout : float
        Share of what is looked at that is dropped.
    """

    def __init__(self, hidden_size: int, *, n_heads: int, dropout: float) -> None:
        super().__init__()
        if hidden_size % n_heads:
            msg = f"hidden_size={hidden_size} must be a multiple of n_heads={n_heads}."
            raise ValueError(msg)
        self.n_heads, self.n_units = n_heads, hidden_size // n_heads
        n_projected = (2 * n_heads + 1) * self.n_units
        self.projections = nn.Linear(hidden_size, n_projected, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.together = nn.Linear(self.n_units, hidden_size, bias=False)

    def _projected(
        self, states: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return queries and keys of each head, and the values they share."""
        n_all = self.n_heads * self.n_units
        sizes = [n_all, n_all, self.n_units]
        queries, keys, values = self.projections(states).split(sizes, dim=2)
        queries, keys = (
            part.unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for part in (queries, keys)
        )
        return queries, keys, values

    def _weights(
        self, queries: torch.Tensor, keys: torch.Tensor, n_last: int
    ) -> torch.Tensor:
        scores = queries[:, :, -n_last:] @ keys.transpose(2, 3) / self.n_units**0.5
        n_steps = keys.shape[2]
        later = torch.ones(n_last, n_steps, dtype=torch.bool, device=keys.device)
        later = later.triu(n_steps - n_last + 1)
        return torch.softmax(scores.masked_fill(later, -torch.inf), dim=-1)

    def weights(self, states: torch.Tensor, n_last: int) -> torch.Tensor:
        """Return how much each of the last steps looks at each, over all heads.

        Parameters
        ----------
        states : Tensor of shape (n_windows, n_steps, hidden_size)
            The steps, earliest first.
        n_last : int
            How many steps look.

        Returns
        -------
        weights : Tensor of shape (n_windows, n_last, n_steps)
            With sum 1 over the last axis, and 0 on later steps.
        """
        queries, keys, _ = self._projected(states)
        return self._weights(queries, keys, n_last).mean(dim=1)

    def forward(self, states: torch.Tensor, n_last: int) -> torch.Tensor:
        """Return what the last steps see, shape (n_windows, n_last, hidden_size)."""
        queries, keys, values = self._projected(states)
        weights = self.dropout(self._weights(queries, keys, n_last)).mean(dim=1)
        return self.together(weights @ values)
