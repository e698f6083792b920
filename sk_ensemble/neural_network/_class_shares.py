"""Let a network begin with the shares of the classes."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from sk_ensemble.neural_network._batches import LabelledWindows

__all__ = ["start_from_shares"]

#: Share that a class without samples begins with.
_LEAST_SHARE = 1e-3


def _last_layer(module: nn.Module) -> nn.Linear:
    """Return the layer that gives the logits."""
    head: Any = module.head
    while isinstance(head, nn.Sequential):
        head = head[-1]
    return cast("nn.Linear", head)


@torch.no_grad()
def start_from_shares(module: nn.Module, train: LabelledWindows) -> None:
    """Set the last layer of a network so that it predicts the shares of the classes.

    Its weights become 0, and the first step moves them only. Where the last layer sees
    the states of all bars, as drawn at random it adds up thousands of numbers that mean
    nothing, and a network that learns to take them back learns much noise meanwhile.

    Parameters
    ----------
    module : Module
        The network, whose layer ``head`` is linear or ends in a linear one. Changed.
    train : LabelledWindows
        What it is to be trained on.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sk_ensemble.estimator import TrainingSet
    >>> from sk_ensemble.neural_network import DeviceWindows, MLPModule
    >>> from sk_ensemble.neural_network._batches import LabelledWindows
    >>> from sk_ensemble.neural_network._class_shares import start_from_shares
    >>> from sk_ensemble.preprocessing import Windower
    >>> windows = Windower(1).transform(np.ones((4, 2)))
    >>> samples = TrainingSet(windows, np.array([0, 1, 1, 1]), np.ones(4), 2)
    >>> module = MLPModule(2, 2, window_length=1)
    >>> start_from_shares(module, LabelledWindows(DeviceWindows(windows), samples))
    >>> proba = torch.softmax(module.head(torch.zeros(500)), dim=0)
    >>> [round(share, 4) for share in proba.tolist()]
    [0.25, 0.75]
    """
    layer = _last_layer(module)
    n_classes = layer.out_features
    totals = torch.bincount(train.codes, train.weights.double(), n_classes)
    layer.weight.zero_()
    layer.bias.copy_(torch.log((totals / totals.sum()).clamp(min=_LEAST_SHARE)))
