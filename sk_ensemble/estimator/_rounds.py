"""The rounds of one training: their losses, the best of them, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sk_ensemble.estimator._deadline import Deadline

__all__ = ["Rounds"]


class Rounds:
    """Follow a training round by round, by one rule for all families.

    With validation losses training stops when none of the last `patience` rounds was
    better than all before, and the rounds up to the best one are kept. Any training
    stops when the time is up, after one round at the earliest.

    Parameters
    ----------
    n_max : int
        Rounds to train, at most.
    patience : int or None, default=None
        Rounds without a lower validation loss after which to stop. None: there are no
        validation losses.
    deadline : Deadline or None, default=None
        When the time is up. None: never.

    Attributes
    ----------
    history : dict of lists of float
        Losses after each round so far: ``"train_loss"`` and, with `patience`,
        ``"val_loss"``.
    n_best : int
        Number of the round with the lowest validation loss, counted from 1; without
        validation losses, of the latest one.
    hit_time_limit : bool
        Whether the time was up before training would have ended by itself.

    Examples
    --------
    >>> from sk_ensemble.estimator import Rounds
    >>> rounds = Rounds(100, patience=2)
    >>> losses = [0.7, 0.6, 0.65, 0.61]
    >>> [rounds.end({"train_loss": 0.0, "val_loss": loss}) for loss in losses]
    [False, False, False, True]
    >>> rounds.n_best
    2
    """

    def __init__(
        self,
        n_max: int,
        *,
        patience: int | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        self.n_max = n_max
        self.patience = patience
        self.deadline = Deadline(None) if deadline is None else deadline
        names = ["train_loss"] if patience is None else ["train_loss", "val_loss"]
        self.history: dict[str, list[float]] = {name: [] for name in names}
        self.n_best = 0
        self.hit_time_limit = False
        self._lowest = math.inf

    @property
    def n_done(self) -> int:
        """Rounds trained so far."""
        return len(self.history["train_loss"])

    def end(self, losses: Mapping[str, float]) -> bool:
        """Record the losses of a round that has ended, and say whether to stop.

        Parameters
        ----------
        losses : dict of float
            The losses that `history` has.

        Returns
        -------
        stop : bool
            Whether this was the last round.
        """
        self._record(losses)
        if self._is_complete():
            return True
        self.hit_time_limit = self.deadline.is_over()
        return self.hit_time_limit

    def _record(self, losses: Mapping[str, float]) -> None:
        for name, values in self.history.items():
            values.append(float(losses[name]))
        loss = losses.get("val_loss", -math.inf)
        if self.patience is None or loss < self._lowest or self.n_done == 1:
            self.n_best, self._lowest = self.n_done, loss

    def _is_complete(self) -> bool:
        """Return whether training ends here by itself."""
        if self.n_done == self.n_max:
            return True
        return self.patience is not None and self.n_done - self.n_best >= self.patience
