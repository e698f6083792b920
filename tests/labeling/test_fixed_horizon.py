from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.labeling import (
    _volatility,
    bar_volatility,
    fixed_horizon_labels,
    forward_returns,
)

FIVE_MINUTES = pd.Timedelta("5min")
GAPS = [FIVE_MINUTES, pd.Timedelta("2h"), pd.Timedelta("4h"), pd.Timedelta("4h5min")]


def make_bars(seed: int, n_bars: int = 60, symbols: str = "AB") -> pd.DataFrame:
    """Random closes on a random calendar, in random row order."""
    rng = np.random.default_rng(seed)
    parts = []
    for symbol in symbols:
        steps = rng.choice(len(GAPS), size=n_bars, p=[0.9, 0.04, 0.03, 0.03])
        times = pd.Timestamp("2021-01-04", tz="UTC") + np.cumsum(
            np.array(GAPS, dtype=object)[steps]
        )
        returns = rng.normal(scale=0.001, size=n_bars) * (rng.random(n_bars) > 0.15)
        parts.append(
            pd.DataFrame(
                {
                    "datetime": pd.DatetimeIndex(times),
                    "symbol": symbol,
                    "close": 100 * np.exp(np.cumsum(returns)),
                    "new_contract": rng.random(n_bars) < 0.03,
                }
            )
        )
    return pd.concat(parts).sample(frac=1, random_state=seed).reset_index(drop=True)


def slow_volatility(returns: list[float], span: float) -> float:
    """Weighted standard deviation of the returns so far, from its definition."""
    if len(returns) < 2:
        return math.nan
    decay = 1 - 2 / (span + 1)
    weights = [decay ** (len(returns) - 1 - i) for i in range(len(returns))]
    total = sum(weights)
    mean = sum(w * r for w, r in zip(weights, returns, strict=True)) / total
    square = sum(w * (r - mean) ** 2 for w, r in zip(weights, returns, strict=True))
    unbiased = total**2 / (total**2 - sum(w * w for w in weights))
    return math.sqrt(square / total * unbiased)


def slow_labels(
    bars: pd.DataFrame,
    horizon: int,
    *,
    threshold: float,
    span: float,
    across_sessions: bool,
    entry_delay: int,
) -> dict[tuple[str, pd.Timestamp], tuple[int, pd.Timestamp]]:
    found = {}
    for symbol, of_symbol in bars.groupby("symbol"):
        rows = list(of_symbol.sort_values("datetime").itertuples())
        returns: list[float] = []
        for t, row in enumerate(rows):
            if t > 0:
                gap = row.datetime - rows[t - 1].datetime > pd.Timedelta("4h")
                if not gap and not row.new_contract:
                    returns.append(math.log(row.close) - math.log(rows[t - 1].close))
            end = t + entry_delay + horizon
            volatility = slow_volatility(returns, span)
            if end >= len(rows) or math.isnan(volatility):
                continue
            clean = True
            for s in range(t + 1, end + 1):
                gap = rows[s].datetime - rows[s - 1].datetime > pd.Timedelta("4h")
                if rows[s].new_contract or (gap and not across_sessions):
                    clean = False
            if not clean:
                continue
            change = math.log(rows[end].close) - math.log(rows[t + entry_delay].close)
            label = 0
            if abs(change) > threshold * volatility * math.sqrt(horizon):
                label = 1 if change > 0 else -1
            found[symbol, row.datetime] = (label, rows[end].datetime)
    return found


def as_dict(labels: pd.DataFrame) -> dict:
    return {
        key: (label, end)
        for key, label, end in zip(
            labels.index, labels["label"], labels["label_end"], strict=True
        )
    }


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    horizon=st.integers(1, 12),
    threshold=st.floats(0, 2),
    span=st.floats(1.5, 50),
    across_sessions=st.booleans(),
    entry_delay=st.integers(0, 3),
)
def test_labels_equal_those_of_a_slow_loop(
    seed, horizon, threshold, span, across_sessions, entry_delay
):
    bars = make_bars(seed)
    labels = fixed_horizon_labels(
        bars,
        horizon,
        threshold=threshold,
        volatility_span=span,
        across_sessions=across_sessions,
        entry_delay=entry_delay,
    )
    assert as_dict(labels) == slow_labels(
        bars,
        horizon,
        threshold=threshold,
        span=span,
        across_sessions=across_sessions,
        entry_delay=entry_delay,
    )


def test_frame_has_the_agreed_form_and_the_row_order_of_the_bars():
    bars = make_bars(0)
    labels = fixed_horizon_labels(bars, 3)
    assert labels.index.names == ["symbol", "datetime"]
    assert labels["label"].dtype == np.int64
    assert labels["label_end"].dtype == "datetime64[ns, UTC]"
    keys = pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])
    assert labels.index.tolist() == keys[keys.isin(labels.index)].tolist()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), cut=st.floats(0.1, 0.9))
def test_closes_after_label_end_do_not_matter(seed, cut):
    bars = make_bars(seed)
    labels = fixed_horizon_labels(bars, 4, volatility_span=10)
    time = bars["datetime"].quantile(cut)
    noise = np.random.default_rng(seed).uniform(50, 200, len(bars))
    changed = bars.assign(close=bars["close"].where(bars["datetime"] <= time, noise))
    after = fixed_horizon_labels(changed, 4, volatility_span=10)
    known = labels[labels["label_end"] <= time]
    pd.testing.assert_frame_equal(after.loc[known.index], known)


def test_closes_before_label_end_do_matter():
    bars = make_bars(1)
    labels = fixed_horizon_labels(bars, 4)
    time = bars["datetime"].quantile(0.5)
    changed = bars.assign(
        close=bars["close"].where(bars["datetime"] <= time, 1e-3 * bars["close"])
    )
    after = fixed_horizon_labels(changed, 4)
    crossing = labels.index[
        (labels.index.get_level_values("datetime") <= time)
        & (labels["label_end"] > time)
    ]
    assert len(crossing)
    assert (after.loc[crossing, "label"] == -1).all()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), cut=st.floats(0.1, 0.9))
def test_volatility_uses_no_later_bar(seed, cut):
    bars = make_bars(seed)
    time = bars["datetime"].quantile(cut)
    noise = np.random.default_rng(seed).uniform(50, 200, len(bars))
    changed = bars.assign(close=bars["close"].where(bars["datetime"] <= time, noise))
    before = (bars["datetime"] <= time).to_numpy()
    pd.testing.assert_series_equal(
        bar_volatility(changed)[before], bar_volatility(bars)[before], check_exact=True
    )


@pytest.mark.parametrize("kind", ["session", "contract"])
def test_jumps_into_a_session_or_contract_stay_out_of_the_volatility(kind):
    times = pd.date_range("2021-01-04", periods=40, freq="5min", tz="UTC")
    after = np.arange(40) >= 20
    shift = pd.Timedelta("10h") if kind == "session" else pd.Timedelta(0)
    bars = pd.DataFrame(
        {
            "symbol": "A",
            "datetime": times + shift * after,
            "close": 100 + np.arange(40) % 2 + 50 * after,
            "new_contract": (np.arange(40) == 20) & (kind == "contract"),
        }
    )
    aware = bar_volatility(bars, span=10).to_numpy()
    assert aware[20] == aware[19]
    assert aware[-1] < 0.02
    blind = bar_volatility(
        bars.assign(new_contract=False), span=10, session_gap="1000D"
    ).to_numpy()
    assert blind[20] > 0.1


def test_lunch_is_no_session_end_and_night_is():
    morning = pd.to_datetime(["2021-01-04 01:35", "2021-01-04 01:40"])
    around_lunch = pd.to_datetime(["2021-01-04 03:30", "2021-01-04 05:05"])
    evening = pd.to_datetime(["2021-01-04 05:10", "2021-01-05 01:35"])
    times = morning.append(around_lunch).append(evening)
    close = [100.0, 101.0, 100.0, 102.0, 101.0, 103.0]
    bars = pd.DataFrame({"symbol": "A", "datetime": times, "close": close})
    labels = fixed_horizon_labels(bars, 1)
    labelled = labels.index.get_level_values("datetime").tz_localize(None)
    assert labelled.tolist() == times[2:4].tolist()
    across = fixed_horizon_labels(bars, 1, across_sessions=True)
    assert len(across) == 3


def test_contract_change_makes_a_label_missing_even_across_sessions():
    bars = make_bars(3, symbols="A").sort_values("datetime", ignore_index=True)
    flagged = bars.assign(new_contract=bars.index == 30)
    clean = bars.assign(new_contract=False)
    options = {"across_sessions": True, "volatility_span": 5}
    lost = fixed_horizon_labels(clean, 4, **options).index.difference(
        fixed_horizon_labels(flagged, 4, **options).index
    )
    times = lost.get_level_values("datetime")
    assert times.tolist() == bars["datetime"][26:30].tolist()


def test_entry_delay_shifts_the_return_and_not_the_threshold():
    bars = make_bars(4, symbols="A").sort_values("datetime", ignore_index=True)
    now = forward_returns(bars, 3, across_sessions=True)
    later = forward_returns(bars, 3, across_sessions=True, entry_delay=2)
    times = later.index.get_level_values("datetime")
    place = pd.Index(bars["datetime"]).get_indexer(times)
    expected = now.loc[[("A", bars["datetime"][i + 2]) for i in place]]
    assert later["forward_return"].tolist() == expected["forward_return"].tolist()
    assert later["label_end"].tolist() == expected["label_end"].tolist()


def test_labels_are_the_signs_of_large_forward_returns():
    bars = make_bars(5)
    labels = fixed_horizon_labels(bars, 4, threshold=0)
    returns = forward_returns(bars, 4).loc[labels.index, "forward_return"]
    assert labels["label"].tolist() == np.sign(returns).astype(int).tolist()


def test_symbols_do_not_touch_each_other():
    bars = make_bars(6, symbols="ABC")
    together = fixed_horizon_labels(bars, 4)
    for symbol in "ABC":
        alone = fixed_horizon_labels(bars[bars["symbol"] == symbol], 4)
        pd.testing.assert_frame_equal(
            together.xs(symbol, drop_level=False), alone, check_index_type=False
        )


def test_time_units_zones_and_index_levels_do_not_matter():
    bars = make_bars(7)
    labels = fixed_horizon_labels(bars, 4)
    variants = [
        bars.assign(datetime=bars["datetime"].dt.tz_convert("Asia/Shanghai")),
        bars.assign(datetime=bars["datetime"].dt.tz_localize(None).dt.as_unit("us")),
        bars.set_index(["symbol", "datetime"]),
    ]
    for variant in variants:
        pd.testing.assert_frame_equal(fixed_horizon_labels(variant, 4), labels)


def test_too_long_a_horizon_gives_an_empty_frame():
    labels = fixed_horizon_labels(make_bars(8), 1000)
    assert labels.empty
    assert list(labels.columns) == ["label", "label_end"]


def test_bars_without_the_contract_column_have_no_contract_changes():
    bars = make_bars(9)
    pd.testing.assert_frame_equal(
        fixed_horizon_labels(bars.drop(columns="new_contract"), 4),
        fixed_horizon_labels(bars.assign(new_contract=False), 4),
    )


def test_many_symbols_have_the_volatility_that_few_have(monkeypatch):
    bars = make_bars(3, symbols="CABD")
    expected = bar_volatility(bars, span=10)
    monkeypatch.setattr(_volatility, "_MANY_SYMBOLS", 3)
    pd.testing.assert_series_equal(
        bar_volatility(bars, span=10), expected, check_exact=True
    )
    assert expected.notna().sum() > 200
    own = [bar_volatility(part, span=10) for _, part in bars.groupby("symbol")]
    pd.testing.assert_series_equal(
        pd.concat(own).sort_index(), expected.sort_index(), check_exact=True
    )


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
def test_unusable_price_is_refused_with_symbol_and_time(price):
    bars = make_bars(10)
    bars.loc[17, "close"] = price
    stamp = bars.loc[17, "datetime"].tz_localize(None)
    pattern = f"finite and positive.*{bars.loc[17, 'symbol']!r} at {stamp} UTC.*row 17"
    with pytest.raises(DataError, match=pattern):
        fixed_horizon_labels(bars, 4)


def test_duplicate_bar_is_refused_with_symbol_and_time():
    bars = make_bars(11)
    doubled = pd.concat([bars, bars[5:6]], ignore_index=True)
    stamp = bars.loc[5, "datetime"].tz_localize(None)
    with pytest.raises(DataError, match=f"1 duplicate.*{stamp}"):
        fixed_horizon_labels(doubled, 4)


def test_mixed_time_zones_are_refused():
    bars = make_bars(12)
    naive = bars[:30].assign(datetime=bars["datetime"][:30].dt.tz_localize(None))
    mixed = pd.concat(
        [part.astype({"datetime": object}) for part in (naive, bars[30:])]
    )
    with pytest.raises(DataError, match="mixes time zones"):
        fixed_horizon_labels(mixed, 4)


@pytest.mark.parametrize("column", ["close", "datetime", "symbol"])
def test_missing_column_is_named(column):
    with pytest.raises(DataError, match=repr(column)):
        fixed_horizon_labels(make_bars(13).drop(columns=column), 4)


def test_other_faults_of_the_bars_are_refused():
    bars = make_bars(14)
    with pytest.raises(DataError, match="no rows"):
        fixed_horizon_labels(bars[:0], 4)
    with pytest.raises(DataError, match="must be a DataFrame"):
        fixed_horizon_labels(bars.to_numpy(), 4)
    with pytest.raises(DataError, match="'close' must hold numbers"):
        fixed_horizon_labels(bars.assign(close="100"), 4)
    with pytest.raises(DataError, match="True or False in every row"):
        fixed_horizon_labels(bars.assign(new_contract=0), 4)
    with pytest.raises(DataError, match="session_gap must be a positive duration"):
        fixed_horizon_labels(bars, 4, session_gap="-1h")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"horizon": 0}, ValueError),
        ({"horizon": 1.5}, TypeError),
        ({"horizon": 4, "entry_delay": -1}, ValueError),
        ({"horizon": 4, "threshold": -0.1}, ValueError),
        ({"horizon": 4, "volatility_span": 0}, ValueError),
    ],
)
def test_parameters_out_of_range_are_refused(options, error):
    with pytest.raises(error, match=list(options)[-1]):
        fixed_horizon_labels(make_bars(15), **options)
