"""The encoder of a transformer over the bars of a window."""

from __future__ import annotations

import torch
from torch import nn

from sk_ensemble.neural_network._transformer_layer import TransformerLayer

__all__ = ["TransformerModule"]


class TransformerModule(nn.Module):
    """Map windows to outputs by the encoder of a transformer.

    A linear map makes a state of every bar, to which the learnt position of the bar is
    added. Layers of attention follow. The states of all bars, side by side, are mapped
    to the outputs.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    window_length : int
        Bars per window.
    d_model : int, default=128
        Units of a state.
    n_heads : int, default=16
        Heads of the attention, of which `d_model` is a multiple.
    num_layers : int, default=3
        Layers.
    d_ff : int, default=256
        Units of the hidden layer behind the attention.
    dropout : float, default=0.1
        Share of units dropped throughout.
    norm : {"BatchNorm", "LayerNorm"}, default="BatchNorm"
        What is normalised over within layers.

    Raises
    ------
    ValueError
        If `d_model` is no multiple of `n_heads`.

    Examples
    --------
    With its default sizes it has the shape, and so the number of parameters, of the
    time series transformer (TST) of tsai.

    >>> from sk_ensemble.neural_network import TransformerModule
    >>> module = TransformerModule(10, 3, window_length=60)
    >>> sum(parameter.numel() for parameter in module.parameters())
    428035
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        window_length: int,
        d_model: int = 128,
        n_heads: int = 16,
        num_layers: int = 3,
        d_ff: int = 256,
        dropout: float = 0.1,
        norm: str = "BatchNorm",
    ) -> None:
        super().__init__()
        if d_model % n_heads:
            msg = f"d_model={d_model} must be a multiple of n_heads={n_heads}."
            raise ValueError(msg)
        self.inputs = nn.Linear(n_features, d_model)
        self.positions = nn.Parameter(torch.empty(window_length, d_model))
        nn.init.uniform_(self.positions, -0.02, 0.02)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(
                d_model, n_heads=n_heads, d_ff=d_ff, dropout=dropout, norm=norm
            )
            for _ in range(num_layers)
        )
        self.head = nn.Sequential(
            nn.GELU(), nn.Flatten(), nn.Linear(window_length * d_model, n_outputs)
        )

    def _first_states(self, windows: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.inputs(windows) + self.positions)

    def attention(self, windows: torch.Tensor) -> torch.Tensor:
        """Return how much bars look at each other in the last layer.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        weights : Tensor of shape (n_windows, window_length, window_length)
            Means over the heads, with sum 1 over the bars that are looked at, the last
            axis.
        """
        states = self._first_states(windows)
        earlier, last = self.layers[:-1], self.layers[-1]
        for layer in earlier:
            states = layer(states)
        assert isinstance(last, TransformerLayer)
        return last.attention(states)

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
        states = self._first_states(windows)
        for layer in self.layers:
            states = layer(states)
        return self.head(states)
