"""The rows of one horizon: development samples and a test period apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, IntArray, NanosecondArray
from sk_ensemble.datasets import contract_specs, load_bars
from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.experiments._config import ComparisonConfig
from sk_ensemble.labeling import fixed_horizon_labels, forward_returns
from sk_ensemble.panel import Panel
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.utils.time import format_ns, to_utc_ns

__all__ = ["HorizonData", "MarketData", "load_market", "prepare_horizon"]


@dataclass(frozen=True, eq=False)
class MarketData:
    """Bars, the panel of their features, and where the test period begins.

    Attributes
    ----------
    bars : DataFrame
        The bars.
    panel : Panel
        Features of every bar after the warm-up.
    test_start : int
        First time of the test period, nanoseconds in UTC: `embargo_size` time stamps
        after the last one of development.
    development_stop : int
        First time after development, nanoseconds in UTC.
    """

    bars: pd.DataFrame
    panel: Panel
    test_start: int
    development_stop: int

    @property
    def test_bars(self) -> pd.DataFrame:
        """The bars of the test period."""
        times = to_utc_ns(self.bars["datetime"])
        return self.bars[times >= self.test_start]


@dataclass(frozen=True, eq=False)
class HorizonData:
    """Samples of one horizon.

    Attributes
    ----------
    horizon : int
        Bars.
    X : Panel
        Development samples, thinned, carrying `label_end`.
    y : ndarray of shape (n_samples,)
        Their labels.
    X_test : Panel
        Every bar of the test period, labelled or not.
    outcomes : DataFrame
        ``y``, ``label_end`` and ``forward_return`` of every labelled bar, with levels
        symbol and datetime.
    """

    horizon: int
    X: Panel
    y: np.ndarray
    X_test: Panel
    outcomes: pd.DataFrame


def _test_start(stamps: IntArray, development_stop: int, embargo_size: int) -> int:
    """Return the time stamp that follows development and the embargo."""
    place = int(np.searchsorted(stamps, development_stop)) + embargo_size
    if place >= len(stamps):
        msg = (
            f"No test period is left: the bars end at {format_ns(stamps[-1])}, less "
            f"than {embargo_size} time stamps after development, which ends before "
            f"{format_ns(development_stop)}. Choose an earlier development_end, a "
            "later end, or a smaller embargo_size."
        )
        raise EmptyFoldError(msg)
    return int(stamps[place])


def load_market(config: ComparisonConfig) -> MarketData:
    """Load the bars of a comparison and compute their features."""
    bars = load_bars(list(config.symbols), start=config.start, end=config.end)
    specs = contract_specs()
    features = bar_features(
        bars, timezone=specs["timezone"], session_gap=specs["session_gap"]
    )
    panel = Panel.from_frame(features)
    last_day = pd.Timestamp(config.development_end)
    stop = int((last_day + pd.Timedelta(days=1)).as_unit("ns").value)
    start = _test_start(panel.history.unique_times, stop, config.embargo_size)
    return MarketData(bars, panel, start, stop)


def _thinned(times: IntArray, stride: int) -> BoolArray:
    """Mark every `stride`-th time stamp, of all symbols together."""
    _, ranks = np.unique(times, return_inverse=True)
    return np.equal(ranks % stride, 0)


def _spans(X: Panel) -> tuple[NanosecondArray, NanosecondArray]:
    """Return the times of labelled samples and the ends of their labels."""
    return (
        cast(NanosecondArray, X.times_ns),
        cast(NanosecondArray, X.label_end_ns),
    )


def _outcomes(bars: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return labels, their ends and the returns behind them."""
    labels = fixed_horizon_labels(bars, horizon)
    returns = forward_returns(bars, horizon)["forward_return"]
    return labels.rename(columns={"label": "y"}).join(returns)


def prepare_horizon(
    market: MarketData, horizon: int, config: ComparisonConfig
) -> HorizonData:
    """Label the bars and set the test period apart.

    A development label must end before development does.
    """
    outcomes = _outcomes(market.bars, horizon)
    X, y = market.panel.align(outcomes.rename(columns={"y": "label"}))
    times, ends = _spans(X)
    kept = np.flatnonzero(ends < market.development_stop)
    kept = kept[_thinned(times[kept], config.stride)]
    if not len(kept):
        msg = (
            f"No development sample is left for horizon {horizon} between "
            f"{config.start} and {config.development_end}. Choose a longer period."
        )
        raise EmptyFoldError(msg)
    bar_times = cast(NanosecondArray, market.panel.times_ns)
    X_test = market.panel[bar_times >= market.test_start]
    return HorizonData(horizon, X[kept], y[kept], X_test, outcomes)
