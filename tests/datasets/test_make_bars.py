from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sk_ensemble.datasets import load_bars, make_bars

KEYS = ["symbol", "datetime"]


@pytest.fixture(scope="module", params=["constant", "sessions"])
def large(request):
    return make_bars(40_000, 2, signal=0.5, volatility=request.param, random_state=7)


def forward_returns(data, horizon=5):
    """Return the log return over the horizon at each labelled bar, by a shift."""
    close = data.bars.set_index(KEYS)["close"].groupby("symbol")
    moves = np.log(close.shift(-horizon)) - np.log(data.bars.set_index(KEYS)["close"])
    return moves.loc[data.labels.index]


def standardised(data, horizon=5):
    return (forward_returns(data, horizon) - data.forward["mean"]) / data.forward["std"]


def test_bars_have_the_format_of_the_real_ones():
    bars, real = make_bars(100, 3, random_state=0).bars, load_bars(start="2021-10")
    assert list(bars.columns) == list(real.columns)
    assert bars.dtypes.astype(str).to_dict() == real.dtypes.astype(str).to_dict()
    assert bars[KEYS].equals(bars[KEYS].sort_values(KEYS))
    assert not bars[KEYS].duplicated().any()
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert (bars["low"] > 0).all()
    assert (bars["volume"] > 0).all()


def test_labels_agree_with_the_price_path(large):
    moves = forward_returns(large)
    limit = 0.5 * 0.001 * np.sqrt(5)
    expected = np.sign(moves).where(moves.abs() > limit, 0).astype("int64")
    pd.testing.assert_series_equal(large.labels["label"], expected, check_names=False)


def test_labels_end_at_the_horizon_and_never_cross_a_session():
    data = make_bars(500, 2, horizon=7, random_state=0)
    times = data.bars.set_index(KEYS, drop=False)["datetime"]
    ends = times.groupby("symbol").shift(-7)
    day = times.dt.date
    kept = ends.dt.date == day
    expected = ends[kept]
    assert data.labels.index.equals(expected.index)
    assert (data.labels["label_end"] == expected).all()


def test_closes_step_over_a_break_but_not_over_a_night(large):
    times = large.bars["datetime"].diff().dropna()
    breaks = times[times > pd.Timedelta("5min")]
    inside = breaks[breaks < pd.Timedelta("4h")]
    assert set(inside) == {pd.Timedelta("95min")}
    assert (breaks[breaks > pd.Timedelta("4h")] > pd.Timedelta("10h")).all()


def test_returns_given_the_signal_are_normal_with_the_stated_moments(large):
    # Every fifth label of a session, so that the returns do not overlap.
    residuals = standardised(large)
    slots = large.labels.groupby(
        ["symbol", large.labels.index.get_level_values("datetime").date]
    ).cumcount()
    apart = residuals[(slots % 5 == 0).to_numpy()]
    assert len(apart) > 10_000
    assert stats.kstest(apart, "norm").pvalue > 0.01


def test_true_probabilities_are_calibrated_in_every_part_of_the_signal(large):
    signal = large.signal.loc[large.labels.index].to_numpy()
    parts = np.digitize(signal, [-1.5, -0.5, 0.5, 1.5])
    for name in large.proba.columns:
        error = (large.labels["label"] == name).to_numpy() - large.proba[name]
        for part in range(5):
            own = error.to_numpy()[parts == part]
            # Labels overlap by up to five bars, hence the factor.
            assert abs(own.mean()) < 4 * own.std() * np.sqrt(5 / len(own))


def total_return(slot, signal, shocks, noises, scale, loading, persistence):
    """Follow the model as the docstring states it, one bar at a time."""
    total = 0.0
    for ahead, (shock, noise) in enumerate(zip(shocks, noises, strict=True), start=1):
        drawn = loading * signal + np.sqrt(1 - loading**2) * noise
        total += scale[slot + ahead] * drawn
        signal = persistence * signal + np.sqrt(1 - persistence**2) * shock
    return total


@pytest.mark.parametrize("slot", [0, 20, 35])
@pytest.mark.parametrize(("horizon", "strength"), [(1, 0.3), (4, 0.5), (12, 0.7)])
def test_moments_are_those_of_the_model_followed_bar_by_bar(slot, horizon, strength):
    data = make_bars(
        48, 1, horizon=horizon, signal=strength, volatility="sessions", random_state=3
    )
    shape = 0.5 + 5 * ((np.arange(48) + 0.5) / 48 - 0.5) ** 2
    model = (
        0.001 * shape / np.sqrt(np.mean(shape**2)),
        fitted_loading(horizon, strength, 0.9),
        0.9,
    )
    none, units = np.zeros(horizon), np.eye(horizon)
    known = data.signal.iloc[slot]
    mean = total_return(slot, known, none, none, *model)
    # The total is linear in independent shocks of unit variance.
    effects = [total_return(slot, 0.0, unit, none, *model) for unit in units]
    effects += [total_return(slot, 0.0, none, unit, *model) for unit in units]
    std = np.linalg.norm(effects)
    found = data.forward.iloc[slot]
    assert found["mean"] == pytest.approx(mean, rel=1e-9)
    assert found["std"] == pytest.approx(std, rel=1e-9)
    limit = 0.5 * 0.001 * np.sqrt(horizon)
    normal = stats.norm(mean, std)
    down, up = normal.cdf(-limit), normal.sf(limit)
    np.testing.assert_allclose(data.proba.iloc[slot], [down, 1 - down - up, up])


def fitted_loading(horizon, signal, persistence):
    """Find by bisection the loading that gives the stated correlation."""

    def correlation(loading):
        lags = np.abs(np.subtract.outer(np.arange(horizon), np.arange(horizon)))
        drift = loading * persistence ** np.arange(horizon)
        variance = loading**2 * (persistence**lags).sum()
        return drift.sum() / np.sqrt(variance + horizon * (1 - loading**2))

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if correlation(middle) < signal else (low, middle)
    return low


@pytest.mark.parametrize("signal", [0.0, 0.3, 0.7])
def test_signal_is_the_correlation_with_the_horizon_return(signal):
    data = make_bars(60_000, 1, horizon=10, signal=signal, random_state=5)
    known = data.signal.loc[data.labels.index]
    correlation = np.corrcoef(known, forward_returns(data, 10))[0, 1]
    assert correlation == pytest.approx(signal, abs=0.03)


def test_nothing_else_in_the_past_bars_predicts_the_return(large):
    residuals = standardised(large)
    bars = large.bars.set_index(KEYS)
    close = np.log(bars["close"])
    spread = bars["high"] - bars["low"]
    location = (bars["close"] - bars["low"]) / spread
    grouped = {"close": close, "location": location, "volume": np.log(bars["volume"])}
    for name, values in grouped.items():
        for lag in (0, 1, 5):
            change = values.groupby("symbol").diff() if name == "close" else values
            known = change.groupby("symbol").shift(lag).loc[residuals.index]
            fine = known.notna()
            correlation = np.corrcoef(known[fine], residuals[fine])[0, 1]
            assert abs(correlation) < 4 * np.sqrt(5 / fine.sum())


def test_the_stated_scores_are_those_of_the_true_probabilities(large):
    proba = large.proba.to_numpy()
    expected = np.mean([stats.entropy(row) for row in proba[:2000]])
    head = -np.sum(proba[:2000] * np.log(proba[:2000]), axis=1).mean()
    assert head == pytest.approx(expected)
    columns = large.labels["label"].to_numpy() + 1
    realised = -np.log(proba[np.arange(len(proba)), columns])
    assert large.bayes_log_loss == pytest.approx(realised.mean(), abs=0.01)
    hits = proba.argmax(axis=1) == columns
    assert large.bayes_accuracy == pytest.approx(hits.mean(), abs=0.015)


def test_the_signal_is_written_in_the_candles():
    data = make_bars(2000, 1, random_state=1)
    bars = data.bars
    place = (bars["close"] - bars["low"]) / (bars["high"] - bars["low"])
    shocks = stats.norm.ppf((place - 0.2) / 0.6)
    signal = 0.0
    found = []
    for shock in shocks:
        signal = 0.9 * signal + np.sqrt(1 - 0.81) * shock
        found.append(signal)
    np.testing.assert_allclose(found[200:], data.signal.to_numpy()[200:], atol=1e-6)


def test_without_a_signal_up_and_down_are_equally_likely(large):
    data = make_bars(500, 2, signal=0.0, volatility="sessions", random_state=0)
    np.testing.assert_allclose(data.proba[1], data.proba[-1], rtol=1e-12)
    assert data.proba[0].std() > 0.05
    assert large.proba[1].sub(large.proba[-1]).abs().mean() > 0.1


def test_constant_volatility_has_one_standard_deviation_and_sessions_do_not():
    constant = make_bars(500, 1, random_state=0).forward["std"]
    sessions = make_bars(500, 1, volatility="sessions", random_state=0).forward["std"]
    assert constant.max() == pytest.approx(constant.min())
    assert sessions.max() > 1.5 * sessions.min()
    assert np.argmin(sessions[:43]) in range(15, 28)


@pytest.mark.parametrize("volatility", ["constant", "sessions"])
def test_bar_volatility_is_the_root_mean_square_of_a_bar(volatility):
    data = make_bars(
        48_000, 1, volatility=volatility, bar_volatility=0.003, random_state=0
    )
    steps = np.log(data.bars["close"] / data.bars["open"])
    assert np.sqrt(np.mean(steps**2)) == pytest.approx(0.003, rel=0.03)


def test_contracts_change_between_sessions_and_the_price_jumps():
    bars = make_bars(48 * 60, 1, contract_sessions=6, random_state=0).bars
    rows = np.flatnonzero(bars["new_contract"])
    assert rows.tolist() == [48 * 6 * k for k in range(1, 10)]
    gap = np.log(bars["open"] / bars["close"].shift()).abs()
    nights = np.setdiff1d(np.arange(48, len(bars), 48), rows)
    assert gap[rows].mean() > 2 * gap[nights].mean() > 0
    within = np.setdiff1d(np.arange(1, len(bars)), np.arange(0, len(bars), 48))
    assert gap[within].max() < 1e-12


def test_a_threshold_of_nought_leaves_no_neutral_labels():
    data = make_bars(500, 1, threshold=0.0, random_state=0)
    assert set(data.labels["label"]) == {-1, 1}
    np.testing.assert_allclose(data.proba[0], 0, atol=1e-12)


def test_one_seed_gives_one_outcome_and_further_symbols_change_nothing():
    one, two = make_bars(300, 1, random_state=4), make_bars(300, 2, random_state=4)
    pd.testing.assert_frame_equal(one.bars, two.bars[:300])
    pd.testing.assert_frame_equal(one.proba, two.proba.loc[["S00"]])
    assert not make_bars(300, 1, random_state=5).bars.equals(one.bars)
    assert not np.allclose(two.bars["volume"][:300], two.bars["volume"][300:])


def test_global_random_state_is_left_alone():
    np.random.seed(0)  # noqa: NPY002 - it is the global state that is looked at
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    make_bars(100, 1, random_state=0)
    assert np.random.random() == expected  # noqa: NPY002


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("n_bars", 0),
        ("n_symbols", 0),
        ("horizon", 0),
        ("threshold", -0.1),
        ("persistence", 1.0),
        ("signal", 0.95),
        ("signal", -0.1),
        ("volatility", "high"),
        ("bar_volatility", 0.0),
        ("session_bars", 5),
        ("session_bars", 201),
        ("contract_sessions", 0),
    ],
)
def test_arguments_out_of_range_are_refused_by_name_and_value(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be .*{value}"):
        make_bars(**{argument: value})
