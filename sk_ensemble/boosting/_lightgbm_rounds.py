"""Follow the rounds of lightgbm. Importing this needs lightgbm."""

from __future__ import annotations

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
    """

    def __init__(self, rounds: Rounds) -> None:
        self.rounds = rounds
        # Behind the library's own report of the losses.
        self.order = 40

    def __call__(self, env: Any) -> None:
        """Tell the newest losses; raise what ends training in good order."""
        losses = {data: value for data, _, value, *_ in env.evaluation_result_list}
        stop = self.rounds.end(
            {name: losses[_DATA_NAMES[name]] for name in self.rounds.history},
            {"booster_": env.model},
        )
        if stop:
            best = self.rounds.n_best - 1
            raise EarlyStopException(best, env.evaluation_result_list)
