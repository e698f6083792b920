"""Follow the rounds of lightgbm. Importing this needs lightgbm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightgbm.callback import EarlyStopException

from sk_ensemble.estimator import Rounds

__all__ = ["FollowRounds"]

_DATA_NAMES = {"train_loss": "train", "val_loss": "validation"}


class FollowRounds:
    """Tell the losses of every round, and stop when told to.

    Parameters
    ----------
    rounds : Rounds
        Whom to tell.
    finish : callable
        Makes the booster that predicts of the one in training and its rounds.
    """

    def __init__(self, rounds: Rounds, finish: Callable[[Any, int], Any]) -> None:
        self.rounds, self.finish = rounds, finish
        # Behind the library's own report of the losses.
        self.order = 40

    def __call__(self, env: Any) -> None:
        """Tell the newest losses; raise what ends training in good order."""
        losses = {data: value for data, _, value, *_ in env.evaluation_result_list}
        stop = self.rounds.end(
            {name: losses[_DATA_NAMES[name]] for name in self.rounds.history},
            lambda: {"booster_": self.finish(env.model, env.iteration + 1)},
        )
        if stop:
            best = self.rounds.n_best - 1
            raise EarlyStopException(best, env.evaluation_result_list)
