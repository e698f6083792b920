"""Follow the rounds of xgboost. Importing this needs xgboost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xgboost

from sk_ensemble.estimator import Rounds

__all__ = ["FollowRounds"]

_DATA_NAMES = {"train_loss": "train", "val_loss": "validation"}


class FollowRounds(xgboost.callback.TrainingCallback):
    """Tell the losses of every round, and stop when told to.

    Parameters
    ----------
    rounds : Rounds
        Whom to tell.
    loss : str
        Name of the loss in the library's log.
    finish : callable
        Makes the booster that predicts of the one in training.
    """

    def __init__(self, rounds: Rounds, loss: str, finish: Callable[[Any], Any]) -> None:
        super().__init__()
        self.rounds, self.loss, self.finish = rounds, loss, finish

    def before_training(self, model: Any) -> Any:
        """Announce the first round."""
        self.rounds.begin()
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Tell the newest losses; return whether to stop."""
        losses = {
            name: evals_log[_DATA_NAMES[name]][self.loss][-1]
            for name in self.rounds.history
        }
        return self.rounds.end(losses, lambda: {"booster_": self.finish(model)})
