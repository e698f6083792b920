"""The rules for bars that come in, what is remembered, and drift."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline

from families import make_frame, make_labels, quick
from sk_ensemble import Panel, Windower
from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.production import OnlinePredictor, predict
from sk_ensemble.production._ring import Ring

FRAME = make_frame(0, 120)
BARS = FRAME.to_dict("records")
A = [bar for bar in BARS if bar["symbol"] == "A"]


@pytest.fixture(scope="module")
def training():
    return Panel.from_frame(FRAME).align(make_labels(FRAME))


@pytest.fixture(scope="module")
def model(training):
    return make_pipeline(Windower(5), quick("xgboost")).fit(*training)


def feed(online, bars):
    found = [online.update(bar["symbol"], bar) for bar in bars]
    return [None if one is None else one.probabilities.tolist() for one in found]


def test_nothing_is_predicted_before_the_window_is_full(model):
    found = feed(OnlinePredictor(model), A[:7])
    assert [one is None for one in found] == [True] * 4 + [False] * 3


def test_old_bars_are_counted_and_change_nothing(model):
    plain, disturbed = OnlinePredictor(model), OnlinePredictor(model)
    feed(plain, A[:20])
    feed(disturbed, A[:20])
    changed = {**A[18], "close": 9.0}
    assert feed(disturbed, [A[19], A[18], changed, A[3]]) == [None] * 4
    names = ["n_bars", "n_repeated", "n_changed", "n_late"]
    assert disturbed.status().loc["A", names].tolist() == [20, 2, 1, 1]
    assert feed(plain, A[20:30]) == feed(disturbed, A[20:30])


def test_old_bars_are_refused_where_asked(model):
    online = OnlinePredictor(model, on_old="error")
    feed(online, A[:20])
    assert feed(online, [A[19]]) == [None]
    with pytest.raises(DataError, match=r"'A' at .* is changed: the last one"):
        online.update("A", {**A[18], "close": 9.0})
    with pytest.raises(DataError, match="is late"):
        online.update("A", A[0])
    with pytest.raises(DataError, match="on_old must be one of"):
        OnlinePredictor(model, on_old="drop")


def test_a_gap_begins_anew(model):
    online = OnlinePredictor(model, max_gap="1h")
    late = {**A[20], "datetime": A[19]["datetime"] + pd.Timedelta("2h")}
    found = feed(online, [*A[:20], late])
    assert found[-2] is not None
    assert found[-1] is None
    assert not online.status().loc["A", "is_ready"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"close": np.inf}, "'close' of symbol 'A' at .* is not finite: inf"),
        ({"close": 1e39}, "is too large for float32"),
        ({"close": "1"}, "is no number: '1'"),
        ({"datetime": "yesterdayish"}, "no time stamp"),
        ({"datetime": 17}, "no time stamp"),
        ({"datetime": None}, "no time stamp"),
    ],
)
def test_faulty_bars_are_refused_and_not_taken(model, change, message):
    online = OnlinePredictor(model)
    feed(online, A[:10])
    with pytest.raises(DataError, match=message):
        online.update("A", {**A[10], **change})
    assert online.status().loc["A", "n_bars"] == 10


def test_missing_features_are_named(model):
    bar = {name: A[0][name] for name in ("datetime", "open", "volume")}
    with pytest.raises(DataError, match="Features missing: 'close'"):
        OnlinePredictor(model).update("A", bar)
    with pytest.raises(DataError, match="has no 'datetime'"):
        OnlinePredictor(model).update("A", {"open": 1.0, "close": 1.0, "volume": 1})


def test_a_series_and_naive_times_are_the_same_bar(model):
    one, other = OnlinePredictor(model), OnlinePredictor(model)
    for bar in A[:8]:
        naive = {**bar, "datetime": str(bar["datetime"].tz_localize(None))}
        found = one.update("A", pd.Series(bar)), other.update("A", naive)
        assert (found[0] is None) == (found[1] is None)
    assert found[0].timestamps[0] == found[1].timestamps[0]
    np.testing.assert_array_equal(found[0].probabilities, found[1].probabilities)


def test_symbols_do_not_influence_each_other(model):
    together = OnlinePredictor(model)
    mixed = [
        p for b, p in zip(BARS, feed(together, BARS), strict=True) if b["symbol"] == "A"
    ]
    assert mixed == feed(OnlinePredictor(model), A)


def test_memory_does_not_grow_with_bars(model):
    online = OnlinePredictor(model, max_symbols=2)
    feed(online, BARS[:50])
    feed(online, A[60:70])
    before = online.n_bytes
    feed(online, A[70:])
    assert online.n_bytes == before
    online.update("B", BARS[-1])
    with pytest.raises(DataError, match="max_symbols=2"):
        online.update("C", A[0])
    other = FRAME[:3].assign(symbol=["C", "D", "E"])
    with pytest.raises(DataError, match="max_symbols=2"):
        OnlinePredictor(model, max_symbols=2).warm_up(other)


def test_what_is_handed_out_does_not_change_later(model):
    online = OnlinePredictor(model)
    feed(online, A[:6])
    output = online.update("A", A[6])
    before = output.to_dataframe()
    feed(online, A[7:40])
    pd.testing.assert_frame_equal(output.to_dataframe(), before)


def test_warming_up_again_needs_later_bars(model):
    online = OnlinePredictor(model)
    online.warm_up(FRAME[:50])
    with pytest.raises(DataError, match=r"known already\. Nothing is taken"):
        online.warm_up(FRAME[40:60])
    online.warm_up(FRAME[50:60])
    expected = predict(model, FRAME[:61]).probabilities[-1:]
    assert feed(online, [BARS[60]]) == [expected.tolist()]


@settings(max_examples=6, deadline=None)
@given(cut=st.integers(0, 60))
def test_a_snapshot_goes_on_where_it_was_taken(model, training, cut, tmp_path_factory):
    path = tmp_path_factory.mktemp("snapshots") / "state"
    first = OnlinePredictor(model, training=training[0])
    feed(first, BARS[:cut])
    first.snapshot(path)
    second = OnlinePredictor(model)
    second.restore(path)
    pd.testing.assert_frame_equal(first.status(), second.status(), check_dtype=False)
    assert feed(first, BARS[cut:80]) == feed(second, BARS[cut:80])
    pd.testing.assert_frame_equal(first.drift(), second.drift())


def test_damaged_and_other_snapshots_change_nothing(model, training, tmp_path):
    online = OnlinePredictor(model)
    feed(online, BARS[:40])
    path = tmp_path / "state"
    online.snapshot(path)
    content = path.read_bytes()
    status = online.status()
    for place in range(0, len(content), 97):
        path.write_bytes(
            content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        )
        with pytest.raises(PersistenceError, match="state"):
            online.restore(path)
    for length in (0, 1, 7, 8, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(PersistenceError, match="state"):
            online.restore(path)
    with pytest.raises(PersistenceError, match="nothing"):
        online.restore(tmp_path / "nothing")
    path.write_bytes(content)
    longer = make_pipeline(Windower(6), quick("xgboost")).fit(*training)
    with pytest.raises(PersistenceError, match=r"another predictor.*'n_kept': 5"):
        OnlinePredictor(longer).restore(path)
    pd.testing.assert_frame_equal(online.status(), status)


def test_drift_is_seen_where_it_is_and_only_there(model, training):
    online = OnlinePredictor(model, training=training[0])
    for bar in BARS:
        online.update(bar["symbol"], {**bar, "volume": bar["volume"] + 3})
    report = online.drift(reset=True).set_index("feature")
    assert report.index[0] == "volume"
    assert report.loc["volume", "stability_index"] > 1
    assert report.loc["volume", "above"] > 0.3
    assert (report.loc[["open", "close"], "stability_index"] < 0.05).all()
    assert (report["n_bars"] == len(BARS)).all()
    assert (online.drift()["n_bars"] == 0).all()
    with pytest.raises(DataError, match="nothing to compare"):
        OnlinePredictor(model).drift()


def test_drift_needs_the_features_of_the_model(model, training):
    other = Panel.from_frame(FRAME, features=["open", "close"])
    with pytest.raises(DataError, match="training panel has the features"):
        OnlinePredictor(model, training=other)


@settings(max_examples=50, deadline=None)
@given(n_bars=st.integers(1, 9), n_appended=st.integers(0, 60))
def test_a_ring_holds_the_last_bars(n_bars, n_appended):
    ring = Ring(n_bars, 2, np.float64)
    for number in range(n_appended):
        ring.append(number, [number, -number])
    expected = list(range(n_appended))[-n_bars:]
    assert ring.times.tolist() == expected
    assert ring.values.tolist() == [[n, -n] for n in expected]
    ring.clear()
    assert len(ring) == 0
