"""Pipelines with a leak planted in each, and the data to audit them on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sk_ensemble import Panel, RowTransformer, Windower
from sk_ensemble.datasets import make_bars

#: Time stamps of both symbols that cover a window of four bars of each.
EMBARGO = 120


class Data(NamedTuple):
    """Synthetic bars, their features and their labelled samples."""

    bars: pd.DataFrame
    frame: pd.DataFrame
    labels: pd.DataFrame
    X: Panel
    y: np.ndarray

    def panel_with_history(self, n_bars: int) -> tuple[Panel, np.ndarray]:
        """Return the samples that have at least so many bars of history."""
        return Panel.from_frame(self.frame).align(self.labels, min_history=n_bars)


def simple_features(bars: pd.DataFrame) -> pd.DataFrame:
    """Compute a few features of each symbol from bars up to each."""
    groups = bars.groupby("symbol")["close"]
    logs = np.log(bars["close"])
    return pd.DataFrame(
        {
            "datetime": bars["datetime"],
            "symbol": bars["symbol"],
            "change": logs.groupby(bars["symbol"]).diff().fillna(0.0),
            "place": (bars["close"] - bars["low"]) / (bars["high"] - bars["low"]),
            "trend": np.log(bars["close"] / groups.transform(lambda s: s.shift(5))),
            "hour": bars["datetime"].dt.hour / 24.0,
            "level": logs - np.log(100.0),
        }
    ).fillna(0.0)


def make_data(**options) -> Data:
    data = make_bars(**{"n_bars": 1400, "n_symbols": 2, "random_state": 0, **options})
    frame = simple_features(data.bars)
    return Data(
        data.bars, frame, data.labels, *Panel.from_frame(frame).align(data.labels)
    )


def pipeline(*steps, length=4, clf=None) -> Pipeline:
    """Return steps, then windows, then a classifier."""
    clf = LogisticRegression(max_iter=200, tol=1e-3) if clf is None else clf
    windower = Windower(length, flatten=True)
    return Pipeline([*steps, ("window", windower), ("clf", clf)])


def clean_model(clf=None) -> Pipeline:
    return pipeline(("scale", RowTransformer(StandardScaler())), clf=clf)


def memory() -> DecisionTreeClassifier:
    """Return a model that remembers every sample."""
    return DecisionTreeClassifier(random_state=0)


class PanelStep(TransformerMixin, BaseEstimator):
    """A step that computes on the whole block of bars, as careless code does."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        history = X.history
        block = np.array(history.block)
        return Panel(
            history.with_block(self.change(block, X), history.columns),
            X.positions,
            X.label_end_ns,
        )

    def change(self, block, X):
        raise NotImplementedError


class CentredMean(PanelStep):
    """Smooth one feature over bars before and after each."""

    def change(self, block, X):
        for start, stop in zip(
            X.history.symbol_bounds[:-1], X.history.symbol_bounds[1:], strict=True
        ):
            column = pd.Series(block[start:stop, 1])
            mean = column.rolling(5, center=True, min_periods=1).mean()
            block[start:stop, 1] = mean
        return block


class WholeScaler(PanelStep):
    """Learn mean and deviation from every bar, whatever rows it is fitted on."""

    def fit(self, X, y=None):
        self.mean_ = X.history.block.mean(axis=0)
        self.std_ = X.history.block.std(axis=0)
        return self

    def change(self, block, X):
        return (block - self.mean_) / self.std_


class BatchScaler(PanelStep):
    """Scale by the samples that are predicted together."""

    def change(self, block, X):
        batch = block[X.positions]
        return (block - batch.mean(axis=0)) / (batch.std(axis=0) + 1e-6)


class OtherSymbolsNext(PanelStep):
    """Put the next bar of another symbol into a feature."""

    def change(self, block, X):
        history = X.history
        later = np.searchsorted(history.unique_times, history.stamps) + 1
        later = np.minimum(later, len(history.unique_times) - 1)
        other = history.symbol_bounds[1]
        rows = np.searchsorted(
            history.stamps[other:], history.unique_times[later], side="left"
        )
        rows = np.minimum(other + rows, history.n_bars - 1)
        block[:other, 0] = history.block[rows[:other], 0]
        return block


class AheadWindower(Windower):
    """Cut windows that end two bars after the sample."""

    def transform(self, X):
        history = X.history
        last = history.symbol_bounds[X.symbol_codes + 1] - 1
        ahead = np.minimum(X.positions + 2, last)
        return super().transform(Panel(history, ahead, X.label_end_ns))
