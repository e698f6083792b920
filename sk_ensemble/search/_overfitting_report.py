"""What the winner of a search is worth, given how many were tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import (
    BacktestOverfitting,
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    probability_of_backtest_overfitting,
    sharpe_ratio,
)
from sk_ensemble.utils.html import facts_html

__all__ = ["OverfittingReport", "make_report"]

_MOST_BLOCKS = 12
#: Periods that a block has at least.
_LEAST_IN_BLOCK = 4


@dataclass(frozen=True, eq=False, repr=False)
class OverfittingReport:
    """What the winner of a search is worth, given how many were tried.

    Made by `OptunaSearchCV.overfitting_report`.

    Attributes
    ----------
    measured : str
        What the figures are about: ``"log-loss gain"`` over the class shares, or
        ``"profit"``.
    period : str
        What a period is.
    n_periods : int
        Periods out of sample.
    n_trials : int
        Trials that were made, with those that were pruned or failed, and further ones.
    n_complete : int
        Trials of the search that were run to the end.
    best_trial : int
        Number of the winner.
    sharpe : float
        Sharpe ratio of the winner's gains or profits, per period.
    luck : float
        Sharpe ratio that the best of as many worthless trials would have had.
    deflated_sharpe_ratio : float
        Confidence that the winner's is more than that. Above 0.95 it is more than luck.
    pbo : float
        Probability of backtest overfitting, over 12 blocks of time or fewer: how often
        the trial that is best in one half of them is no better than the median in the
        other. NaN for fewer than two different complete trials.
    contest : BacktestOverfitting or None
        The details of `pbo`; None where it is NaN.

    See Also
    --------
    sk_ensemble.metrics.deflated_sharpe_ratio : The first figure.
    sk_ensemble.metrics.probability_of_backtest_overfitting : The second.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.search._overfitting_report import make_report
    >>> rng = np.random.default_rng(0)
    >>> trials = [rng.normal(size=400) for _ in range(10)]
    >>> report = make_report(trials, trials, 3, 10, "profit", "day")
    >>> report.n_trials, report.deflated_sharpe_ratio < 0.95
    (10, True)
    """

    measured: str
    period: str
    n_periods: int
    n_trials: int
    n_complete: int
    best_trial: int
    sharpe: float
    luck: float
    deflated_sharpe_ratio: float
    pbo: float
    contest: BacktestOverfitting | None

    def __repr__(self) -> str:
        return "\n".join(
            [
                f"Trial {self.best_trial} is the best of {self.n_trials} "
                f"({self.n_complete} of them complete).",
                f"{self.measured} per {self.period}, {self.n_periods} of them out of "
                "sample:",
                f"  Sharpe ratio            {self.sharpe:8.4f}",
                f"  to be expected by luck  {self.luck:8.4f}",
                f"  deflated Sharpe ratio   {self.deflated_sharpe_ratio:8.4f}  "
                "(confidence; more than luck above 0.95)",
                f"  PBO                     {self.pbo:8.4f}  "
                "(choosing is no better than lots at 0.5)",
            ]
        )

    def _repr_html_(self) -> str:
        title = (
            f"Trial {self.best_trial} is the best of {self.n_trials} "
            f"({self.n_complete} complete)"
        )
        per = f"{self.measured} per {self.period}, {self.n_periods} out of sample"
        facts = [
            ("Measured", per),
            ("Sharpe ratio", f"{self.sharpe:.4f}"),
            ("To be expected by luck", f"{self.luck:.4f}"),
            (
                "Deflated Sharpe ratio",
                f"{self.deflated_sharpe_ratio:.4f} (more than luck above 0.95)",
            ),
            ("PBO", f"{self.pbo:.4f} (no better than lots at 0.5)"),
        ]
        return facts_html(title, facts)


def _sharpe(series: FloatArray) -> float | None:
    """Return the Sharpe ratio of what is known of a trial, None if there is none."""
    known = series[np.isfinite(series)]
    if len(known) < 2 or np.ptp(known) == 0:
        return None
    return float(sharpe_ratio(known))


def _mean(table: FloatArray) -> FloatArray:
    return table.mean(axis=0)


def _contest(
    complete: Sequence[FloatArray], measured: str
) -> BacktestOverfitting | None:
    """Return how the best trial of one half of the time does in the other."""
    # Samplers come back to what is good; the same again is no other contestant.
    different = {series.tobytes(): series for series in complete}
    table = np.stack(list(different.values()), axis=1)
    table = table[np.isfinite(table).all(axis=1)]
    n_blocks = min(_MOST_BLOCKS, len(table) // _LEAST_IN_BLOCK // 2 * 2)
    if table.shape[1] < 2 or n_blocks < 2:
        return None
    # The criterion by which the search chooses: it compares means of scores.
    performance = "sharpe" if measured == "profit" else _mean
    return probability_of_backtest_overfitting(
        table, n_blocks=n_blocks, performance=performance
    )


def make_report(
    complete: Sequence[FloatArray],
    others: Sequence[FloatArray],
    best: int,
    n_trials: int,
    measured: str,
    period: str,
    best_trial: int | None = None,
) -> OverfittingReport:
    """Return the report on a search.

    Parameters
    ----------
    complete : sequence of ndarray of shape (n_periods,)
        Gains or profits of every complete trial; NaN where nothing was tested.
    others : sequence of ndarray of shape (n_periods,)
        Those of all trials, as far as they went.
    best : int
        Place of the winner in `complete`.
    n_trials : int
        Trials that were made in all.
    measured : {"log-loss gain", "profit"}
        What the series are.
    period : str
        What a period is.
    best_trial : int or None, default=None
        Number of the winner; None means its place.

    Returns
    -------
    report : OverfittingReport
        The report.

    Raises
    ------
    DataError
        If the winner's series does not vary.
    """
    winner = complete[best][np.isfinite(complete[best])]
    sharpe = _sharpe(winner)
    if sharpe is None:
        msg = (
            f"The {measured} of the winner is the same in all {len(winner)} periods, "
            "so it has no Sharpe ratio. It may never trade, or predict class shares."
        )
        raise DataError(msg)
    sharpes = [value for value in map(_sharpe, others) if value is not None]
    variance = float(np.var(sharpes, ddof=1)) if len(sharpes) > 1 else 0.0
    contest = _contest(complete, measured)
    return OverfittingReport(
        measured=measured,
        period=period,
        n_periods=len(winner),
        n_trials=n_trials,
        n_complete=len(complete),
        best_trial=best if best_trial is None else best_trial,
        sharpe=sharpe,
        luck=expected_maximum_sharpe(n_trials, variance=variance),
        deflated_sharpe_ratio=deflated_sharpe_ratio(
            winner, n_trials=n_trials, trial_variance=variance
        ),
        pbo=float("nan") if contest is None else contest.pbo,
        contest=contest,
    )
