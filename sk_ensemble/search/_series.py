"""Gains or profits of the trials of a search over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.search._evaluation import Evaluation
from sk_ensemble.search._gains import gain_series, profit_series
from sk_ensemble.search._results import TrialRow

__all__ = ["SeriesMaker"]


@dataclass(frozen=True)
class SeriesMaker:
    """Put the folds of each trial together to one series.

    Parameters
    ----------
    measured : {"log-loss gain", "profit"}
        What the series are.
    period : str
        What a period is.
    n_periods : int
        Periods there are, for gains.
    n_tests : float
        How many folds test a row, on average.
    """

    measured: str
    period: str
    n_periods: int
    n_tests: float

    @classmethod
    def of(cls, evaluation: Evaluation, period: str) -> Self:
        """Return the maker for a search."""
        is_gain = evaluation.profits is None
        return cls(
            measured="log-loss gain" if is_gain else "profit",
            period=period if is_gain else "day",
            n_periods=int(evaluation.periods.max()) + 1,
            n_tests=evaluation.n_tests,
        )

    def refuse_without(self, rows: Sequence[TrialRow]) -> None:
        """Raise if the trials have no series."""
        if not all(outcome.series for row in rows for outcome in row.outcomes.values()):
            msg = (
                "The gain in log loss needs a classifier with predict_proba. Pass "
                "profits to the search, a function that gives a Series."
            )
            raise DataError(msg)

    def all_of(
        self, rows: Sequence[TrialRow], begun: Sequence[TrialRow]
    ) -> list[FloatArray]:
        """Return the series of some trials.

        Parameters
        ----------
        rows : sequence of TrialRow
            The trials.
        begun : sequence of TrialRow
            All trials that were begun, whose days are the days there are.

        Returns
        -------
        series : list of ndarray of shape (n_periods,)
            One per trial.
        """
        folds = [[o.series for o in row.outcomes.values() if o.series] for row in rows]
        if self.measured == "log-loss gain":
            return [gain_series(of, self.n_periods) for of in folds]
        days = np.unique(
            [
                day
                for row in begun
                for outcome in row.outcomes.values()
                for day in outcome.series.get("period", [])
            ]
        ).astype(np.int64)
        return [profit_series(of, days, self.n_tests) for of in folds]
