"""A stack of recurrent layers whose last hidden state is mapped to the outputs."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

__all__ = ["RecurrentModule"]


class RecurrentModule(nn.Module):
    """Map windows to outputs by the last hidden state of stacked recurrent layers.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    hidden_size : int, default=64
        Units per layer.
    num_layers : int, default=2
        Layers.
    dropout : float, default=0.0
        Share of units dropped after each layer, the last one included.
    """

    #: The kind of layers.
    layer_class: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        hidden_size: int = 64,
        num_layers: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.layers = self.layer_class(
            n_features,
            hidden_size,
            num_layers,
            batch_first=True,
            # torch warns if it has no layer to stand behind.
            dropout=dropout if num_layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, n_outputs)

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
        hidden, _ = self.layers(windows)
        return self.head(self.dropout(hidden[:, -1]))
