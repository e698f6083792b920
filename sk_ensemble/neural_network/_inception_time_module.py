"""InceptionTime: networks of Inception modules whose probabilities are averaged."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from sk_ensemble.neural_network._inception_network_module import (
    InceptionNetworkModule,
)

__all__ = ["InceptionTimeModule"]


class InceptionTimeModule(nn.Module):
    """Average the probabilities that networks of one kind give for windows.

    The networks differ by the weights they begin with, and by nothing else.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Classes.
    n_members : int, default=5
        Networks.
    **settings : object
        Parameters of each `InceptionNetworkModule`.

    See Also
    --------
    InceptionNetworkModule : One of the networks.

    Examples
    --------
    >>> import torch
    >>> from sk_ensemble.neural_network import InceptionTimeModule
    >>> module = InceptionTimeModule(10, 3, n_members=2, n_filters=4).eval()
    >>> windows = torch.zeros(7, 60, 10)
    >>> module.member_outputs(windows).shape
    torch.Size([2, 7, 3])
    >>> bool(module(windows).exp().sum(dim=1).allclose(torch.ones(7)))
    True
    """

    def __init__(
        self, n_features: int, n_outputs: int, *, n_members: int = 5, **settings: Any
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(
            InceptionNetworkModule(n_features, n_outputs, **settings)
            for _ in range(n_members)
        )

    def member_outputs(self, windows: torch.Tensor) -> torch.Tensor:
        """Compute what each network says.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        outputs : Tensor of shape (n_members, n_windows, n_outputs)
            One logit per class.
        """
        return torch.stack([member(windows) for member in self.members])

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Compute what all networks say together.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        outputs : Tensor of shape (n_windows, n_outputs)
            Logarithms of the mean probabilities.
        """
        logs = torch.log_softmax(self.member_outputs(windows), dim=2)
        return torch.logsumexp(logs, dim=0) - math.log(len(self.members))
