"""Choose models by the money they would have made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, NanosecondArray
from sk_ensemble.backtest._backtest import backtest
from sk_ensemble.backtest._positions import positions_from_proba
from sk_ensemble.backtest._result import BacktestResult
from sk_ensemble.backtest._sharpe import daily_sharpe
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bars import symbol_time_keys
from sk_ensemble.utils.sessions import local_days
from sk_ensemble.utils.time import to_utc_ns

__all__ = ["BacktestScorer"]


def _keys(X: Any) -> tuple[np.ndarray, NanosecondArray]:
    """Return symbol and time of each sample of a Panel or of Windows."""
    if not (hasattr(X, "times") and hasattr(X, "symbols")):
        msg = (
            "A backtest needs to know when and of what each sample is, so X must be a "
            f"Panel or Windows, got {type(X).__name__}."
        )
        raise DataError(msg)
    return np.asarray(X.symbols), to_utc_ns(pd.Series(X.times), name="times of X")


def _table(estimator: Any, X: Any, down: Any, up: Any) -> pd.DataFrame:
    """Return probabilities with their keys; a class never seen has probability 0."""
    symbols, times = _keys(X)
    index = pd.MultiIndex.from_arrays(
        [symbols, pd.DatetimeIndex(times, tz="UTC")], names=["symbol", "datetime"]
    )
    proba = pd.DataFrame(
        np.asarray(estimator.predict_proba(X)), index=index, columns=estimator.classes_
    )
    return proba.reindex(columns=[down, up], fill_value=0.0)


def _period(bars: pd.DataFrame, proba: pd.DataFrame, n_after: int) -> pd.DataFrame:
    """Return each predicted symbol's bars, from the first prediction of all on.

    `n_after` bars after the last prediction are kept, so that every slice runs out.
    """
    symbols, times = symbol_time_keys(bars)
    of, when = symbol_time_keys(proba)
    keep = np.zeros(len(bars), dtype=bool)
    for name in np.unique(of):
        rows = np.flatnonzero((symbols == name) & (times >= when.min()))
        rows = rows[np.argsort(times[rows], kind="stable")]
        n_until_last = int(np.searchsorted(times[rows], when.max(), side="right"))
        keep[rows[: n_until_last + n_after]] = True
    return bars[keep]


@dataclass(frozen=True, eq=False, repr=False)
class BacktestScorer:
    """Score a classifier by the daily profits of a backtest of its predictions.

    For ``scoring=`` in cross-validation and searches on a Panel: the probabilities of
    the test samples become positions, the positions are backtested with costs, and a
    statistic of the daily profits is the score.

    Parameters
    ----------
    bars : DataFrame of n_bars rows
        Bars of all symbols and times that are scored, as for :func:`backtest`.
    horizon : int
        Life of a slice, bars of the symbol; see :func:`positions_from_proba`.
    costs : DataFrame or float
        Trading costs, as for :func:`backtest`; ``contract_specs()`` or 0, say.
    statistic : callable, default=daily_sharpe
        Function of the daily profits, an array of shape (n_days,); greater is better.
        Such as ``sk_ensemble.metrics.sortino_ratio`` or ``numpy.mean``.
    threshold : float, default=0.05
        Least difference of p(up) and p(down) that is traded.
    delay : int, default=1
        Bars between a signal and the close at which its slice is opened.
    overnight : bool, default=False
        Whether positions are held over session gaps.
    session_gap : str or Timedelta, default="4h"
        A longer step between two bars of a symbol separates two sessions.
    timezone : str, default="UTC"
        Time zone in which a trading day begins at midnight.
    down : label, default=-1
        Class of a falling price.
    up : label, default=1
        Class of a rising price.

    Raises
    ------
    DataError
        When called: if X is neither a Panel nor Windows, or the bars lack a sample's.

    See Also
    --------
    sk_ensemble.metrics.probability_of_backtest_overfitting : What such a choice is
        worth.

    Notes
    -----
    A slice opened at the end of the test samples is held to its end, which uses bars
    after the last sample as a label does. Only samples are predicted: bars without a
    label, such as the last of a session, open no slice. Days without a sample and
    without a position are left out, so test sets with holes score like others. A fold
    without any trade scores 0. The profits of a few hundred days tell much less than
    the log loss of as many thousand bars: use this to confirm a choice rather than to
    make it.

    Examples
    --------
    >>> from sk_ensemble.backtest import BacktestScorer
    >>> from sk_ensemble.datasets import contract_specs, load_bars
    >>> bars = load_bars(["IF"], start="2021-08", end="2021-08")
    >>> BacktestScorer(bars, 5, costs=contract_specs())
    BacktestScorer(horizon=5, statistic=daily_sharpe, threshold=0.05, delay=1)
    """

    bars: pd.DataFrame
    horizon: int
    costs: pd.DataFrame | float
    statistic: Callable[[FloatArray], float] = daily_sharpe
    threshold: float = 0.05
    delay: int = 1
    overnight: bool = False
    session_gap: Any = "4h"
    timezone: str = "UTC"
    down: Any = -1
    up: Any = 1

    def __repr__(self) -> str:
        name = getattr(self.statistic, "__name__", repr(self.statistic))
        return (
            f"BacktestScorer(horizon={self.horizon}, statistic={name}, "
            f"threshold={self.threshold}, delay={self.delay})"
        )

    def backtest(self, estimator: Any, X: Any) -> BacktestResult:
        """Backtest the predictions of a fitted classifier.

        Parameters
        ----------
        estimator : estimator
            Fitted classifier with ``predict_proba``.
        X : Panel or Windows
            Samples to predict.

        Returns
        -------
        result : BacktestResult
            Profits from the first to shortly after the last sample.
        """
        proba = _table(estimator, X, self.down, self.up)
        bars = _period(self.bars, proba, self.horizon + self.delay)
        positions = positions_from_proba(
            proba,
            self.horizon,
            bars=bars,
            threshold=self.threshold,
            delay=self.delay,
            down=self.down,
            up=self.up,
        )
        return backtest(
            positions,
            bars,
            costs=self.costs,
            overnight=self.overnight,
            session_gap=self.session_gap,
            timezone=self.timezone,
        )

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Return the statistic of the daily profits.

        Parameters
        ----------
        estimator : estimator
            Fitted classifier with ``predict_proba``.
        X : Panel or Windows
            Samples to predict.
        y : object, default=None
            Not used: the bars tell what came true.

        Returns
        -------
        score : float
            Greater is better.
        """
        result = self.backtest(estimator, X)
        if not result.bars["position"].any():
            return 0.0
        return float(self.statistic(self._counted(result, X)))

    def _counted(self, result: BacktestResult, X: Any) -> FloatArray:
        """Return the profits of the days with a sample, a position or a trade."""
        active = (result.bars != 0).any(axis=1)
        _, times = symbol_time_keys(result.bars[active])
        days = local_days(np.concatenate((_keys(X)[1], times)), self.timezone)
        of_result = result.daily.index.to_numpy("datetime64[D]").astype(np.int64)
        return result.daily.to_numpy()[np.isin(of_result, days)]
