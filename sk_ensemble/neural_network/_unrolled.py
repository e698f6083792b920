"""Recurrent layers written out in operations that can be run for many networks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from sk_ensemble.neural_network._lstm_steps import LSTMSteps

__all__ = ["UnrolledRecurrent"]

State = tuple[torch.Tensor, torch.Tensor]
#: Of the inputs, of the states, and the constants of both, where there are any.
Weights = tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor] | None]
Result = tuple[torch.Tensor, State]


def _lstm(windows: torch.Tensor, state: State, of_layer: Weights) -> Result:
    """Return the hidden states of all steps, and the last hidden and cell state."""
    inputs, states, constants = of_layer
    constant = inputs.new_zeros(len(inputs))
    if constants is not None:
        constant = constants[0] + constants[1]
    weights = torch.cat([inputs, states, constant[:, None]], dim=1)
    if torch.is_autocast_enabled(windows.device.type):
        windows = windows.to(torch.get_autocast_dtype(windows.device.type))
    parts = (windows, weights, *state)
    one_network = (part.to(windows.dtype).unsqueeze(0) for part in parts)
    outputs, cell, *_ = LSTMSteps.apply(*one_network)
    return outputs[0], (outputs[0][:, -1], cell[0])


def _gru(windows: torch.Tensor, state: State, of_layer: Weights) -> Result:
    """Return the hidden states of all steps, and the last one twice."""
    inputs, states, constants = of_layer
    of_given, of_own = (None, None) if constants is None else constants
    given = functional.linear(windows, inputs, of_given)
    hidden, outputs = state[0], []
    for step in given.unbind(1):
        reset, update, new = step.chunk(3, dim=-1)
        own = functional.linear(hidden, states, of_own).chunk(3, dim=-1)
        new = torch.tanh(new + torch.sigmoid(reset + own[0]) * own[2])
        share = torch.sigmoid(update + own[1])
        hidden = new + share * (hidden - new)
        outputs.append(hidden)
    return torch.stack(outputs, dim=1), (hidden, hidden)


_LAYERS = {nn.LSTM: _lstm, nn.GRU: _gru}


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
            type(layer) not in _LAYERS
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
        self._compute = _LAYERS[type(layer)]
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
            windows, end = self._compute(windows, begin, self._of_layer(number))
            ends.append(end)
            if number < self.num_layers - 1:
                windows = functional.dropout(windows, self.dropout, self.training)
        hidden, cell = (torch.stack(part) for part in zip(*ends, strict=True))
        return windows, (hidden, cell) if self._is_lstm else hidden

    def _of_layer(self, number: int) -> Weights:
        parameters: dict[str, Any] = self._parameters
        constants = (f"bias_ih_l{number}", f"bias_hh_l{number}")
        has_constants = constants[0] in parameters
        return (
            parameters[f"weight_ih_l{number}"],
            parameters[f"weight_hh_l{number}"],
            (parameters[constants[0]], parameters[constants[1]])
            if has_constants
            else None,
        )
