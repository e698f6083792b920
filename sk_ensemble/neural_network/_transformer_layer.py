"""One layer of a transformer's encoder, with either kind of normalisation."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["NORMS", "TransformerLayer"]

NORMS = ("BatchNorm", "LayerNorm")


class StepNorm(nn.Module):
    """Normalise states over steps and windows, or over the units of each step."""

    def __init__(self, name: str, d_model: int) -> None:
        super().__init__()
        self.over_units = name == "LayerNorm"
        make = nn.LayerNorm if self.over_units else nn.BatchNorm1d
        self.norm = make(d_model)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Normalise, shape (n_windows, n_steps, d_model)."""
        if self.over_units:
            return self.norm(states)
        return self.norm(states.transpose(1, 2)).transpose(1, 2)


class TransformerLayer(nn.Module):
    """Let every step look at all others, then go through a small network.

    Parameters
    ----------
    d_model : int
        Units of a state.
    n_heads : int
        Heads of the attention, which share the units evenly.
    d_ff : int
        Units of the hidden layer.
    dropout : float
        Share of units dropped after attention, in and after the network.
    norm : {"BatchNorm", "LayerNorm"}
        What is normalised over after attention and after the network.
    attention_bias : bool, default=False
        Whether the linear maps of the attention add constants.
    """

    def __init__(
        self,
        d_model: int,
        *,
        n_heads: int,
        d_ff: int,
        dropout: float,
        norm: str,
        attention_bias: bool = False,
    ) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.queries, self.keys, self.values, self.together = (
            nn.Linear(d_model, d_model, bias=attention_bias) for _ in range(4)
        )
        self.dropout = nn.Dropout(dropout)
        self.network = nn.Sequential(
            nn.Linear(d_model, d_ff),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(d_ff, d_model),
            nn.Dropout(dropout),
        )
        self.norm_attention = StepNorm(norm, d_model)
        self.norm_network = StepNorm(norm, d_model)

    def _heads(self, states: torch.Tensor) -> torch.Tensor:
        """Share the units among heads, shape (n_windows, n_heads, n_steps, n_units)."""
        n_windows, n_steps, _ = states.shape
        return states.view(n_windows, n_steps, self.n_heads, -1).transpose(1, 2)

    def attention(self, states: torch.Tensor) -> torch.Tensor:
        """Return how much each step looks at each, on average over the heads.

        Parameters
        ----------
        states : Tensor of shape (n_windows, n_steps, d_model)
            What the layer takes.

        Returns
        -------
        weights : Tensor of shape (n_windows, n_steps, n_steps)
            With sum 1 over the last axis.
        """
        queries = self._heads(self.queries(states))
        keys = self._heads(self.keys(states))
        scores = queries @ keys.transpose(2, 3) / queries.shape[-1] ** 0.5
        return torch.softmax(scores, dim=-1).mean(dim=1)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Compute the states that the next layer takes, of the same shape."""
        seen = functional.scaled_dot_product_attention(
            self._heads(self.queries(states)),
            self._heads(self.keys(states)),
            self._heads(self.values(states)),
        )
        seen = self.together(seen.transpose(1, 2).flatten(2))
        states = self.norm_attention(states + self.dropout(seen))
        return self.norm_network(states + self.network(states))
