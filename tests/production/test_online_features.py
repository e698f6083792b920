"""The features of frames and those made bar by bar are equal to the last bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline

from families import quick
from sk_ensemble import Panel, Windower
from sk_ensemble.datasets import contract_specs, load_bars, make_bars
from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.production import OnlineBarFeatures, OnlinePredictor, predict

BARS = make_bars(420, 2, contract_sessions=3, random_state=0).bars
ZONES = contract_specs()["timezone"]


def update_all(online, bars):
    found = [online.update(bar["symbol"], bar) for bar in bars.to_dict("records")]
    return pd.DataFrame([features for features in found if features is not None])


def same(found, expected):
    """Compare by keys, as a frame comes symbol by symbol."""
    keys = ["symbol", "datetime"]
    found = found.sort_values(keys, ignore_index=True)
    expected = expected.sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)


def test_features_bar_by_bar_are_those_of_a_frame():
    assert BARS["new_contract"].sum() > 2
    same(update_all(OnlineBarFeatures(), BARS), bar_features(BARS))


@pytest.mark.parametrize("gap", ["30min", "900D"])
def test_real_bars_with_a_zone_and_sessions(gap):
    bars = load_bars(["IF"], start="2021-07", end="2021-07-15")
    online = OnlineBarFeatures(timezone=ZONES, session_gap=gap)
    expected = bar_features(bars, timezone=ZONES, session_gap=gap)
    same(update_all(online, bars), expected)


@settings(max_examples=8, deadline=None)
@given(cut=st.integers(1, 410))
def test_warm_up_and_snapshot_go_on_with_the_same_bits(cut, tmp_path_factory):
    path = tmp_path_factory.mktemp("features") / "state"
    times = np.sort(BARS["datetime"].unique())
    earlier = BARS["datetime"] < times[cut]
    later = BARS[~earlier & (BARS["datetime"] < times[min(cut + 60, 419)])]
    first, second = OnlineBarFeatures(), OnlineBarFeatures()
    first.warm_up(BARS[earlier])
    first.snapshot(path)
    second.restore(path)
    found = update_all(first, later)
    pd.testing.assert_frame_equal(found, update_all(second, later), check_exact=True)
    if len(found):
        expected = bar_features(BARS)
        is_later = expected["datetime"].isin(found["datetime"])
        same(found, expected[is_later])


def test_a_frame_that_begins_later_gives_the_same_bits():
    """What the features of a bar are made of is all within reach of it."""
    bars = BARS[BARS["symbol"] == BARS["symbol"].iloc[0]]
    starts = np.flatnonzero(bars["datetime"].diff() > pd.Timedelta("4h"))
    whole, part = bar_features(bars), bar_features(bars.iloc[starts[0] :])
    expected = whole[whole["datetime"].isin(part["datetime"])].reset_index(drop=True)
    assert len(part) > 50
    pd.testing.assert_frame_equal(part, expected, check_exact=True)


def test_features_and_predictions_together_are_those_of_frames():
    names = ["return_3", "session_return", "range_position_20", "volume_12"]
    panel = Panel.from_frame(bar_features(BARS), features=names)
    X, y = panel.align(fixed_horizon_labels(BARS, horizon=3))
    model = make_pipeline(Windower(4), quick("xgboost")).fit(X, y)
    expected = predict(model, bar_features(BARS)).to_dataframe()
    features, online = OnlineBarFeatures(), OnlinePredictor(model)
    outputs = []
    for bar in BARS.to_dict("records"):
        made = features.update(bar["symbol"], bar)
        output = None if made is None else online.update(bar["symbol"], made)
        outputs += [] if output is None else [output.to_dataframe()]
    same(pd.concat(outputs), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"close": np.nan}, "'close' is no finite number"),
        ({"open": "7"}, "'open' is no finite number"),
        ({"low": -1.0}, "not positive"),
        ({"volume": -1}, "'volume' is below 0"),
        ({"high": 1e-9}, "'high' is below open or close"),
        ({"low": 1e9, "high": 2e9}, "'low' is above open or close"),
        ({"datetime": None}, "no time stamp"),
    ],
)
def test_bars_that_cannot_be_are_refused(change, message):
    online = OnlineBarFeatures()
    bar = BARS.iloc[0].to_dict()
    with pytest.raises(DataError, match=message):
        online.update("A", {**bar, **change})
    assert repr(online) == "OnlineBarFeatures(0 symbols)"


def test_missing_columns_symbols_and_old_bars():
    online = OnlineBarFeatures(timezone={"A": "UTC"}, max_symbols=1)
    bar = BARS.iloc[0].to_dict()
    with pytest.raises(DataError, match=r"has no \['close'\]"):
        online.update("A", {name: bar[name] for name in bar if name != "close"})
    with pytest.raises(DataError, match="has no 'datetime'"):
        online.update("A", {name: bar[name] for name in bar if name != "datetime"})
    with pytest.raises(DataError, match="timezone has no entry for symbol 'B'"):
        online.update("B", bar)
    online.update("A", bar)
    assert online.update("A", bar) is None
    assert online.n_old == 1
    with pytest.raises(DataError, match="max_symbols=1"):
        online.update("C", bar)
    with pytest.raises(DataError, match=r"Symbols \['A'\] have bars already"):
        online.warm_up(BARS.assign(symbol="A").drop_duplicates("datetime"))


def test_other_snapshots_change_nothing(tmp_path):
    online = OnlineBarFeatures()
    online.warm_up(BARS)
    online.snapshot(tmp_path / "state")
    content = (tmp_path / "state").read_bytes()
    for place in range(0, len(content), len(content) // 40):
        changed = content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]
        (tmp_path / "state").write_bytes(changed)
        with pytest.raises(PersistenceError, match="state"):
            online.restore(tmp_path / "state")
    assert repr(online) == "OnlineBarFeatures(2 symbols)"
