from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sk_ensemble import (
    ClockBaseline,
    Panel,
    PriorBaseline,
    PurgedSplit,
    VolatilityBaseline,
    Windower,
)
from sk_ensemble.datasets import make_bars
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import direction_gain
from sk_ensemble.model_selection import cross_val_oof

BASELINES = [PriorBaseline, ClockBaseline, VolatilityBaseline]


def make_samples(seed=0, n_bars=480):
    data = make_bars(n_bars, 2, volatility="sessions", random_state=seed)
    frame = data.bars[["symbol", "datetime"]].copy()
    rng = np.random.default_rng(seed)
    frame["move"] = np.log(data.bars["close"] / data.bars["open"]) * 1000
    frame["noise"] = rng.normal(size=len(frame))
    return Panel.from_frame(frame).align(data.labels)


@pytest.fixture(scope="module")
def samples():
    return make_samples()


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_permuted_panel_gives_equal_bits(baseline, samples):
    X, y = samples
    weights = np.random.default_rng(1).uniform(0.5, 2, size=len(y))
    order = np.random.default_rng(0).permutation(len(y))
    one = baseline().fit(X, y, weights)
    other = baseline().fit(X[order], y[order], weights[order])
    assert np.array_equal(one.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("baseline", BASELINES)
def test_any_split_predicts_equal_bits(baseline, samples):
    X, y = samples
    model = baseline().fit(X, y)
    whole = model.predict_proba(X)
    parts = [model.predict_proba(X[i : i + 7]) for i in range(0, len(X), 7)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(model.predict_proba(X[[5]]), whole[[5]])
    assert whole.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("baseline", BASELINES)
def test_windows_and_one_bar_rows_are_told_apart_only_by_their_last_bar(
    baseline, samples
):
    X, y = samples
    model = make_pipeline(Windower(5), baseline()).fit(X, y)
    same = baseline().fit(X, y)
    assert np.array_equal(model.predict_proba(X), same.predict_proba(X))


@pytest.mark.parametrize("baseline", BASELINES)
def test_one_class_is_predicted_for_sure_and_an_earlier_fit_is_forgotten(
    baseline, samples
):
    X, y = samples
    model = baseline().fit(X, y).fit(X, np.zeros(len(y)))
    assert np.array_equal(model.predict_proba(X), np.ones((len(X), 1)))
    assert model.shares_.ravel().tolist() == [1.0]


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_pickled_baseline_is_the_same(baseline, samples):
    X, y = samples
    model = baseline().fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(model.predict_proba(X), again.predict_proba(X))


def test_the_prior_is_the_weighted_class_shares(samples):
    X, y = samples
    weights = np.random.default_rng(0).uniform(size=len(y))
    model = PriorBaseline().fit(X, y, weights)
    expected = [weights[y == label].sum() / weights.sum() for label in (-1, 0, 1)]
    assert model.shares_ == pytest.approx(np.array(expected))
    assert np.array_equal(model.predict_proba(X[:2]), [model.shares_] * 2)


@pytest.mark.parametrize("baseline", [PriorBaseline, ClockBaseline])
def test_baselines_that_see_no_features_take_missing_ones(baseline):
    X = np.array([[np.nan, 1.0], [2.0, np.nan], [1.0, 1.0]])
    baseline().fit(X, [0, 1, 0]).predict_proba(X)


def test_a_baseline_of_volatility_needs_its_features():
    with pytest.raises(DataError, match="NaN"):
        VolatilityBaseline().fit([[np.nan], [2.0]], [0, 1])


def clock_by_hand(X, y, weights, shrinkage, zone):
    """Compute the shares of every sample's cell, one sample at a time."""
    stamps = pd.DatetimeIndex(X.times).tz_localize("UTC").tz_convert(zone)
    minutes = np.array([5 * ((t.hour * 60 + t.minute) // 5) for t in stamps])
    classes = np.unique(y)

    def shares(kept, towards):
        counts = [weights[kept & (y == label)].sum() for label in classes]
        return (np.array(counts) + shrinkage * towards) / (sum(counts) + shrinkage)

    overall = np.array([weights[y == label].sum() for label in classes])
    overall = overall / overall.sum()
    table = []
    for symbol, minute in zip(X.symbols, minutes, strict=True):
        own = X.symbols == symbol
        table.append(shares(own & (minutes == minute), shares(own, overall)))
    return np.array(table)


def test_the_clock_is_a_table_of_shrunk_shares(samples):
    X, y = samples
    X, y = X[:150], y[:150]
    weights = np.random.default_rng(0).uniform(size=len(y))
    model = ClockBaseline(shrinkage=3.0, timezone="America/New_York")
    proba = model.fit(X, y, weights).predict_proba(X)
    expected = clock_by_hand(X, y, weights, 3.0, "America/New_York")
    assert proba == pytest.approx(expected)


def test_the_clock_sees_neither_other_symbols_nor_features(samples):
    X, y = samples
    model = ClockBaseline().fit(X, y)
    alone = X.symbols == "S00"
    less = make_pipeline(ClockBaseline(shrinkage=1e-9)).fit(X[alone], y[alone])
    both = make_pipeline(ClockBaseline(shrinkage=1e-9)).fit(X, y)
    assert less.predict_proba(X[alone]) == pytest.approx(
        both.predict_proba(X[alone]), abs=1e-6
    )
    noise = X.history.with_block(-X.history.block, X.columns)
    other = Panel(noise, X.positions)
    assert np.array_equal(model.predict_proba(other), model.predict_proba(X))


def test_unseen_symbols_and_slots_fall_back(samples):
    X, y = samples
    early = pd.DatetimeIndex(X.times).hour < 4
    known = early & (X.symbols == "S00")
    model = ClockBaseline(shrinkage=5.0).fit(X[known], y[known])
    prior = PriorBaseline().fit(X[known], y[known]).shares_
    late = model.predict_proba(X[~early & (X.symbols == "S00")])
    strangers = model.predict_proba(X[X.symbols == "S01"])
    assert late == pytest.approx(np.tile(prior, (len(late), 1)))
    assert strangers == pytest.approx(np.tile(prior, (len(strangers), 1)))
    seen = model.predict_proba(X[known])
    assert np.ptp(seen, axis=0).min() > 0.01


def test_an_unseen_slot_has_the_shares_of_its_symbol(samples):
    X, y = samples
    y = np.where(X.symbols == "S00", np.abs(y), y)
    early = pd.DatetimeIndex(X.times).hour < 4
    model = ClockBaseline(shrinkage=1e-9).fit(X[early], y[early])
    late = X[~early & (X.symbols == "S00")]
    own = y[early & (X.symbols == "S00")]
    expected = [np.mean(own == label) for label in (-1, 0, 1)]
    assert model.predict_proba(late) == pytest.approx(
        np.tile(expected, (len(late), 1)), abs=1e-6
    )


def test_without_times_the_clock_is_the_prior(samples):
    X, y = samples
    values = X.to_frame().reset_index(drop=True)
    model = ClockBaseline().fit(values, y)
    prior = PriorBaseline().fit(values, y)
    assert model.predict_proba(values) == pytest.approx(prior.predict_proba(values))
    with_times = ClockBaseline().fit(X, y)
    assert with_times.predict_proba(values) == pytest.approx(
        prior.predict_proba(values)
    )


def test_slots_follow_the_exchange_through_daylight_saving():
    days = pd.bdate_range("2024-02-01", "2024-04-30", tz="America/New_York")
    opens, noons = days + pd.Timedelta("9h30min"), days + pd.Timedelta("12h")
    frame = pd.DataFrame({"symbol": "A", "datetime": opens.union(noons)})
    frame["x"] = np.arange(len(frame))
    y = np.where(frame["datetime"].dt.hour == 9, 1, 0)
    X = Panel.from_frame(frame)
    sure = ClockBaseline(timezone="America/New_York", shrinkage=1e-6).fit(X, y)
    assert sure.score(X, y) == 1.0
    assert sure.slots_.tolist() == [9 * 12 + 6, 144]
    assert len(ClockBaseline(timezone="UTC").fit(X, y).slots_) == 4


def test_each_symbol_may_have_its_own_zone(samples):
    X, y = samples
    zones = {"S00": "Asia/Shanghai", "S01": "UTC"}
    model = ClockBaseline(timezone=zones).fit(X, y)
    same = ClockBaseline(timezone=pd.Series(zones)).fit(X, y)
    assert np.array_equal(model.shares_, same.shares_)
    with pytest.raises(DataError, match="no entry for symbol 'S01'"):
        ClockBaseline(timezone={"S00": "UTC"}).fit(X, y)
    with pytest.raises(DataError, match=r"timezone must be a name.*'Mars'"):
        ClockBaseline(timezone="Mars").fit(X, y)
    alone = X.symbols == "S00"
    model = ClockBaseline(timezone={"S00": "UTC"}).fit(X[alone], y[alone])
    assert model.predict_proba(X).shape == (len(X), 3)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"slot": "0min"}, "slot must be a positive"),
        ({"slot": "often"}, "slot must be a duration"),
        ({"shrinkage": 0.0}, "shrinkage"),
        ({"timezone": 8}, "timezone"),
    ],
)
def test_parameters_of_the_clock_out_of_range_are_refused(samples, params, told):
    with pytest.raises(ValueError, match=told):
        ClockBaseline(**params).fit(*samples)


def test_longer_slots_hold_more_samples(samples):
    counts = [
        len(ClockBaseline(slot=slot).fit(*samples).slots_) for slot in ("5min", "1h")
    ]
    assert counts[0] > 3 * counts[1]


def test_volatility_is_a_logistic_model_of_movement(samples):
    X, y = samples
    weights = np.random.default_rng(0).uniform(0.1, 2, size=len(y))
    model = VolatilityBaseline(C=0.3).fit(X, y, weights)
    bars = X.to_numpy().astype(float)
    columns = np.hstack([bars, np.abs(bars)])
    scaler = StandardScaler().fit(columns, sample_weight=weights)
    oracle = LogisticRegression(C=0.3, tol=1e-8, max_iter=5000)
    oracle.fit(scaler.transform(columns), y != 0, weights)
    expected = oracle.predict_proba(scaler.transform(columns))[:, 1]
    proba = model.predict_proba(X)
    assert 1 - proba[:, 1] == pytest.approx(expected, abs=1e-4)
    assert np.ptp(proba[:, 1]) > 0.1


def test_volatility_does_not_depend_on_the_threads_around_it(samples):
    X, y = samples
    with threadpool_limits(1):
        one = VolatilityBaseline().fit(X, y).predict_proba(X)
    with threadpool_limits(2):
        two = VolatilityBaseline().fit(X, y).predict_proba(X)
    assert np.array_equal(one, two)


def test_volatility_says_nothing_about_direction(samples):
    X, y = samples
    skewed = np.where((y == -1) & (np.arange(len(y)) % 2 == 0), 1, y)
    proba = VolatilityBaseline().fit(X, skewed).predict_proba(X)
    assert np.array_equal(proba[:, 0], proba[:, 2])
    assert direction_gain(skewed, proba) == 0.0


def test_out_of_fold_the_neutral_class_is_the_one_named(samples):
    X, y = samples
    cv = PurgedSplit(3)
    proba = cross_val_oof(VolatilityBaseline(), X, y, cv).predictions
    assert np.array_equal(proba[:, 0], proba[:, 2])
    # scikit-learn numbers the classes anew, and the first of them is 0 then.
    other = cross_val_predict(VolatilityBaseline(), X, y, cv=cv, method="predict_proba")
    assert np.array_equal(other[:, 1], other[:, 2])


def test_without_a_neutral_class_volatility_is_the_prior(samples):
    X, y = samples
    moved = y != 0
    prior = PriorBaseline().fit(X[moved], y[moved]).predict_proba(X)
    model = VolatilityBaseline().fit(X[moved], y[moved])
    assert np.array_equal(model.predict_proba(X), prior)
    assert not model.coef_.any()
    weightless = VolatilityBaseline().fit(X, y, moved.astype(float))
    assert np.array_equal(weightless.predict_proba(X)[:, [0, 2]], prior)


def test_the_neutral_class_may_have_any_name(samples):
    X, y = samples
    names = np.array(["down", "flat", "up"])[y + 1]
    model = VolatilityBaseline(neutral="flat").fit(X, names)
    expected = VolatilityBaseline().fit(X, y).predict_proba(X)
    assert np.array_equal(model.predict_proba(X), expected)
    prior = VolatilityBaseline().fit(X, names)
    assert np.ptp(prior.predict_proba(X), axis=0).tolist() == [0, 0, 0]


def test_the_sizes_of_features_matter_and_not_their_signs_alone(samples):
    X, _ = samples
    y = np.where(np.abs(X.to_numpy()[:, 1]) > 1, 1, 0)
    model = VolatilityBaseline().fit(X, y)
    assert model.score(X, y) > 0.95
    assert np.abs(model.coef_).argmax() == 3


def test_volatility_looks_at_the_last_bar_of_a_lagged_window(samples):
    X, y = samples
    panel = X[X.positions - X.history.segment_start[X.positions] >= 2]
    y = y[X.positions - X.history.segment_start[X.positions] >= 2]
    lagged = make_pipeline(Windower(3, lag=2), VolatilityBaseline()).fit(panel, y)
    earlier = Panel(X.history, panel.positions - 2)
    same = VolatilityBaseline().fit(earlier, y)
    assert lagged.predict_proba(panel) == pytest.approx(
        same.predict_proba(earlier), abs=1e-5
    )


def test_volatility_predicts_movement_where_there_is_volatility(samples):
    X, y = samples
    assert VolatilityBaseline().fit(X, y).coef_[2] > 0
