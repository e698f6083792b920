"""The table of results of a study, in the form that scikit-learn's searches have."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import FitFailedWarning

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import ResumeError
from sk_ensemble.search._evaluation import Outcome
from sk_ensemble.search._trial import Space, is_surplus, outcomes_of, reason_of

__all__ = ["TrialRow", "cv_results", "refuse_without_scores", "rows_of"]

#: Reasons shown of trials that failed.
_SHOWN = 10


class TrialRow:
    """One trial of a study, as a row of the table.

    Parameters
    ----------
    trial : FrozenTrial
        The trial.
    space : callable
        Turns a trial into parameters; of a finished one into those it had.
    """

    def __init__(self, trial: Any, space: Space) -> None:
        self.number = int(trial.number)
        self.state = trial.state.name.lower()
        self.reason = reason_of(trial)
        self.outcomes = outcomes_of(trial)
        self.is_surplus = is_surplus(trial)
        self.params = {} if self.is_surplus else _params_again(trial, space)

    @property
    def is_tried(self) -> bool:
        """Whether the trial counts as one."""
        return self.state != "waiting" and not self.is_surplus

    def column(self, name: str, n_splits: int) -> FloatArray:
        """Return one value per fold, NaN where there is none."""
        missing = Outcome(None, None, np.nan, np.nan)
        values = [
            getattr(self.outcomes.get(fold, missing), name) for fold in range(n_splits)
        ]
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _params_again(trial: Any, space: Space) -> dict[str, Any]:
    """Return the parameters of a trial, which the space makes of what is stored."""
    if trial.state.name in ("RUNNING", "WAITING"):
        return dict(trial.params)
    try:
        return space(trial)
    except ValueError as error:
        msg = (
            f"Trial {trial.number} was made by other param_distributions ({error}). "
            "Go on with those, or choose another study_name."
        )
        raise ResumeError(msg) from error


def rows_of(study: Any, space: Space) -> list[TrialRow]:
    """Return all trials of a study in the order of their numbers.

    Parameters
    ----------
    study : optuna.Study
        The study.
    space : callable
        Turns a trial into parameters.

    Returns
    -------
    rows : list of TrialRow
        One per trial.
    """
    return [TrialRow(trial, space) for trial in study.get_trials(deepcopy=False)]


def _param_columns(rows: Sequence[TrialRow]) -> Iterator[tuple[str, Any]]:
    """Yield one masked column per parameter."""
    names = {name: None for row in rows for name in row.params}
    for name in names:
        column = np.ma.MaskedArray(np.empty(len(rows), dtype=object), mask=True)
        for place, row in enumerate(rows):
            if name in row.params:
                column[place] = row.params[name]
        yield f"param_{name}", column


def _score_columns(table: FloatArray, name: str) -> Iterator[tuple[str, FloatArray]]:
    """Yield scores per fold, mean and standard deviation."""
    for fold in range(table.shape[1]):
        yield f"split{fold}_{name}", table[:, fold]
    yield f"mean_{name}", table.mean(axis=1)
    yield f"std_{name}", table.std(axis=1)


def _ranks(means: FloatArray) -> np.ndarray:
    """Return ranks, 1 is best; trials without a mean share the last one."""
    lowest = np.nanmin(means) - 1 if np.isfinite(means).any() else 0.0
    filled = np.where(np.isfinite(means), means, lowest)
    return rankdata(-filled, method="min").astype(np.int32)


def cv_results(
    rows: Sequence[TrialRow], n_splits: int, *, with_train_scores: bool
) -> dict[str, Any]:
    """Return the table of results.

    Parameters
    ----------
    rows : sequence of TrialRow
        All trials.
    n_splits : int
        Folds.
    with_train_scores : bool
        Whether there are scores of training rows.

    Returns
    -------
    results : dict of arrays
        One entry per trial.
    """

    def table(name: str) -> FloatArray:
        return np.stack([row.column(name, n_splits) for row in rows])

    results: dict[str, Any] = {}
    for name in ("fit_time", "score_time"):
        times = table(name)
        known = np.isfinite(times).any(axis=1)
        for kind, of in (("mean", np.nanmean), ("std", np.nanstd)):
            values = np.full(len(rows), np.nan)
            values[known] = of(times[known], axis=1)
            results[f"{kind}_{name}"] = values
    results |= dict(_param_columns(rows))
    results["params"] = [row.params for row in rows]
    results |= dict(_score_columns(table("test_score"), "test_score"))
    results["rank_test_score"] = _ranks(results["mean_test_score"])
    if with_train_scores:
        results |= dict(_score_columns(table("train_score"), "train_score"))
    results["state"] = np.array([row.state for row in rows], dtype=object)
    return results


def _reasons(rows: Sequence[TrialRow]) -> str:
    """Return a table of the reasons for which trials failed, the commonest first."""
    counts = Counter(row.reason for row in rows if row.reason is not None)
    first = {row.reason: row.number for row in reversed(rows)}
    lines = [
        f"- {count} x {reason} (first in trial {first[reason]})"
        for reason, count in counts.most_common(_SHOWN)
    ]
    hidden = len(counts) - _SHOWN
    return "\n".join(lines + [f"- and {hidden} other reasons"] * (hidden > 0))


def _common_type(rows: Sequence[TrialRow]) -> type[Exception]:
    """Return TypeError if that is what all trials failed with, else ValueError."""
    kinds = {(row.reason or "").partition(": ")[2].partition(":")[0] for row in rows}
    return TypeError if kinds == {"TypeError"} else ValueError


def refuse_without_scores(rows: Sequence[TrialRow]) -> None:
    """Raise if no trial has a score; warn if some have failed.

    Raises
    ------
    ValueError
        With a table of the reasons; a TypeError if all of them are.
    """
    failed = [row for row in rows if row.state == "fail" and not row.is_surplus]
    if not any(row.state == "complete" for row in rows):
        msg = (
            f"None of the {len(rows)} trials has a finite score, so there is nothing "
            f"to choose from:\n{_reasons(rows)}\nPass error_score='raise' to see where "
            "it happens."
        )
        raise _common_type(rows)(msg)
    if failed:
        msg = f"{len(failed)} of {len(rows)} trials failed:\n{_reasons(rows)}"
        warnings.warn(msg, FitFailedWarning, stacklevel=3)
