"""The rounds of one training: their losses, the best of them, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from sk_ensemble.estimator._deadline import Deadline
from sk_ensemble.estimator._round_tasks import RoundTasks

__all__ = ["Rounds"]


class Rounds:
    """Follow a training round by round, by one rule for all families.

    With validation losses training stops when none of the last `patience` rounds was
    better than all before, and the rounds up to the best one are kept. Any training
    stops when the time is up or a callback asks for it, after one round at the
    earliest.

    Parameters
    ----------
    n_max : int
        Rounds to train, at most.
    patience : int or None, default=None
        Rounds without a lower validation loss after which to stop. None: there are no
        validation losses.
    deadline : Deadline or None, default=None
        When the time is up. None: never.
    tasks : RoundTasks or None, default=None
        Tells callbacks of every round. None: there are no callbacks.

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
        tasks: RoundTasks | None = None,
    ) -> None:
        self.n_max = n_max
        self.patience = patience
        self.deadline = Deadline(None) if deadline is None else deadline
        self.tasks = tasks
        names = ["train_loss"] if patience is None else ["train_loss", "val_loss"]
        self.history: dict[str, list[float]] = {name: [] for name in names}
        self.n_best = 0
        self.hit_time_limit = False
        self._lowest = math.inf

    @property
    def n_done(self) -> int:
        """Rounds trained so far."""
        return len(self.history["train_loss"])

    def replay(self, history: Mapping[str, list[float]]) -> None:
        """Take over the losses of rounds that were trained before an interruption.

        Parameters
        ----------
        history : mapping of str to list of float
            What `history` was then. Callbacks are not told of these rounds again.

        Examples
        --------
        >>> from sk_ensemble.estimator import Rounds
        >>> rounds = Rounds(100, patience=2)
        >>> rounds.replay({"train_loss": [0.0, 0.0], "val_loss": [0.7, 0.6]})
        >>> rounds.n_done, rounds.n_best
        (2, 2)
        """
        names = list(self.history)
        for losses in zip(*(history[name] for name in names), strict=True):
            self._record(dict(zip(names, losses, strict=True)))

    def begin(self) -> None:
        """Announce the first round; those that follow are announced by `end`."""
        if self.tasks is not None:
            self.tasks.begin()

    def end(
        self,
        losses: Mapping[str, float],
        model: Callable[[], Mapping[str, Any]] | None = None,
    ) -> bool:
        """Record the losses of a round that has ended, and say whether to stop.

        Parameters
        ----------
        losses : dict of float
            The losses that `history` has.
        model : callable or None, default=None
            Makes the fitted attributes with which the estimator could predict as of
            now; called only if there are callbacks. None: it could not.

        Returns
        -------
        stop : bool
            Whether this was the last round.
        """
        self._record(losses)
        stop = self._tell(model) or self._is_complete() or self._is_late()
        if not stop:
            self.begin()
        return stop

    def _tell(self, model: Callable[[], Mapping[str, Any]] | None) -> bool:
        """Tell callbacks that a round has ended; return whether one says stop."""
        if self.tasks is None:
            return False
        if model is None:
            return self.tasks.end(None)
        return self.tasks.end(lambda: {**model(), **self._so_far()})

    def _so_far(self) -> dict[str, Any]:
        """Return the attributes that training would set if it ended here."""
        history = {name: list(values) for name, values in self.history.items()}
        return {"n_iter_": self.n_done, "history_": history, "hit_time_limit_": False}

    def _is_late(self) -> bool:
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
