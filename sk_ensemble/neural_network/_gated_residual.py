"""The parts a temporal fusion transformer is made of: gates and what they guard."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["GateAddNorm", "GatedResidualNetwork"]


class GateAddNorm(nn.Module):
    """Let through as much as is needed, add it to what there was, and normalise.

    Parameters
    ----------
    n_inputs : int
        Units taken.
    n_outputs : int
        Units given.
    dropout : float
        Share of the units taken that are dropped.
    """

    def __init__(self, n_inputs: int, n_outputs: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.gate = nn.Linear(n_inputs, 2 * n_outputs)
        self.norm = nn.LayerNorm(n_outputs)

    def forward(self, states: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Add, shapes (..., n_inputs) and (..., n_outputs)."""
        passed = functional.glu(self.gate(self.dropout(states)), dim=-1)
        return self.norm(before + passed)


class GatedResidualNetwork(nn.Module):
    """Change states by a small network, as much as is needed.

    Parameters
    ----------
    n_inputs : int
        Units taken.
    hidden_size : int
        Units of its layers.
    n_outputs : int or None, default=None
        Units given. None: as many as are taken.
    has_context : bool, default=False
        Whether it is told something else, of `hidden_size` units.
    dropout : float
        Share of units dropped before the gate.
    """

    def __init__(
        self,
        n_inputs: int,
        hidden_size: int,
        n_outputs: int | None = None,
        *,
        has_context: bool = False,
        dropout: float,
    ) -> None:
        super().__init__()
        self.first = nn.Linear(n_inputs, hidden_size)
        self.context: nn.Module | None = None
        if has_context:
            self.context = nn.Linear(hidden_size, hidden_size, bias=False)
        self.second = nn.Linear(hidden_size, hidden_size)
        self.around: nn.Module = nn.Identity()
        if n_outputs is not None and n_outputs != n_inputs:
            self.around = nn.Linear(n_inputs, n_outputs)
        self.output = GateAddNorm(hidden_size, n_outputs or n_inputs, dropout)

    def forward(
        self, states: torch.Tensor, context: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Compute.

        Parameters
        ----------
        states : Tensor of shape (..., n_inputs)
            What is changed.
        context : Tensor of shape (..., hidden_size) or None, default=None
            What else it is told, if it has a context.

        Returns
        -------
        states : Tensor of shape (..., n_outputs)
            The changed states.
        """
        hidden = self.first(states)
        if self.context is not None:
            hidden = hidden + self.context(context)
        hidden = self.second(functional.elu(hidden))
        return self.output(hidden, self.around(states))
