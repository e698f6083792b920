"""Train for as many epochs as pays, and go back to the best of them."""

from __future__ import annotations

import copy
from typing import Any

from skorch.callbacks import Callback

from sk_ensemble.estimator import Rounds
from sk_ensemble.neural_network._checkpoint import SKORCH_NAMES, Checkpoint
from sk_ensemble.neural_network._net import StopTraining

__all__ = ["BestEpoch"]


class BestEpoch(Callback):
    """Tell the losses of every epoch, stop when told to, keep the best weights.

    skorch's own `EarlyStopping` ends training by a KeyboardInterrupt.

    Parameters
    ----------
    rounds : Rounds
        Whom to tell.
    checkpoint : Checkpoint or None, default=None
        Where to write down how far training has come, and to look how far it had.
    """

    def __init__(self, rounds: Rounds, checkpoint: Checkpoint | None = None) -> None:
        self.rounds = rounds
        self.checkpoint = checkpoint

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Announce the first epoch, unless the last one is trained already."""
        self.weights_ = None
        if self.checkpoint is not None:
            self.weights_ = self.checkpoint.best_
            if self.checkpoint.is_over_:
                raise StopTraining
        self.rounds.begin()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Remember the weights if they are the best so far."""
        epoch, rounds = net.history[-1], self.rounds
        losses = {name: epoch[SKORCH_NAMES[name]] for name in rounds.history}
        stop = rounds.end(losses, lambda: {"net_": net})
        if rounds.patience is not None and rounds.n_best == rounds.n_done:
            self.weights_ = copy.deepcopy(net.module_.state_dict())
        if self.checkpoint is not None:
            self.checkpoint.store(net, self.weights_, is_over=stop)
        if stop:
            raise StopTraining

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Put the best weights back."""
        if self.weights_ is not None:
            net.module_.load_state_dict(self.weights_)
        self.weights_ = None
