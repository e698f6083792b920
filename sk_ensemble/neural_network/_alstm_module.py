"""An LSTM or GRU whose states are weighed by attention over time."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

__all__ = ["ALSTMModule"]


class ALSTMModule(nn.Module):
    """Map windows to outputs by recurrent layers with attention over time.

    Every bar goes through a linear map and tanh, then through stacked recurrent layers.
    A small network scores the state after each bar; the softmax of the scores over
    time weighs the states. The weighted mean and the last state, side by side, are
    mapped to the outputs.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    hidden_size : int, default=64
        Units per layer; half as many score a state.
    num_layers : int, default=2
        Recurrent layers.
    dropout : float, default=0.0
        Share of units dropped between recurrent layers, and in the scores' network.
    rnn_type : {"GRU", "LSTM"}, default="GRU"
        Kind of the recurrent layers.

    Examples
    --------
    >>> import torch
    >>> from sk_ensemble.neural_network import ALSTMModule
    >>> module = ALSTMModule(6, 3)
    >>> weights = module.attention(torch.zeros(2, 60, 6))
    >>> weights.shape
    torch.Size([2, 60])
    """

    layer_classes: ClassVar[dict[str, type[nn.GRU] | type[nn.LSTM]]] = {
        "GRU": nn.GRU,
        "LSTM": nn.LSTM,
    }

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        hidden_size: int = 64,
        num_layers: int = 2,
        dropout: float = 0.0,
        rnn_type: str = "GRU",
    ) -> None:
        super().__init__()
        self.inputs = nn.Sequential(nn.Linear(n_features, hidden_size), nn.Tanh())
        self.layers = self.layer_classes[rnn_type](
            hidden_size,
            hidden_size,
            num_layers,
            batch_first=True,
            # torch warns if it has no layer to stand behind.
            dropout=dropout if num_layers > 1 else 0.0,
        )
        n_scoring = max(hidden_size // 2, 1)
        self.scores = nn.Sequential(
            nn.Linear(hidden_size, n_scoring),
            nn.Dropout(dropout),
            nn.Tanh(),
            nn.Linear(n_scoring, 1, bias=False),
        )
        self.head = nn.Linear(2 * hidden_size, n_outputs)

    def _states(self, windows: torch.Tensor) -> torch.Tensor:
        """Return the state after each bar, (n_windows, window_length, hidden_size)."""
        states, _ = self.layers(self.inputs(windows))
        return states

    def _weights(self, states: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.scores(states).squeeze(2), dim=1)

    def attention(self, windows: torch.Tensor) -> torch.Tensor:
        """Return how much each bar counts.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        weights : Tensor of shape (n_windows, window_length)
            Positive, with sum 1 over the bars of a window.
        """
        return self._weights(self._states(windows))

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
        states = self._states(windows)
        attended = (self._weights(states).unsqueeze(2) * states).sum(dim=1)
        return self.head(torch.cat([states[:, -1], attended], dim=1))
