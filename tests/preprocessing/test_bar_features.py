from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.datasets import contract_specs, load_bars, make_bars
from sk_ensemble.exceptions import DataError
from sk_ensemble.preprocessing._bar_features import bar_features

PRICES = ["open", "high", "low", "close"]
KEYS = ["symbol", "datetime"]


@pytest.fixture(scope="module")
def bars():
    return make_bars(420, 2, contract_sessions=3, random_state=0).bars


@pytest.fixture(scope="module")
def real():
    return load_bars(["IF", "AG"], start="2020-01", end="2020-03")


def values(features):
    return features.drop(columns=KEYS).to_numpy()


def noisy_after(bars, time, seed=0):
    """Replace everything in the bars after `time` that a feed would deliver."""
    rng = np.random.default_rng(seed)
    later = (bars["datetime"] > time).to_numpy()
    count = later.sum()
    changed = bars.copy()
    prices = np.exp(rng.normal(3, 2, (count, 4)))
    prices[:, 1], prices[:, 2] = prices.max(axis=1), prices.min(axis=1)
    changed.loc[later, PRICES] = prices
    changed.loc[later, "volume"] = rng.integers(0, 10**6, count)
    changed.loc[later, "new_contract"] = rng.random(count) < 0.1
    return changed


def upto(features, time):
    return features[features["datetime"] <= time].reset_index(drop=True)


def leaking_features(bars):
    features = bar_features(bars)
    overall = features.groupby("symbol")["range_1"].transform("mean")
    return features.assign(range_1=features["range_1"] - overall)


def is_blind_to_the_future(maker, bars, time):
    before = upto(maker(bars), time)
    return before.equals(upto(maker(noisy_after(bars, time)), time))


@pytest.mark.parametrize("row", [250, 287, 288, 330, 418])
def test_bars_after_t_do_not_change_features_up_to_t(bars, row):
    time = bars["datetime"].iloc[row]
    assert len(upto(bar_features(bars), time))
    assert is_blind_to_the_future(bar_features, bars, time)


def test_a_first_session_without_end_does_not_see_the_last_bar(bars):
    def endless(frame):
        return bar_features(frame, session_gap="900D")

    assert (endless(bars.assign(new_contract=False))["gap_return"] == 0).all()
    assert is_blind_to_the_future(endless, bars, bars["datetime"].iloc[330])


def test_the_check_for_future_bars_catches_a_leaking_feature(bars):
    time = bars["datetime"].iloc[330]
    assert not is_blind_to_the_future(leaking_features, bars, time)


@pytest.mark.parametrize("row", [1500, 2500, 3500])
def test_dropping_later_real_bars_changes_nothing(real, row):
    time = real["datetime"].iloc[row]
    cut = real[real["datetime"] <= time]
    expected = upto(bar_features(real), time)
    pd.testing.assert_frame_equal(bar_features(cut), expected, check_exact=True)


def test_other_symbols_and_row_order_do_not_matter(bars):
    both = bar_features(bars)
    for symbol, own in bars.groupby("symbol"):
        alone = bar_features(own.sample(frac=1, random_state=1))
        expected = both[both["symbol"] == symbol].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, expected, check_exact=True)


def test_output_is_sorted_and_lacks_only_the_warm_up(bars):
    features = bar_features(bars.sample(frac=1, random_state=2))
    expected = bars.groupby("symbol").tail(420 - 239)[["datetime", "symbol"]]
    pd.testing.assert_frame_equal(
        features[["datetime", "symbol"]],
        expected.reset_index(drop=True),
        check_dtype=False,
    )


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(1e-4, 1e4))
def test_features_do_not_depend_on_the_unit_of_the_price(bars, factor):
    scaled = bars.assign(**{name: bars[name] * factor for name in PRICES})
    np.testing.assert_allclose(
        values(bar_features(scaled)), values(bar_features(bars)), atol=2e-9, rtol=0
    )


def test_real_features_do_not_depend_on_the_unit_of_the_price(real):
    scaled = real.assign(**{name: real[name] * 0.3 for name in PRICES})
    found, expected = values(bar_features(scaled)), values(bar_features(real))
    np.testing.assert_allclose(found, expected, atol=2e-9, rtol=0)
    # Prices often come back to where they were: such ties must stay ties.
    np.testing.assert_array_equal(np.sign(found), np.sign(expected))


def with_jump(bars, row, factor):
    symbol = bars["symbol"].iloc[row]
    after = (np.arange(len(bars)) >= row) & (bars["symbol"] == symbol).to_numpy()
    changed = bars.copy()
    changed.loc[after, PRICES] *= factor
    return changed


def test_the_jump_into_a_new_contract_is_invisible(bars):
    rows = np.flatnonzero(bars["new_contract"])
    assert len(rows) > 2
    for row in rows:
        jumped = bar_features(with_jump(bars, row, 1.3))
        np.testing.assert_allclose(
            values(jumped), values(bar_features(bars)), atol=2e-9, rtol=0
        )


def test_the_same_jump_without_the_flag_is_visible(bars):
    row = np.flatnonzero(bars["new_contract"])[-1]
    unflagged = bars.assign(new_contract=False)
    change = values(bar_features(with_jump(unflagged, row, 1.3))) - values(
        bar_features(unflagged)
    )
    assert np.abs(change).max() > 1


def test_a_contract_change_within_a_session_is_invisible_too(bars):
    row = 300
    assert not bars["new_contract"].iloc[row]
    flagged = bars.copy()
    flagged.loc[row, "new_contract"] = True
    np.testing.assert_allclose(
        values(bar_features(with_jump(flagged, row, 0.5))),
        values(bar_features(flagged)),
        atol=2e-9,
        rtol=0,
    )


def test_bars_without_the_contract_column_are_one_contract(bars):
    plain = bar_features(bars.drop(columns="new_contract"))
    assert plain.equals(bar_features(bars.assign(new_contract=False)))


def test_real_bars_give_finite_and_bounded_features():
    features = bar_features(load_bars(), timezone=contract_specs()["timezone"])
    assert len(features) == 405_230 - 4 * 239
    assert np.isfinite(values(features)).all()
    assert np.abs(values(features)).max() <= 12


def test_a_price_that_never_moves_gives_finite_features(bars):
    flat = bars.assign(**dict.fromkeys(PRICES, 7.0), volume=0)
    features = bar_features(flat)
    assert np.isfinite(values(features)).all()
    assert (features["return_10"] == 0).all()
    assert (features["range_position_20"] == 0).all()


def slow_features(bars, t, timezone):
    """Compute some features of bar t of one symbol, one bar at a time."""
    close, open_ = bars["close"].tolist(), bars["open"].tolist()
    high, low, roll = bars["high"].tolist(), bars["low"].tolist(), bars["new_contract"]
    times = bars["datetime"].tolist()
    step, inner, start = [], [], 0
    for i in range(t + 1):
        gap = i > 0 and times[i] - times[i - 1] > pd.Timedelta("4h")
        base = open_[i] if i == 0 or roll.iloc[i] else close[i - 1]
        step.append(np.log(close[i] / base))
        fresh = i == 0 or gap or roll.iloc[i]
        inner.append(np.log(close[i] / open_[i]) if fresh else step[-1])
        start = i if fresh else start
    volatility = np.sqrt(np.mean(np.square(inner[-240:])))
    chained = [1.0]
    for s in step:
        chained.append(chained[-1] * np.exp(s))
    path = chained[1:]
    tops = [path[i] * high[i] / close[i] for i in range(t - 19, t + 1)]
    bottoms = [path[i] * low[i] / close[i] for i in range(t - 19, t + 1)]
    lo, hi, now = np.log(min(bottoms)), np.log(max(tops)), np.log(path[t])
    local = times[t].tz_convert(timezone)
    minute = local.hour * 60 + local.minute
    moved = sum(step[start + 1 :]) + np.log(close[start] / open_[start])
    night = 0.0
    if start > 0 and not roll.iloc[start]:
        night = np.log(open_[start] / close[start - 1])
    volume = bars["volume"].tolist()
    signed = sum(np.sign(step[i]) * volume[i] for i in range(t - 11, t + 1))
    return {
        "day_sin": np.sin(2 * np.pi * minute / 1440),
        "week_cos": np.cos(2 * np.pi * (local.weekday() * 1440 + minute) / 10080),
        "session_hours": (times[t] - times[start]) / pd.Timedelta("1h"),
        "log_pause": np.log1p((times[t] - times[t - 1]) / pd.Timedelta("1min")),
        "return_30": sum(step[-30:]) / volatility / np.sqrt(30),
        "session_return": moved / volatility / np.sqrt(t - start + 1),
        "gap_return": night / volatility / np.sqrt(20),
        "volatility_12": np.log(np.sqrt(np.mean(np.square(inner[-12:]))) / volatility),
        "unchanged_48": np.mean([s == 0 for s in step[-48:]]),
        "upper_shadow": np.log(high[t] / max(open_[t], close[t])) / volatility,
        "range_position_20": 2 * (now - lo) / (hi - lo) - 1,
        "mean_distance_20": (now - np.mean(np.log(path[-20:])))
        / volatility
        / np.sqrt(20),
        "efficiency_24": sum(step[-24:]) / sum(map(abs, step[-24:])),
        "signed_volume_12": signed / sum(volume[t - 11 : t + 1]),
        "volume_12": np.mean(np.log1p(volume[t - 11 : t + 1]))
        - np.mean(np.log1p(volume[t - 239 : t + 1])),
    }


@pytest.mark.parametrize("t", [239, 287, 288, 320, 419])
@pytest.mark.parametrize("timezone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("roll", [None, 300, 320])
def test_features_equal_a_slow_loop(bars, t, timezone, roll):
    own = bars[bars["symbol"] == "S01"].reset_index(drop=True)
    if roll is not None:
        own.loc[roll, "new_contract"] = True
    row = bar_features(own, timezone=timezone).iloc[t - 239]
    expected = pd.Series(slow_features(own, t, timezone)).clip(-10, 10)
    np.testing.assert_allclose(
        row[expected.index].astype(float), expected, atol=1e-8, rtol=0
    )


def test_a_clock_with_daylight_saving_follows_the_exchange():
    times = pd.date_range("2024-03-01 15:00", periods=25, freq="D", tz="UTC")
    grid = [t + pd.Timedelta(minutes=5 * i) for t in times for i in range(12)]
    frame = pd.DataFrame(
        {"symbol": "A", "datetime": grid, "volume": 1, **dict.fromkeys(PRICES, 1.0)}
    )
    features = bar_features(frame, timezone="America/New_York").set_index("datetime")
    at = features["day_sin"].loc
    summer = at[pd.Timestamp("2024-03-22 15:00", tz="UTC")]
    # 11:00 in New York in summer; the winter's 10:00 has a larger sine.
    assert summer == pytest.approx(np.sin(2 * np.pi * 11 / 24), abs=1e-8)


def test_settings_may_differ_by_symbol(bars):
    zones = {"S00": "UTC", "S01": "Asia/Shanghai"}
    gaps = pd.Series({"S00": "4h", "S01": "1h"})
    mixed = bar_features(bars, timezone=zones, session_gap=gaps)
    parts = [
        bar_features(own, timezone=zones[name], session_gap=gaps[name])
        for name, own in bars.groupby("symbol")
    ]
    pd.testing.assert_frame_equal(mixed, pd.concat(parts, ignore_index=True))
    assert not mixed.equals(bar_features(bars))


def test_the_session_gap_decides_where_sessions_start(bars):
    hours = bar_features(bars, session_gap="1h")["session_hours"].max()
    assert hours < bar_features(bars)["session_hours"].max()


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_the_unit_and_zone_of_the_stamps_do_not_matter(bars, unit):
    local = bars["datetime"].dt.tz_convert("Asia/Shanghai").dt.as_unit(unit)
    expected = bar_features(bars)
    pd.testing.assert_frame_equal(bar_features(bars.assign(datetime=local)), expected)
    naive = bars["datetime"].dt.tz_localize(None).dt.as_unit(unit)
    pd.testing.assert_frame_equal(bar_features(bars.assign(datetime=naive)), expected)


def test_a_symbol_shorter_than_the_warm_up_is_named_and_left_out(bars):
    short = bars[(bars["symbol"] == "S00") | (bars.index < 420 + 100)]
    with pytest.warns(UserWarning, match=r"at most 239 bars.*'S01': 100"):
        features = bar_features(short)
    assert set(features["symbol"]) == {"S00"}
    with pytest.raises(DataError, match=r"'S01': 100.*No symbol is left"):
        bar_features(short[short["symbol"] == "S01"])


def faulty(bars, fault):
    row = 500
    broken = bars.copy()
    if fault in PRICES:
        broken.loc[row, fault] = np.inf if fault == "high" else np.nan
    elif fault == "negative price":
        broken.loc[row, "low"] = -1.0
    elif fault == "volume":
        broken["volume"] = broken["volume"].astype(float)
        broken.loc[row, "volume"] = np.nan
    elif fault == "high below close":
        broken.loc[row, "high"] = broken.loc[row, "close"] * 0.9
    elif fault == "low above open":
        broken.loc[row, "low"] = broken.loc[row, "open"] * 1.1
    return broken


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("open", "'open' is not finite"),
        ("high", "'high' is not finite"),
        ("close", "'close' must be finite"),
        ("negative price", "'low' is not finite and positive"),
        ("volume", "'volume' is not finite"),
        ("high below close", "'high' is below"),
        ("low above open", "'low' is above"),
    ],
)
def test_an_impossible_value_is_refused_with_its_place(bars, fault, message):
    with pytest.raises(DataError, match=message) as caught:
        bar_features(faulty(bars, fault))
    stamp = bars["datetime"].iloc[500].tz_localize(None)
    for part in ("row 500", "'S01'", str(stamp)):
        assert part in str(caught.value)


def test_faulty_frames_are_refused_with_the_right_names(bars):
    with pytest.raises(DataError, match=r"'close'.*more than once"):
        bar_features(pd.concat([bars, bars[["close"]]], axis=1))
    with pytest.raises(DataError, match=r"no columns \['low', 'volume'\]"):
        bar_features(bars.drop(columns=["low", "volume"]))
    with pytest.raises(DataError, match=r"'open' must hold numbers, got dtype"):
        bar_features(bars.assign(open=bars["open"].astype(str)))
    with pytest.raises(DataError, match="DataFrame, got ndarray"):
        bar_features(bars.to_numpy())
    with pytest.raises(DataError, match=r"duplicate.*'S00'"):
        bar_features(pd.concat([bars, bars[:1]]))
    with pytest.raises(DataError, match="'datetime'"):
        bar_features(bars.drop(columns="datetime"))
    with pytest.raises(DataError, match="timezone must be a name"):
        bar_features(bars, timezone="Mars/Olympus")
    with pytest.raises(DataError, match=r"timezone has no entry for symbol 'S01'"):
        bar_features(bars, timezone={"S00": "UTC"})
    with pytest.raises(DataError, match="session_gap"):
        bar_features(bars, session_gap="-4h")


def test_mixed_time_zones_are_refused(bars):
    naive = bars[:10].assign(datetime=bars["datetime"][:10].dt.tz_localize(None))
    mixed = pd.concat([naive.astype({"datetime": object}), bars[10:]])
    with pytest.raises(DataError, match="mixes time zones"):
        bar_features(mixed)


def test_the_input_is_left_as_it_was(bars):
    before = bars.copy(deep=True)
    bar_features(bars)
    pd.testing.assert_frame_equal(bars, before)
