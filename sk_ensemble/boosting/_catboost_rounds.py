"""Follow the rounds of CatBoost."""

from __future__ import annotations

from typing import Any

from sk_ensemble.estimator import Rounds

__all__ = ["FollowRounds"]

_DATA_NAMES = {"train_loss": "learn", "val_loss": "validation"}


class FollowRounds:
    """Tell the losses of every round, and stop when told to.

    Parameters
    ----------
    rounds : Rounds
        Whom to tell.
    loss : str
        Name of the loss in the library's log.

    Attributes
    ----------
    error : BaseException or None
        What a callback has thrown. The library would make another error of it, so
        training ends without one.
    """

    def __init__(self, rounds: Rounds, loss: str) -> None:
        self.rounds, self.loss = rounds, loss
        self.error: BaseException | None = None

    def after_iteration(self, info: Any) -> bool:
        """Tell the newest losses; return whether to go on."""
        losses = {
            name: info.metrics[_DATA_NAMES[name]][self.loss][-1]
            for name in self.rounds.history
        }
        try:
            return not self.rounds.end(losses)
        except BaseException as error:
            self.error = error
            return False
