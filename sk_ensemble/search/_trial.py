"""One trial of a study, and what the study remembers of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from sk_ensemble.search._evaluation import Outcome
from sk_ensemble.search._optuna import load_optuna
from sk_ensemble.utils.processes import is_known_dead, this_process

__all__ = [
    "SearchTrial",
    "Space",
    "abandoned_trials",
    "is_surplus",
    "outcomes_of",
    "reason_of",
]

_OWNER = "sk_ensemble:owner"
_FOLD = "sk_ensemble:fold"
_REASON = "sk_ensemble:reason"
_SURPLUS = "sk_ensemble:surplus"

#: Seconds that a trial without an owner is given to get one.
_PATIENCE = 1.0

Space = Callable[[Any], dict[str, Any]]


def outcomes_of(trial: Any) -> dict[int, Outcome]:
    """Return what is known of a trial, by fold.

    Parameters
    ----------
    trial : FrozenTrial or Trial
        The trial.

    Returns
    -------
    outcomes : dict of Outcome
        Outcomes by number of the fold.
    """
    start = f"{_FOLD}:"
    return {
        int(name.removeprefix(start)): Outcome(**value)
        for name, value in trial.user_attrs.items()
        if name.startswith(start)
    }


def reason_of(trial: Any) -> str | None:
    """Return why a trial has failed, None if it has not."""
    reason: str | None = trial.user_attrs.get(_REASON)
    return reason


def is_surplus(trial: Any) -> bool:
    """Tell whether a trial was never run, as there were enough of them."""
    return bool(trial.user_attrs.get(_SURPLUS))


def _running(study: Any) -> list[Any]:
    return [t for t in study.get_trials(deepcopy=False) if t.state.name == "RUNNING"]


def _is_dead(trial: Any) -> bool:
    owner = trial.user_attrs.get(_OWNER)
    return owner is None or is_known_dead(owner)


def abandoned_trials(study: Any) -> list[int]:
    """Return the identifiers of trials that a killed process has left running."""
    suspects = [trial.number for trial in _running(study) if _is_dead(trial)]
    if suspects:
        # Whoever has just asked for a trial has yet to sign it.
        time.sleep(_PATIENCE)
    return [
        trial._trial_id
        for trial in _running(study)
        if trial.number in suspects and _is_dead(trial)
    ]


class SearchTrial:
    """Run one trial of a study, new or begun by a process that was killed.

    Parameters
    ----------
    trial : optuna.trial.Trial
        The trial.
    study : optuna.Study
        Its study.
    """

    def __init__(self, trial: Any, study: Any) -> None:
        self.trial, self.study = trial, study
        self.outcomes = outcomes_of(trial)
        stored = study.get_trials(deepcopy=False)[trial.number]
        self.reported = set(stored.intermediate_values)
        self.is_over = self.wants_stop = False
        trial.set_user_attr(_OWNER, this_process())

    @property
    def number(self) -> int:
        """Number of the trial in the study."""
        return int(self.trial.number)

    def suggest(self, space: Space) -> None:
        """Take the parameters from the space."""
        self.params = space(self.trial)

    def discard(self) -> None:
        """Give up a trial that is one too many."""
        self.trial.set_user_attr(_SURPLUS, True)
        self._tell(state="FAIL")

    def release(self) -> None:
        """Let others go on with the trial."""
        if not self.is_over:
            self.trial.set_user_attr(_OWNER, None)

    def needs(self, fold: int) -> bool:
        """Tell whether a fold is still to be evaluated."""
        return not self.is_over and fold not in self.outcomes

    def record(self, fold: int, outcome: Outcome) -> None:
        """Keep the outcome of a fold, and report the mean score so far."""
        self.outcomes[fold] = outcome
        self.trial.set_user_attr(f"{_FOLD}:{fold}", outcome.to_dict())

    def report(self, fold: int) -> None:
        """Report the mean score of the folds so far, for the pruner, if still due."""
        is_due = not self.is_over and fold not in self.reported
        if is_due and self.outcomes[fold].error is None:
            self.trial.report(self._mean(fold + 1), fold)

    def _mean(self, n_folds: int) -> float:
        scores = [self.outcomes[fold].test_score or 0.0 for fold in range(n_folds)]
        return math.fsum(scores) / n_folds

    def conclude(self, fold: int, n_splits: int) -> None:
        """End the trial after a fold, if it failed, is pruned or was the last."""
        if self.is_over:
            return
        error = self.outcomes[fold].error
        if error is not None:
            self.trial.set_user_attr(_REASON, f"fold {fold}: {error}")
            self._tell(state="FAIL")
        elif fold == n_splits - 1:
            self._tell(value=self._mean(n_splits))
        elif fold + 1 not in self.outcomes and self.trial.should_prune():
            self._tell(state="PRUNED")

    def _tell(self, value: float | None = None, state: str | None = None) -> None:
        """End the trial in the study, unless another process has done so already."""
        states = load_optuna().trial.TrialState
        known = None if state is None else states[state]
        self.is_over = True
        try:
            self.study.tell(self.trial, value, state=known, skip_if_finished=True)
        except RuntimeError:
            # A sampler with nothing left to propose says so in this way.
            self.wants_stop = self._is_finished()
            if not self.wants_stop:
                raise

    def _is_finished(self) -> bool:
        trials = self.study.get_trials(deepcopy=False)
        return bool(trials[self.number].state.is_finished())
