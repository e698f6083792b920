"""Stop when the validation loss no longer falls, and go back to its lowest point."""

from __future__ import annotations

import copy
import math
from typing import Any

from skorch.callbacks import Callback

from sk_ensemble.neural_network._net import StopTraining

__all__ = ["BestEpoch"]


class BestEpoch(Callback):
    """Keep the weights of the epoch with the lowest validation loss.

    skorch's own `EarlyStopping` ends training by a KeyboardInterrupt.

    Parameters
    ----------
    patience : int
        Epochs without a new lowest loss after which training stops.

    Attributes
    ----------
    epoch_ : int
        Number of the best epoch, from 1.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Forget earlier trainings."""
        self.epoch_, self.loss_, self.weights_ = 0, math.inf, None

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Remember the weights if they are the best so far."""
        epoch, loss = net.history[-1, ("epoch", "valid_loss")]
        if loss < self.loss_:
            weights = copy.deepcopy(net.module_.state_dict())
            self.epoch_, self.loss_, self.weights_ = epoch, loss, weights
        elif epoch - self.epoch_ >= self.patience:
            raise StopTraining

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Put the best weights back."""
        net.module_.load_state_dict(self.weights_)
        self.weights_ = None
