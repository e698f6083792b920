"""A temporal fusion transformer whose one step ahead is mapped to the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from sk_ensemble.neural_network._gated_residual import (
    GateAddNorm,
    GatedResidualNetwork,
)
from sk_ensemble.neural_network._interpretable_attention import InterpretableAttention
from sk_ensemble.neural_network._static_contexts import Contexts, StaticContexts
from sk_ensemble.neural_network._variable_selection import VariableSelection

__all__ = ["TFTModule"]


class _Steps(NamedTuple):
    """What is known of each bar and of the step ahead, and what else may count."""

    states: torch.Tensor
    enriched: torch.Tensor


class TFTModule(nn.Module):
    """Map windows to outputs by a temporal fusion transformer (TFT).

    Every feature of a bar becomes a state of its own, and a network weighs them
    (variable selection). A recurrent layer reads the bars; another one goes on from
    where it ended to the step ahead, of which only the known features are seen, with
    the values they have at the latest bar. Attention from this step to all bars, with
    gates around everything, decides on the outputs. What does not change over time,
    such as the symbol, takes part in the selection, in the first state of the
    recurrent layer, and in what attention sees.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    known : sequence of int, default=()
        Columns of the features that are known of the step ahead. Where there are
        none, a learnt state stands for it.
    n_symbols : int, default=0
        Symbols. If there are any, windows have one more column behind the features,
        the last bar of which has the number of the window's symbol; `n_symbols`
        itself, for a symbol that is not among them, means the mean of all.
    hidden_size : int, default=32
        Units throughout.
    n_heads : int, default=4
        Heads of the attention, of which `hidden_size` is a multiple.
    dropout : float, default=0.1
        Share of units dropped before each gate, and of what attention looks at.

    Raises
    ------
    ValueError
        If `hidden_size` is no multiple of `n_heads`.

    Examples
    --------
    >>> import torch
    >>> from sk_ensemble.neural_network import TFTModule
    >>> module = TFTModule(10, 3, known=[8, 9])
    >>> windows = torch.zeros(2, 60, 10)
    >>> module(windows).shape
    torch.Size([2, 3])
    >>> module.selection(windows).shape
    torch.Size([2, 60, 10])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        known: Sequence[int] = (),
        n_symbols: int = 0,
        hidden_size: int = 32,
        n_heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.n_features, self.known = n_features, list(known)
        n_known = len(self.known)
        has_context = n_symbols > 0
        self.slopes = nn.Parameter(torch.empty(n_features, hidden_size))
        self.constants = nn.Parameter(torch.zeros(n_features, hidden_size))
        nn.init.xavier_normal_(self.slopes)
        self.static: StaticContexts | None = None
        if has_context:
            self.static = StaticContexts(
                n_symbols, hidden_size, selects=n_features > 1, dropout=dropout
            )
        self.past_selection = VariableSelection(
            n_features, hidden_size, has_context=has_context, dropout=dropout
        )
        self.ahead_selection: VariableSelection | None = None
        self.ahead: nn.Parameter | None = None
        if n_known:
            self.ahead_selection = VariableSelection(
                n_known, hidden_size, has_context=has_context, dropout=dropout
            )
        else:
            self.ahead = nn.Parameter(torch.empty(1, hidden_size))
            nn.init.xavier_normal_(self.ahead)
        self.past_layer = nn.LSTM(hidden_size, hidden_size, batch_first=True)
        self.ahead_layer = nn.LSTM(hidden_size, hidden_size, batch_first=True)
        self.after_layers = GateAddNorm(hidden_size, hidden_size, dropout)
        self.enrichment = GatedResidualNetwork(
            hidden_size, hidden_size, has_context=has_context, dropout=dropout
        )
        self.attend = InterpretableAttention(
            hidden_size, n_heads=n_heads, dropout=dropout
        )
        self.after_attention = GateAddNorm(hidden_size, hidden_size, dropout)
        self.network = GatedResidualNetwork(hidden_size, hidden_size, dropout=dropout)
        self.after_network = GateAddNorm(hidden_size, hidden_size, dropout)
        self.head = nn.Linear(hidden_size, n_outputs)

    def _variables(self, windows: torch.Tensor) -> list[torch.Tensor]:
        """Return a state for each feature, shape (n_windows, n_bars, hidden_size)."""
        return [
            windows[:, :, [feature]] * slope + constant
            for feature, (slope, constant) in enumerate(
                zip(self.slopes, self.constants, strict=True)
            )
        ]

    def _contexts(self, windows: torch.Tensor) -> Contexts:
        """Return what a window's symbol says to each part of the network."""
        if self.static is None:
            return Contexts()
        return self.static(windows[:, -1, self.n_features].long())

    def _step_ahead(
        self, variables: list[torch.Tensor], context: torch.Tensor | None
    ) -> torch.Tensor:
        """Return what is known of the step ahead, (n_windows, 1, hidden_size)."""
        if self.ahead_selection is None:
            assert self.ahead is not None
            return self.ahead.expand(len(variables[0]), 1, -1)
        latest = [variables[feature][:, -1:] for feature in self.known]
        return self.ahead_selection(latest, context)

    def _steps(self, windows: torch.Tensor) -> _Steps:
        """Return the states of all bars and of the step ahead, which comes last."""
        variables = self._variables(windows)
        context = self._contexts(windows)
        past = self.past_selection(variables, context.selection)
        ahead = self._step_ahead(variables, context.selection)
        past_states, last = self.past_layer(past, context.first)
        ahead_states, _ = self.ahead_layer(ahead, last)
        states = self.after_layers(
            torch.cat([past_states, ahead_states], dim=1),
            torch.cat([past, ahead], dim=1),
        )
        return _Steps(states, self.enrichment(states, context.enrichment))

    def selection(self, windows: torch.Tensor) -> torch.Tensor:
        """Return how much each feature of each bar counts.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        weights : Tensor of shape (n_windows, window_length, n_features)
            Positive, with sum 1 over the features.
        """
        context = self._contexts(windows).selection
        return self.past_selection.weights(self._variables(windows), context)

    def attention(self, windows: torch.Tensor) -> torch.Tensor:
        """Return how much each step looks at each.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        weights : Tensor of shape (n_windows, window_length + 1, window_length + 1)
            Means over the heads, with sum 1 over the steps that are looked at, the
            last axis, and 0 on later ones. The last step is the one ahead.
        """
        enriched = self._steps(windows).enriched
        return self.attend.weights(enriched, enriched.shape[1])

    def attention_ahead(self, windows: torch.Tensor) -> torch.Tensor:
        """Return how much the step ahead, which decides, looks at each.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        weights : Tensor of shape (n_windows, window_length + 1)
            The last row of `attention`.
        """
        return self.attend.weights(self._steps(windows).enriched, 1)[:, 0]

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
        steps = self._steps(windows)
        # Only the step ahead decides, so only what it sees is computed.
        seen = self.attend(steps.enriched, 1)
        seen = self.after_attention(seen, steps.enriched[:, -1:])
        decided = self.after_network(self.network(seen), steps.states[:, -1:])
        return self.head(decided[:, 0])
