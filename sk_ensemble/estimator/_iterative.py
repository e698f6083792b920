"""The base of families that train in rounds and may stop early."""

from __future__ import annotations

from abc import abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar, Self

from sk_ensemble.estimator._base import WindowClassifier
from sk_ensemble.estimator._deadline import Deadline
from sk_ensemble.estimator._round_tasks import RoundTasks
from sk_ensemble.estimator._rounds import Rounds
from sk_ensemble.estimator._training_set import TrainingSet
from sk_ensemble.estimator._validation_tail import (
    split_validation_tail,
    wants_early_stopping,
)
from sk_ensemble.utils.sklearn_api import (
    Interval,
    StrOptions,
    fit_context,
    running_task,
    subtask,
)

__all__ = ["IterativeClassifier"]


class IterativeClassifier(WindowClassifier):
    """Base of classifiers that train in rounds, with a validation set to stop by.

    The set is given to `fit` or cut off the end of the training samples.

    A family has the parameters `early_stopping`, `validation_fraction`,
    `n_iter_no_change`, `refit_tail` and `time_limit`, and supplies `_max_rounds` and
    `_fit_rounds`.

    Attributes
    ----------
    n_iter_ : int
        Rounds that are kept.
    history_ : dict of lists of float
        Losses after each round trained: ``"train_loss"`` and, where there was a
        validation set, ``"val_loss"``.
    hit_time_limit_ : bool
        Whether `time_limit` ended training early.

    Examples
    --------
    >>> from sk_ensemble import LightGBMClassifier
    >>> from sk_ensemble.estimator import IterativeClassifier
    >>> issubclass(LightGBMClassifier, IterativeClassifier)
    True
    """

    n_iter_: int
    history_: dict[str, list[float]]
    hit_time_limit_: bool

    early_stopping: str | bool
    validation_fraction: float
    n_iter_no_change: int
    refit_tail: bool
    time_limit: float | None

    #: What callbacks are told a round is called.
    round_name: ClassVar[str] = "round"

    early_stopping_constraints: ClassVar[dict[str, Any]] = {
        "early_stopping": [StrOptions({"auto"}), "boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "refit_tail": ["boolean"],
        "time_limit": [Interval(Real, 0, None, closed="neither"), None],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The training samples, in any order.
        y : array-like of shape (n_samples,)
            Labels of any kind.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights.
        X_val : like X or None, default=None
            Samples that decide when to stop, instead of the last training samples.
        y_val : array-like of shape (n_val,) or None, default=None
            Their labels.
        sample_weight_val : array-like of shape (n_val,) or None, default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        DataError
            For samples, labels or weights that cannot be used as they are.
        EmptyFoldError
            If the validation tail leaves too little to train on.
        """
        validation = _explicit_validation(self, X_val, y_val, sample_weight_val)
        return self._fit(X, y, sample_weight, validation)

    @abstractmethod
    def _max_rounds(self) -> int:
        """Return for how many rounds to train, at most."""

    @abstractmethod
    def _fit_rounds(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        rounds: Rounds,
    ) -> None:
        """Train for `rounds.n_max` rounds, or until `rounds.end` says stop.

        It calls `rounds.begin` before the first round, tells `rounds.end` the losses
        of every round, and keeps the model of round `rounds.n_best`.
        """

    def _max_subtasks(self) -> int:
        # The second training is one part of the fit, and has rounds of its own.
        return self._max_rounds() + self.refit_tail

    def _fit_windows(
        self, training: TrainingSet, validation: TrainingSet | None
    ) -> None:
        """Choose what to train and validate on, and train."""
        deadline = Deadline(self.time_limit)
        fitting, held_out = training, validation
        cuts_tail = validation is None and wants_early_stopping(
            self.early_stopping, training.windows
        )
        if cuts_tail:
            fitting, held_out = split_validation_tail(
                training, self.validation_fraction
            )
        rounds = Rounds(
            self._max_rounds(),
            patience=None if held_out is None else self.n_iter_no_change,
            deadline=deadline,
            tasks=self._tasks(fitting, running_task(self)),
        )
        # Callbacks read the losses while they are added.
        self.history_ = rounds.history
        self._fit_rounds(fitting, held_out, rounds)
        self.n_iter_, self.hit_time_limit_ = rounds.n_best, rounds.hit_time_limit
        if cuts_tail and self.refit_tail and not self.hit_time_limit_:
            self._refit(training, deadline)

    def _tasks(self, training: TrainingSet, parent: Any) -> RoundTasks:
        return RoundTasks(self, training, parent, self.round_name)

    def _refit(self, training: TrainingSet, deadline: Deadline) -> None:
        """Train on everything for as long as the tail has shown to be best.

        A training that the deadline cuts short is worth less than the finished one
        before it, so that one is kept.
        """
        finished = dict(vars(self))
        with subtask(self, running_task(self), "refit", self.n_iter_) as task:
            rounds = Rounds(
                self.n_iter_, deadline=deadline, tasks=self._tasks(training, task)
            )
            self._fit_rounds(training, None, rounds)
        self.n_iter_, self.hit_time_limit_ = rounds.n_best, rounds.hit_time_limit
        if rounds.hit_time_limit:
            self.__dict__.update(finished | {"hit_time_limit_": True})

    def _fit_one_class(self) -> None:
        """Record that no round was trained, as one class needs no model."""
        self.n_iter_, self.history_ = 0, {"train_loss": []}
        self.hit_time_limit_ = False


def _explicit_validation(
    estimator: Any, X_val: Any, y_val: Any, weights: Any
) -> tuple[Any, Any, Any] | None:
    """Check that a validation set is given whole, or not at all."""
    if (X_val is None) != (y_val is None):
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        msg = f"{given} is given without {missing}. Give both, or none."
        raise ValueError(msg)
    if X_val is None:
        if weights is not None:
            msg = "sample_weight_val is given without X_val and y_val."
            raise ValueError(msg)
        return None
    if estimator.early_stopping is False:
        msg = (
            "X_val is given and early_stopping=False, so it would not be used. Use "
            "early_stopping=True or 'auto', or leave X_val out."
        )
        raise ValueError(msg)
    return X_val, y_val, weights
