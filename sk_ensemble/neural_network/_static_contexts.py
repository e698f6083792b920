"""What a symbol says to the parts of a temporal fusion transformer."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from sk_ensemble.neural_network._gated_residual import GatedResidualNetwork

__all__ = ["Contexts", "StaticContexts"]


class Contexts(NamedTuple):
    """What is said to the parts of the network, each (n_windows, 1, hidden_size).

    Attributes
    ----------
    selection : Tensor or None
        To the selection of variables.
    first : tuple of two Tensors of shape (1, n_windows, hidden_size), or None
        State and cell with which the recurrent layers begin.
    enrichment : Tensor or None
        To what attention sees.
    """

    selection: torch.Tensor | None = None
    first: tuple[torch.Tensor, torch.Tensor] | None = None
    enrichment: torch.Tensor | None = None


class StaticContexts(nn.Module):
    """Compute four contexts of a symbol, each by a network of its own.

    Parameters
    ----------
    n_symbols : int
        Symbols. The number after the last of them stands for the mean of all.
    hidden_size : int
        Units of a context.
    selects : bool
        Whether there are variables to select from.
    dropout : float
        Share of units dropped in networks.
    """

    def __init__(
        self, n_symbols: int, hidden_size: int, *, selects: bool, dropout: float
    ) -> None:
        super().__init__()
        self.symbols = nn.Parameter(torch.empty(n_symbols, hidden_size))
        nn.init.normal_(self.symbols)
        self.variable = GatedResidualNetwork(hidden_size, hidden_size, dropout=dropout)
        self.hidden, self.cell, self.enrichment = (
            GatedResidualNetwork(hidden_size, hidden_size, dropout=dropout)
            for _ in range(3)
        )
        self.selection: GatedResidualNetwork | None = None
        if selects:
            self.selection = GatedResidualNetwork(
                hidden_size, hidden_size, dropout=dropout
            )

    def forward(self, numbers: torch.Tensor) -> Contexts:
        """Compute.

        Parameters
        ----------
        numbers : Tensor of int64 of shape (n_windows,)
            Numbers of the symbols.

        Returns
        -------
        contexts : Contexts
            One for each window.
        """
        unknown = self.symbols.mean(dim=0, keepdim=True)
        known = functional.embedding(numbers, torch.cat([self.symbols, unknown]))
        state = self.variable(known.unsqueeze(1))
        selection = None if self.selection is None else self.selection(state)
        # Recurrent layers have the windows on the second axis of their first state.
        across = state.transpose(0, 1).contiguous()
        first = self.hidden(across), self.cell(across)
        return Contexts(selection, first, self.enrichment(state))
