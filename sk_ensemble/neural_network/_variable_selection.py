"""Weigh variables by how much each is needed, step by step."""

from __future__ import annotations

import torch
from torch import nn

from sk_ensemble.neural_network._gated_residual import GatedResidualNetwork

__all__ = ["VariableSelection"]


class VariableSelection(nn.Module):
    """Make one state of several variables, each weighed by all of them.

    Every variable goes through a network of its own, and one that sees all of them
    gives their weights, which sum to 1. Of a single variable there is nothing to
    choose.

    Parameters
    ----------
    n_variables : int
        Variables.
    hidden_size : int
        Units of each variable, and of what is made of them.
    has_context : bool
        Whether the weights depend on something else, of `hidden_size` units.
    dropout : float
        Share of units dropped in networks.
    """

    def __init__(
        self, n_variables: int, hidden_size: int, *, has_context: bool, dropout: float
    ) -> None:
        super().__init__()
        self.of_each = nn.ModuleList(
            GatedResidualNetwork(hidden_size, hidden_size, dropout=dropout)
            for _ in range(n_variables)
        )
        self.of_all: GatedResidualNetwork | None = None
        if n_variables > 1:
            self.of_all = GatedResidualNetwork(
                n_variables * hidden_size,
                hidden_size,
                n_variables,
                has_context=has_context,
                dropout=dropout,
            )

    def weights(
        self, variables: list[torch.Tensor], context: torch.Tensor | None
    ) -> torch.Tensor:
        """Return how much each variable counts.

        Parameters
        ----------
        variables : list of Tensor of shape (..., hidden_size)
            The variables.
        context : Tensor of shape (..., hidden_size) or None
            What else the weights depend on.

        Returns
        -------
        weights : Tensor of shape (..., n_variables)
            Positive, with sum 1.
        """
        if self.of_all is None:
            return torch.ones_like(variables[0][..., :1])
        scores = self.of_all(torch.cat(variables, dim=-1), context)
        return torch.softmax(scores, dim=-1)

    def forward(
        self, variables: list[torch.Tensor], context: torch.Tensor | None
    ) -> torch.Tensor:
        """Return their weighted sum, shape (..., hidden_size)."""
        changed = [
            network(variable)
            for network, variable in zip(self.of_each, variables, strict=True)
        ]
        weights = self.weights(variables, context)
        return (torch.stack(changed, dim=-1) * weights.unsqueeze(-2)).sum(dim=-1)
