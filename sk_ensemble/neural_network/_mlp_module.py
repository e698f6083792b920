"""A multi-layer perceptron on all bars of the window."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

__all__ = ["MLPModule"]


class MLPModule(nn.Module):
    """Map flattened windows to outputs by fully connected layers.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    window_length : int
        Bars per window.
    hidden_sizes : sequence of int, default=(500, 500, 500)
        Units of each hidden layer.
    input_dropout : float, default=0.1
        Share of the values of a window dropped in training.
    dropout : float, default=0.2
        Share of the units of each hidden layer dropped in training.

    Examples
    --------
    With its default layers it has the shape, and so the number of parameters, of the
    perceptron of Wang, Yan and Oates.

    >>> from sk_ensemble.neural_network import MLPModule
    >>> module = MLPModule(1, 2, window_length=60)
    >>> sum(parameter.numel() for parameter in module.parameters())
    532502
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        window_length: int,
        hidden_sizes: Sequence[int] = (500, 500, 500),
        input_dropout: float = 0.1,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten(), nn.Dropout(input_dropout)]
        n_inputs = window_length * n_features
        for size in hidden_sizes:
            layers += [nn.Linear(n_inputs, size), nn.ReLU(), nn.Dropout(dropout)]
            n_inputs = size
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(n_inputs, n_outputs)

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
        return self.head(self.layers(windows))
