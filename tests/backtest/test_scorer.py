from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower
from sk_ensemble.backtest import (
    BacktestScorer,
    backtest,
    daily_sharpe,
    positions_from_proba,
)
from sk_ensemble.exceptions import DataError
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import sortino_ratio

HORIZON = 3


def make_bars(seed: int = 0, n_days: int = 30, per_day: int = 12) -> pd.DataFrame:
    """Two symbols in which a feature foretells the next steps."""
    rng = np.random.default_rng(seed)
    hours = np.arange(per_day) * np.timedelta64(1, "h")
    days = np.datetime64("2021-01-04") + np.arange(n_days)
    times = (days[:, None] + hours).ravel()
    frames = []
    for symbol in "AB":
        hint = rng.normal(size=len(times))
        steps = 0.004 * np.roll(hint, 2) + rng.normal(scale=0.004, size=len(times))
        frames.append(
            pd.DataFrame(
                {
                    "symbol": symbol,
                    "datetime": times,
                    "close": 100 * np.exp(np.cumsum(steps)),
                    "hint": hint,
                    "noise": rng.normal(size=len(times)),
                }
            )
        )
    bars = pd.concat(frames, ignore_index=True)
    return bars.assign(datetime=bars["datetime"].dt.tz_localize("UTC"))


def samples(bars: pd.DataFrame, columns: list[str]):
    frame = bars[["symbol", "datetime", *columns]]
    labels = fixed_horizon_labels(bars, HORIZON, volatility_span=20)
    return Panel.from_frame(frame).align(labels)


class Fixed(ClassifierMixin, BaseEstimator):
    """Say the same of every sample."""

    def __init__(self, proba=(0.1, 0.3, 0.6), classes=(-1, 0, 1)):
        self.proba, self.classes = proba, classes

    def fit(self, X, y):
        return self

    @property
    def classes_(self):
        return np.array(self.classes)

    def predict_proba(self, X):
        return np.tile(self.proba, (len(X), 1))


def logistic() -> object:
    return make_pipeline(Windower(1, flatten=True), LogisticRegression())


def test_score_is_the_statistic_of_a_backtest_of_the_predictions():
    bars = make_bars()
    X, y = samples(bars, ["hint", "noise"])
    model = logistic().fit(X, y)
    scorer = BacktestScorer(bars, HORIZON, costs=1e-4)
    proba = pd.DataFrame(
        model.predict_proba(X),
        columns=[-1, 0, 1],
        index=pd.MultiIndex.from_arrays(
            [X.symbols, pd.DatetimeIndex(X.times, tz="UTC")],
            names=["symbol", "datetime"],
        ),
    )
    used = bars[bars["datetime"] >= proba.index.get_level_values("datetime").min()]
    result = backtest(positions_from_proba(proba, HORIZON, bars=used), used, costs=1e-4)
    assert scorer(model, X, y) == pytest.approx(result.sharpe)
    assert scorer(model, X) == scorer(model, X, y)


def test_a_test_block_is_scored_by_its_own_days_and_the_life_of_the_last_slice():
    bars = make_bars()
    X, _ = samples(bars, ["hint"])
    middle = np.flatnonzero(
        (X.times >= np.datetime64("2021-01-12"))
        & (X.times < np.datetime64("2021-01-15"))
    )
    scorer = BacktestScorer(bars, HORIZON, costs=0, delay=2)
    result = scorer.backtest(Fixed(), X[middle])
    held = result.bars.index.get_level_values("datetime")
    last = pd.Timestamp(X.times[middle].max(), tz="UTC")
    assert held.min() == pd.Timestamp("2021-01-12", tz="UTC")
    own = bars.loc[bars["symbol"] == "A", "datetime"]
    assert held.max() == own[own > last].iloc[HORIZON + 2 - 1]
    # Nothing is held any more at the end, and nothing but these bars was needed.
    assert result.bars.groupby("symbol")["position"].last().eq(0).all()
    nearby = bars[bars["datetime"].between("2021-01-12", held.max())]
    again = BacktestScorer(nearby, HORIZON, costs=0, delay=2)
    assert again(Fixed(), X[middle]) == scorer(Fixed(), X[middle])


def test_days_between_the_parts_of_a_test_set_do_not_count():
    bars = make_bars()
    X, _ = samples(bars, ["hint"])
    day = (X.times - np.datetime64("2021-01-04")) // np.timedelta64(1, "D")
    parts = np.flatnonzero((day < 4) | ((day >= 20) & (day < 24)))
    seen = []

    def count(profits):
        seen.append(len(profits))
        return daily_sharpe(profits)

    scorer = BacktestScorer(bars, HORIZON, costs=0, statistic=count)
    assert np.isfinite(scorer(Fixed(), X[parts]))
    assert seen == [8]
    assert len(scorer.backtest(Fixed(), X[parts]).daily) > 20


def test_scorer_prefers_the_feature_that_earns_money_in_a_search_on_a_panel():
    bars = make_bars()
    X, y = samples(bars, ["hint", "noise"])
    scorer = BacktestScorer(bars, HORIZON, costs=1e-4, statistic=sortino_ratio)
    search = GridSearchCV(
        logistic(),
        {"logisticregression__C": [1e-9, 1.0]},
        scoring={"sortino": scorer, "accuracy": "accuracy"},
        refit="sortino",
        cv=PurgedSplit(3),
        error_score="raise",
    ).fit(X, y)
    assert search.best_params_ == {"logisticregression__C": 1.0}
    # Next to no coefficients trade next to nothing.
    assert search.cv_results_["mean_test_sortino"][1] > 0


def test_scorer_works_with_windows_and_with_metadata_routing():
    bars = make_bars()
    X, y = samples(bars, ["hint", "noise"])
    scorer = BacktestScorer(bars, HORIZON, costs=0)
    windows = Windower(1, flatten=False).fit_transform(X)
    assert scorer(Fixed(), windows) == scorer(Fixed(), X)
    expected = cross_val_score(logistic(), X, y, cv=PurgedSplit(3), scoring=scorer)
    with sklearn.config_context(enable_metadata_routing=True):
        found = cross_val_score(logistic(), X, y, cv=PurgedSplit(3), scoring=scorer)
    assert found.tolist() == expected.tolist()


def test_a_model_that_never_trades_scores_zero():
    bars = make_bars()
    X, _ = samples(bars, ["hint"])
    scorer = BacktestScorer(bars, HORIZON, costs=1e-4)
    assert scorer(Fixed((0.3, 0.4, 0.3)), X) == 0.0
    assert scorer(Fixed((0.28, 0.4, 0.32)), X) == 0.0
    eager = BacktestScorer(bars, HORIZON, costs=1e-4, threshold=0.03)
    assert eager(Fixed((0.28, 0.4, 0.32)), X) != 0.0


def test_a_class_that_was_never_seen_has_no_probability():
    bars = make_bars()
    X, _ = samples(bars, ["hint"])
    scorer = BacktestScorer(bars, HORIZON, costs=0)
    two = scorer(Fixed((0.9, 0.1), (0, 1)), X)
    assert two == scorer(Fixed((0.0, 0.9, 0.1)), X)
    mirrored = BacktestScorer(bars, HORIZON, costs=0, down="up", up="down")
    named = Fixed((0.1, 0.9), ("down", "up"))
    straight = BacktestScorer(bars, HORIZON, costs=0, down="down", up="up")
    assert mirrored(named, X) == pytest.approx(-straight(named, X))


def test_costs_and_nights_reach_the_backtest():
    bars = make_bars()
    X, _ = samples(bars, ["hint"])
    free = BacktestScorer(bars, HORIZON, costs=0, statistic=np.mean)(Fixed(), X)
    dear = BacktestScorer(bars, HORIZON, costs=0.01, statistic=np.mean)(Fixed(), X)
    assert dear < free
    # Three bars later the slices of the last samples of a day reach into the next.
    late = {"costs": 0.01, "delay": 3}
    kept = BacktestScorer(bars, HORIZON, **late, overnight=True).backtest(Fixed(), X)
    closed = BacktestScorer(bars, HORIZON, **late).backtest(Fixed(), X)
    merged = BacktestScorer(bars, HORIZON, **late, session_gap="1D")
    assert kept.turnover < closed.turnover
    assert merged.backtest(Fixed(), X).turnover == kept.turnover


def test_profits_of_a_night_count_on_the_day_they_are_booked():
    bars = make_bars()
    X, _ = samples(bars, ["hint"])
    first_day = np.flatnonzero(X.times < np.datetime64("2021-01-05"))
    seen = []

    def keep(profits):
        seen.append(profits.tolist())
        return 0.0

    # The last slice is bought at the last close of the day and sold at the first of
    # the next, on which there is neither a sample nor a position.
    scorer = BacktestScorer(bars, 1, costs=0, statistic=keep, delay=3, overnight=True)
    scorer(Fixed(), X[first_day])
    assert len(seen[0]) == 2
    assert 0.0 not in seen[0]


def test_days_are_those_of_the_time_zone():
    bars = make_bars()
    X, _ = samples(bars, ["hint"])
    by_zone = [
        BacktestScorer(bars, HORIZON, costs=0, statistic=len, timezone=zone)(Fixed(), X)
        for zone in ("UTC", "America/New_York")
    ]
    assert by_zone[0] == 30
    assert by_zone[1] == 31


def test_scorer_survives_pickling():
    bars = make_bars(n_days=5)
    X, _ = samples(bars, ["hint"])
    scorer = BacktestScorer(bars, HORIZON, costs=0)
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy(Fixed(), X) == scorer(Fixed(), X)
    assert repr(copy) == repr(scorer)


def test_an_array_is_refused_because_it_has_no_times():
    scorer = BacktestScorer(make_bars(), HORIZON, costs=0)
    with pytest.raises(DataError, match="must be a Panel or Windows, got ndarray"):
        scorer(Fixed(), np.zeros((5, 1)))


def test_samples_without_bars_are_refused():
    bars = make_bars()
    X, _ = samples(bars, ["hint"])
    late = bars[bars["datetime"] >= "2021-01-10"]
    with pytest.raises(DataError, match="predictions belong to no bar"):
        BacktestScorer(late, HORIZON, costs=0)(Fixed(), X)
