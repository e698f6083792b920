"""Train for as many epochs as pays, and go back to the best of them."""

from __future__ import annotations

import copy
from typing import Any

from skorch.callbacks import Callback

from sk_ensemble.estimator import Rounds
from sk_ensemble.neural_network._net import StopTraining

__all__ = ["BestEpoch"]

_SKORCH_NAMES = {"train_loss": "train_loss", "val_loss": "valid_loss"}


class BestEpoch(Callback):
    """Tell the losses of every epoch, stop when told to, keep the best weights.

    skorch's own `EarlyStopping` ends training by a KeyboardInterrupt.

    Parameters
    ----------
    rounds : Rounds
        Whom to tell.
    """

    def __init__(self, rounds: Rounds) -> None:
        self.rounds = rounds

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Announce the first epoch."""
        self.weights_ = None
        self.rounds.begin()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Remember the weights if they are the best so far."""
        epoch, rounds = net.history[-1], self.rounds
        losses = {name: epoch[_SKORCH_NAMES[name]] for name in rounds.history}
        stop = rounds.end(losses, {"net_": net})
        if rounds.patience is not None and rounds.n_best == rounds.n_done:
            self.weights_ = copy.deepcopy(net.module_.state_dict())
        if stop:
            raise StopTraining

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Put the best weights back."""
        if self.weights_ is not None:
            net.module_.load_state_dict(self.weights_)
        self.weights_ = None
