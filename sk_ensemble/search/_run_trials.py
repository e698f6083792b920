"""Run the trials of a study in batches, fold by fold."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sk_ensemble.search._evaluation import Evaluation, evaluate
from sk_ensemble.search._optuna import load_optuna
from sk_ensemble.search._prediction_files import PredictionFiles
from sk_ensemble.search._trial import SearchTrial, Space, abandoned_trials

__all__ = ["TrialRunner"]


@dataclass(eq=False)
class TrialRunner:
    """Run trials until there are enough of them or the time is up.

    The trials of a batch are asked for, reported and ended in the order of their
    numbers by this process; workers only fit and score. So nothing depends on which
    worker is faster.

    Parameters
    ----------
    study : optuna.Study
        The study.
    space : callable
        Turns a trial into parameters.
    evaluation : Evaluation
        What all trials have in common.
    estimator : estimator
        Cloned for each fit.
    n_trials : int
        Trials the study has in the end.
    timeout : float or None
        Seconds after which no trial is begun.
    n_jobs : int or None
        Trials of a batch.
    caller : estimator
        The search.
    context : CallbackContext
        Its task of searching.
    files : PredictionFiles or None
        Where predictions are kept, if they are.
    """

    study: Any
    space: Space
    evaluation: Evaluation
    estimator: Any
    n_trials: int
    timeout: float | None
    n_jobs: int | None
    caller: Any
    context: Any
    files: PredictionFiles | None

    def run(self) -> None:
        """Run all trials that are missing, those that were cut short first."""
        start = time.monotonic()
        abandoned = abandoned_trials(self.study)
        size = effective_n_jobs(self.n_jobs)
        with Parallel(n_jobs=self.n_jobs) as parallel:
            while batch := self._next_batch(abandoned, size):
                is_stopped = self._run_batch(batch, parallel)
                is_late = (
                    self.timeout is not None
                    and time.monotonic() - start >= self.timeout
                )
                if is_stopped or is_late:
                    return

    def _next_batch(self, abandoned: list[int], size: int) -> list[SearchTrial]:
        """Return trials to run, none if there are enough."""
        batch: list[SearchTrial] = []
        while len(batch) < size:
            trial = self._next_trial(abandoned)
            if trial is None:
                break
            batch.append(trial)
            self._suggest(trial)
            if not abandoned and (trial.number + 1) % size == 0:
                # Batches begin at the same numbers, however often they were cut short.
                break
        return batch

    def _suggest(self, trial: SearchTrial) -> None:
        try:
            trial.suggest(self.space)
        except BaseException:
            trial.release()
            raise

    def _next_trial(self, abandoned: list[int]) -> SearchTrial | None:
        """Return a trial that was cut short, a new one, or None."""
        if abandoned:
            return self._taken_up(abandoned.pop(0))
        if self._n_begun() >= self.n_trials:
            return None
        trial = SearchTrial(self.study.ask(), self.study)
        if trial.number >= self.n_trials:
            trial.discard()
            return None
        return trial

    def _n_begun(self) -> int:
        """Return how many trials there are, without those that only wait."""
        trials = self.study.get_trials(deepcopy=False)
        return sum(trial.state.name != "WAITING" for trial in trials)

    def _taken_up(self, trial_id: int) -> SearchTrial:
        trial = load_optuna().trial.Trial(self.study, trial_id)
        return SearchTrial(trial, self.study)

    def _run_batch(self, batch: Sequence[SearchTrial], parallel: Parallel) -> bool:
        """Run a batch to its end and say whether a callback wants to stop."""
        contexts = [self._begin(trial) for trial in batch]
        try:
            for fold in range(len(self.evaluation.folds)):
                self._run_fold(fold, batch, contexts, parallel)
        finally:
            for trial in batch:
                trial.release()
        stops = [self._end(context) for context in contexts]
        return any(stops) or any(trial.wants_stop for trial in batch)

    def _begin(self, trial: SearchTrial) -> Any:
        context = self.context.subcontext(
            task_name="trial",
            task_id=trial.number,
            max_subtasks=len(self.evaluation.folds),
            sequential_subtasks=False,
        )
        return context.call_on_fit_task_begin(estimator=self.caller)

    def _end(self, context: Any) -> bool:
        return bool(context.call_on_fit_task_end(estimator=self.caller))

    def _run_fold(
        self,
        fold: int,
        batch: Sequence[SearchTrial],
        contexts: Sequence[Any],
        parallel: Parallel,
    ) -> None:
        """Evaluate one fold for all trials of a batch that are still in the race."""
        missing = [trial for trial in batch if trial.needs(fold)]
        outcomes = parallel(self._tasks(fold, batch, contexts))
        for trial, outcome in zip(missing, outcomes, strict=True):
            if self.files is not None and outcome.proba is not None:
                self.files.write(trial.number, fold, outcome.proba)
            trial.record(fold, outcome)
        for trial in batch:
            trial.report(fold)
        for trial in batch:
            trial.conclude(fold, len(self.evaluation.folds))

    def _tasks(
        self, fold: int, batch: Sequence[SearchTrial], contexts: Sequence[Any]
    ) -> Iterator[Any]:
        # All at once: a task cannot be added to a tree that is being sent to a worker.
        tasks = [
            (trial, context.subcontext("candidate-split-evaluation", task_id=fold))
            for trial, context in zip(batch, contexts, strict=True)
            if trial.needs(fold)
        ]
        for trial, context in tasks:
            yield delayed(evaluate)(
                self.evaluation,
                clone(self.estimator),
                trial.params,
                fold,
                self.caller,
                context,
            )
