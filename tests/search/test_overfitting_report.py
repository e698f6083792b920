"""What a winner is worth: against the statistics computed by hand."""

from __future__ import annotations

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from searches import rows, searching, tree_search
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from families import quick
from sk_ensemble import CombinatorialPurgedSplit, Panel, PurgedSplit
from sk_ensemble.backtest import BacktestScorer
from sk_ensemble.datasets import make_bars
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    probability_of_backtest_overfitting,
)
from sk_ensemble.search._gains import log_loss_gains
from sk_ensemble.search._overfitting_report import make_report
from sk_ensemble.search._periods import periods_of

NO_PRUNING = optuna.pruners.NopPruner()


def gains_by_hand(search, X, y, params, classes):
    """Gain in log loss of each row of a partition, in plain steps."""
    gains = np.full(len(y), np.nan)
    for train, test in search.cv.split(X, y):
        model = LogisticRegression(**params).fit(X[train], y[train])
        proba = model.predict_proba(X[test])
        for row, p in zip(test, proba, strict=True):
            share = ((y[train] == y[row]).sum() + 1) / (len(train) + len(classes))
            gains[row] = np.log(p[list(classes).index(y[row])]) - np.log(share)
    return gains


def test_the_figures_are_those_of_the_gains_per_row():
    X, y = rows(240)
    search = searching(pruner=NO_PRUNING, n_trials=8).fit(X, y)
    table = np.column_stack(
        [
            gains_by_hand(search, X, y, params, [0, 1])
            for params in search.cv_results_["params"]
        ]
    )
    report = search.overfitting_report()
    sharpes = table.mean(axis=0) / table.std(axis=0, ddof=1)
    best = search.best_index_
    assert report.sharpe == pytest.approx(sharpes[best])
    assert report.deflated_sharpe_ratio == pytest.approx(
        deflated_sharpe_ratio(table[:, best], trials=sharpes)
    )
    variance = sharpes.var(ddof=1)
    assert report.luck == pytest.approx(expected_maximum_sharpe(8, variance=variance))
    contest = probability_of_backtest_overfitting(
        table, n_blocks=12, performance=lambda part: part.mean(axis=0)
    )
    assert report.pbo == contest.pbo
    np.testing.assert_array_equal(report.contest.chosen, contest.chosen)
    assert (report.n_trials, report.n_complete, report.n_periods) == (8, 8, 240)
    assert report.best_trial == best


def test_every_trial_counts_and_those_made_elsewhere_too():
    X, y = rows(300)
    search = tree_search(n_trials=25).fit(X, y)
    states = search.cv_results_["state"]
    assert (states == "pruned").any()
    report = search.overfitting_report()
    assert report.n_trials == 25
    assert report.n_complete == (states == "complete").sum()
    more = search.overfitting_report(further_trials=1000)
    assert more.n_trials == 1025
    assert more.luck > report.luck
    assert more.deflated_sharpe_ratio < report.deflated_sharpe_ratio


def test_the_report_is_the_same_after_going_on(tmp_path):
    X, y = rows()
    options = {"storage": tmp_path / "journal", "study_name": "s"}
    for n_trials in (4, 10):
        search = tree_search(n_trials=n_trials, **options).fit(X, y)
    whole = tree_search(n_trials=10).fit(X, y)
    assert repr(search.overfitting_report()) == repr(whole.overfitting_report())


class Trader(ClassifierMixin, BaseEstimator):
    """A classifier that has seen nothing."""

    def __init__(self, seed=0):
        self.seed = seed

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        share = np.random.default_rng([self.seed, len(X)]).uniform(0.4, 0.6, len(X))
        return np.column_stack([share, 1 - share])


def test_noise_is_found_to_be_luck_and_a_signal_is_not():
    X, y = rows(600)
    noise = np.random.default_rng(1).permutation(y)
    seeds = list(range(20))
    options = {"n_trials": 20, "pruner": NO_PRUNING}
    trials = searching(
        Trader(),
        {"seed": CategoricalDistribution(seeds)},
        sampler=optuna.samplers.GridSampler({"seed": seeds}, seed=0),
        **options,
    )
    lucky = trials.fit(X, noise).overfitting_report()
    assert lucky.deflated_sharpe_ratio < 0.95
    real = searching(**options).fit(X, y).overfitting_report()
    assert real.deflated_sharpe_ratio > 0.99


def test_profits_of_ones_own_are_added_up_per_day(samples):
    _, y = rows(300)
    index = pd.date_range("2024-01-01", periods=300, freq="8h")
    X = pd.DataFrame({"signal": np.random.default_rng(0).normal(size=300)}, index=index)
    returns = pd.Series(np.random.default_rng(1).normal(size=300), index=index)
    y = (X["signal"].to_numpy() + returns.to_numpy() > 0).astype(int)

    def profits(estimator, X, y):
        side = estimator.predict_proba(X)[:, 1] - 0.5
        return pd.Series(side, index=X.index) * returns[X.index]

    search = searching(profits=profits, pruner=NO_PRUNING).fit(X, y)
    report = search.overfitting_report()
    daily = []
    for params in search.cv_results_["params"]:
        parts = [
            profits(
                LogisticRegression(**params).fit(X.iloc[train], y[train]),
                X.iloc[test],
                y[test],
            )
            for train, test in search.cv.split(X, y)
        ]
        daily.append(pd.concat(parts).resample("D").sum())
    table = np.column_stack(daily)
    sharpes = table.mean(axis=0) / table.std(axis=0, ddof=1)
    assert report.sharpe == pytest.approx(sharpes[search.best_index_])
    assert report.measured == "profit"
    assert report.n_periods == 100
    assert report.pbo == probability_of_backtest_overfitting(table, n_blocks=12).pbo


def test_a_backtest_gives_the_profits():
    data = make_bars(1200, 1, signal=0.5, random_state=0)
    frame = data.bars[["symbol", "datetime"]].assign(signal=data.signal.to_numpy())
    X, y = Panel.from_frame(frame).align(data.labels)
    scorer = BacktestScorer(data.bars, 5, costs=0.0, threshold=0.0, overnight=True)
    search = searching(
        quick("logistic"), "auto", cv=PurgedSplit(3), profits=scorer, n_trials=2
    ).fit(X, y)
    report = search.overfitting_report()
    daily = [
        scorer.backtest(quick("logistic", **plain(search)).fit(X[a], y[a]), X[b]).daily
        for a, b in search.cv.split(X, y)
    ]
    by_day = pd.concat(daily).groupby(level=0).sum()
    assert report.n_periods == len(by_day)
    assert report.sharpe == pytest.approx(by_day.mean() / by_day.std())


def plain(search):
    return {"C": search.best_params_["clf__C"]}


def test_rows_tested_several_times_count_once():
    X, y = rows(240)
    cv = CombinatorialPurgedSplit(4, 2, purged_size=1)
    search = searching(cv=cv, n_trials=2, pruner=NO_PRUNING).fit(X, y)
    assert search._series.n_tests == 3
    assert search.overfitting_report().n_periods == 240


def test_profits_must_be_a_series_over_time():
    X, y = rows()
    with pytest.raises(ValueError, match="Series indexed by time, got float"):
        searching(profits=lambda estimator, X, y: 1.0).fit(X, y)


def test_a_winner_that_never_varies_has_no_report():
    X, y = rows()

    def none(estimator, X, y):
        index = pd.date_range("2024-01-01", periods=len(X))
        return pd.Series(0.0, index=index)

    search = searching(profits=none).fit(X, y)
    with pytest.raises(DataError, match="the same in all"):
        search.overfitting_report()


def test_one_trial_was_not_chosen():
    rng = np.random.default_rng(0)
    series = [rng.normal(0.1, 1, size=300)]
    report = make_report(series, series, 0, 1, "profit", "day")
    assert np.isnan(report.pbo)
    assert report.luck == 0
    assert report.contest is None
    assert "nan" in repr(report)


def test_gains_are_zero_for_the_shares_and_finite_for_a_class_never_seen():
    proba = np.tile([4 / 6, 2 / 6, 0.0], (3, 1))
    y_train = np.array([0, 0, 0, 1])
    gains = log_loss_gains(proba, [0, 1, 2], y_train, np.array([0, 1, 2]))
    np.testing.assert_allclose(gains[:2], np.log(7 / 6))
    assert np.isfinite(gains).all()
    assert gains[2] < -30


@pytest.mark.parametrize(
    ("n_days", "name", "n_periods"),
    [(60, "day", 60), (59, "stretch of time", 59 * 4)],
)
def test_days_are_the_periods_where_there_are_enough(n_days, name, n_periods):
    times = pd.date_range("2024-01-01", periods=4 * n_days, freq="6h")
    index = pd.MultiIndex.from_product([["A", "B"], times])
    found, periods = periods_of(pd.DataFrame({"x": 1.0}, index=index))
    assert found == name
    assert periods.max() + 1 == n_periods
    assert (periods[: len(times)] == periods[len(times) :]).all()
    assert (np.diff(periods[: len(times)]) >= 0).all()


def test_panels_have_the_periods_of_their_frames(samples):
    X, _ = samples
    found = periods_of(X)
    expected = periods_of(X.to_frame())
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


def test_rows_without_times_are_cut_evenly():
    name, periods = periods_of(np.zeros((2500, 1)))
    assert name == "stretch of time"
    assert set(np.bincount(periods)) == {2, 3}


def test_the_same_parameters_again_are_no_other_contestant():
    X, y = rows()
    two = {"C": CategoricalDistribution([1e-3, 1.0])}
    many = searching(space=two, n_trials=9, pruner=NO_PRUNING).fit(X, y)
    assert len({params["C"] for params in many.cv_results_["params"]}) == 2
    report = many.overfitting_report()
    assert report.contest.n_trials == 2
    assert report.n_trials == 9


def test_spread_needs_more_than_one_trial_and_a_float():
    X, y = rows()
    search = searching(space={"C": FloatDistribution(1, 1)}, n_trials=2).fit(X, y)
    report = search.overfitting_report()
    assert report.luck == 0
    assert np.isnan(report.pbo)
