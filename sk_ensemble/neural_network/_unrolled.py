"""Recurrent layers written out in operations that can be run for many networks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

__all__ = ["UnrolledRecurrent"]

State = tuple[torch.Tensor, torch.Tensor]


def _lstm_step(
    given: torch.Tensor, state: State, weight: torch.Tensor, bias: torch.Tensor | None
) -> State:
    """Return hidden and cell state of the next step."""
    hidden, cell = state
    gates = given + functional.linear(hidden, weight, bias)
    # One operation for all gates: on a GPU the number of operations counts.
    let_in, keep, _, let_out = torch.sigmoid(gates).chunk(4, dim=-1)
    new = torch.tanh(gates.chunk(4, dim=-1)[2])
    cell = keep * cell + let_in * new
    return let_out * torch.tanh(cell), cell


def _gru_step(
    given: torch.Tensor, state: State, weight: torch.Tensor, bias: torch.Tensor | None
) -> State:
    """Return the hidden state of the next step, twice."""
    hidden, _ = state
    reset, update, new = given.chunk(3, dim=-1)
    own = functional.linear(hidden, weight, bias).chunk(3, dim=-1)
    new = torch.tanh(new + torch.sigmoid(reset + own[0]) * own[2])
    share = torch.sigmoid(update + own[1])
    hidden = new + share * (hidden - new)
    return hidden, hidden


_STEPS = {nn.LSTM: _lstm_step, nn.GRU: _gru_step}


class UnrolledRecurrent(nn.Module):
    """Compute what an LSTM or a GRU computes, step by step.

    torch has no rule for its own recurrent layers in `torch.func.vmap`. The parameters
    have the names that they have there.

    Parameters
    ----------
    layer : nn.LSTM or nn.GRU
        The layer, with the batch first, in one direction, without projections.

    Raises
    ------
    TypeError
        If it is of another kind.
    """

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        if (
            type(layer) not in _STEPS
            or layer.bidirectional
            or layer.proj_size
            or not layer.batch_first
        ):
            msg = (
                f"{layer} cannot be trained for many folds at once: only LSTM and GRU "
                "layers of one direction, without projections and with "
                "batch_first=True can be. Fit the folds one by one."
            )
            raise TypeError(msg)
        self._step = _STEPS[type(layer)]
        self._is_lstm = isinstance(layer, nn.LSTM)
        self.hidden_size = layer.hidden_size
        self.num_layers = layer.num_layers
        self.dropout = layer.dropout
        for name, parameter in layer.named_parameters():
            self.register_parameter(name, parameter)

    def forward(
        self, windows: torch.Tensor, first: Any = None
    ) -> tuple[torch.Tensor, Any]:
        """Compute the hidden states of the last layer, and the last ones of each.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, n_steps, n_inputs)
            A batch.
        first : Tensor or tuple of two, each (n_layers, n_windows, hidden_size), or None
            Hidden state to begin with, and cell state of an LSTM. None: zeros.

        Returns
        -------
        outputs : Tensor of shape (n_windows, n_steps, hidden_size)
            The last layer's.
        last : Tensor or tuple of two, each (n_layers, n_windows, hidden_size)
            Where the layers have ended, as `first`.
        """
        if first is None:
            zeros = windows.new_zeros(self.num_layers, len(windows), self.hidden_size)
            first = (zeros, zeros)
        elif isinstance(first, torch.Tensor):
            first = (first, first)
        ends = []
        for number in range(self.num_layers):
            begin = first[0][number], first[1][number]
            windows, end = self._layer(windows, begin, number)
            ends.append(end)
            if number < self.num_layers - 1:
                windows = functional.dropout(windows, self.dropout, self.training)
        hidden, cell = (torch.stack(part) for part in zip(*ends, strict=True))
        return windows, (hidden, cell) if self._is_lstm else hidden

    def _layer(
        self, windows: torch.Tensor, state: State, number: int
    ) -> tuple[torch.Tensor, State]:
        parameters: dict[str, Any] = self._parameters
        given = functional.linear(
            windows,
            parameters[f"weight_ih_l{number}"],
            parameters.get(f"bias_ih_l{number}"),
        )
        weight = parameters[f"weight_hh_l{number}"]
        bias = parameters.get(f"bias_hh_l{number}")
        outputs = []
        for step in given.unbind(1):
            state = self._step(step, state, weight, bias)
            outputs.append(state[0])
        return torch.stack(outputs, dim=1), state
