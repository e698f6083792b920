"""Show the rounds of a training to the callbacks that are set on an estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sk_ensemble.estimator._training_set import TrainingSet

__all__ = ["RoundTasks"]


class RoundTasks:
    """Announce rounds as tasks within a fit, one after the other.

    Callbacks see the samples that are trained on as windows, and their labels.

    Parameters
    ----------
    estimator : estimator
        The estimator being fitted.
    training : TrainingSet
        What it trains on.
    parent : CallbackContext or None
        The task that the rounds are parts of. None: nobody is to be told.
    name : str, default="round"
        What a round is called.
    """

    def __init__(
        self,
        estimator: Any,
        training: TrainingSet,
        parent: Any,
        name: str = "round",
    ) -> None:
        self.estimator, self.parent, self.name = estimator, parent, name
        self.data = {
            "X": training.windows,
            "y": lambda: estimator.classes_[training.codes],
        }

    def begin(self) -> None:
        """Announce the next round."""
        if self.parent is not None:
            self.task = self.parent.subcontext(task_name=self.name)
            self.task.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def end(self, attributes: Callable[[], dict[str, Any]] | None) -> bool:
        """Announce that the round has ended; return whether a callback says stop.

        Parameters
        ----------
        attributes : callable or None
            Makes the fitted attributes that the estimator would have if training
            ended here. None: it could not be used.
        """
        if self.parent is None:
            return False
        return self.task.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=attributes,
            **self.data,
        )
