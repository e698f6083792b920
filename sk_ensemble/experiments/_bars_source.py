"""Samples from the shipped bars: features, labels and three periods by date."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, IntArray, NanosecondArray
from sk_ensemble.datasets import contract_specs, load_bars
from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.experiments.config import BarsSection
from sk_ensemble.labeling import fixed_horizon_labels, forward_returns
from sk_ensemble.model_selection import embargo_end
from sk_ensemble.panel import Panel
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.utils.time import format_ns, to_utc_ns

__all__ = ["BarsSource"]


def _day_after(day: str) -> int:
    """Return the first nanosecond after a day, UTC."""
    return int((pd.Timestamp(day) + pd.Timedelta(days=1)).as_unit("ns").value)


def _thinned(times: IntArray, stride: int) -> BoolArray:
    """Mark every `stride`-th time stamp, of all symbols together."""
    _, ranks = np.unique(times, return_inverse=True)
    return np.equal(ranks % stride, 0)


@dataclass(frozen=True, eq=False)
class BarsSource:
    """Make samples of any horizon from the shipped bars.

    A validation or test period begins an embargo after the one before it ends.
    Training samples are thinned by `data.stride`; their windows still hold every bar,
    and the periods that score are never thinned.

    Parameters
    ----------
    data : BarsSection
        Symbols and dates.
    embargo_size : int, float or str
        What is left out between two periods, as the splitters take it.
    """

    data: BarsSection
    embargo_size: Any

    @cached_property
    def bars(self) -> pd.DataFrame:
        """The bars."""
        return load_bars(
            list(self.data.symbols), start=self.data.start, end=self.data.end
        )

    @cached_property
    def panel(self) -> Panel:
        """Features of every bar after the warm-up."""
        specs = contract_specs()
        features = bar_features(
            self.bars, timezone=specs["timezone"], session_gap=specs["session_gap"]
        )
        return Panel.from_frame(features)

    @cached_property
    def bounds(self) -> dict[str, tuple[int, int]]:
        """First time of each period and the first after it, nanoseconds in UTC."""
        stamps = self.panel.history.unique_times
        ends = [_day_after(day) for day in (self.data.train_end, self.data.val_end)]
        val_start, test_start = (self._after_embargo(end) for end in ends)
        train_stop, val_stop = ends
        if val_start >= val_stop:
            msg = (
                f"No validation period is left: after data.train_end and an embargo of "
                f"{self.embargo_size!r} it is {format_ns(val_start)}, and data.val_end "
                f"is {self.data.val_end}. Choose a later val_end or a smaller "
                "cv.embargo_size."
            )
            raise EmptyFoldError(msg)
        return {
            "train": (int(stamps[0]), train_stop),
            "val": (val_start, val_stop),
            "test": (test_start, int(stamps[-1]) + 1),
        }

    def _after_embargo(self, stop: int) -> int:
        """Return the first time after a period's end and the embargo."""
        last = pd.Timestamp(stop - 1, tz="UTC")
        return int(embargo_end(self.embargo_size, self.panel, last).value)

    def trading_bars(self, period: str) -> pd.DataFrame | None:
        """Return the bars of a period."""
        times = to_utc_ns(self.bars["datetime"])
        start, stop = self.bounds[period]
        return self.bars[(times >= start) & (times < stop)]

    def samples(self, horizon: int) -> HorizonSamples:
        """Label the bars and tell the periods apart.

        A training label must end before training does.
        """
        outcomes = self._outcomes(horizon)
        X, y = self.panel.align(outcomes.rename(columns={"y": "label"}))
        kept = self._training_rows(X, horizon)
        return HorizonSamples(
            horizon,
            X[kept],
            y[kept],
            {period: self._period(period) for period in ("val", "test")},
            outcomes,
        )

    def _outcomes(self, horizon: int) -> pd.DataFrame:
        """Return labels, their ends and the returns behind them."""
        labels = fixed_horizon_labels(self.bars, horizon)
        returns = forward_returns(self.bars, horizon)["forward_return"]
        return labels.rename(columns={"label": "y"}).join(returns)

    def _training_rows(self, X: Panel, horizon: int) -> IntArray:
        times = cast(NanosecondArray, X.times_ns)
        ends = cast(NanosecondArray, X.label_end_ns)
        kept = np.flatnonzero(ends < self.bounds["train"][1])
        kept = kept[_thinned(times[kept], self.data.stride)]
        if not len(kept):
            msg = (
                f"No training sample is left for horizon {horizon} between "
                f"{self.data.start} and {self.data.train_end}. Choose a longer period."
            )
            raise EmptyFoldError(msg)
        return kept

    def _period(self, period: str) -> Panel:
        times = cast(NanosecondArray, self.panel.times_ns)
        start, stop = self.bounds[period]
        return self.panel[(times >= start) & (times < stop)]
