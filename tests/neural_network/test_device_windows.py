from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble import LSTMClassifier, Panel, Windower
from sk_ensemble.neural_network import DeviceWindows
from sk_ensemble.panel import Windows, history_of_array


def make_panel(lengths, gaps=(), n_features=2, dtype="float32"):
    """Return a panel of some symbols, with a gap of a day before some bars."""
    frames = []
    for number, length in enumerate(lengths):
        hours = np.arange(length) + 24 * np.isin(np.arange(length), gaps).cumsum()
        values = 100.0 * number + np.arange(length * n_features).reshape(length, -1)
        frame = pd.DataFrame(values, columns=[f"f{i}" for i in range(n_features)])
        frame["symbol"] = f"S{number}"
        frame["datetime"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(hours, "h")
        frames.append(frame)
    return Panel.from_frame(pd.concat(frames), max_gap="4h", dtype=dtype)


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    gaps=st.sets(st.integers(1, 11), max_size=3),
    window_length=st.integers(1, 9),
    lag=st.integers(0, 3),
    data=st.data(),
)
def test_batches_equal_those_of_windows(lengths, gaps, window_length, lag, data):
    panel = make_panel(lengths, list(gaps))
    row = st.integers(0, len(panel) - 1)
    samples = panel[data.draw(st.lists(row, min_size=1, max_size=9))]
    windows = Windows.from_panel(samples, window_length, lag)
    rows = data.draw(st.lists(st.integers(0, len(windows) - 1), max_size=9))
    twin = DeviceWindows(windows)
    assert twin.shape == windows.shape
    np.testing.assert_array_equal(twin.gather(), windows.gather())
    np.testing.assert_array_equal(
        twin.gather(np.array(rows, dtype=int)), windows.gather(rows)
    )


def test_rows_may_be_a_tensor_or_a_mask():
    windows = Windower(3).transform(make_panel([8]))
    rows = np.array([5, 0, 5])
    twin = DeviceWindows(windows)
    np.testing.assert_array_equal(
        twin.gather(torch.from_numpy(rows)), windows.gather(rows)
    )
    mask = torch.arange(8) > 4
    np.testing.assert_array_equal(twin.gather(mask), windows.gather(mask.numpy()))


def test_samples_of_a_three_dimensional_array_stay_apart():
    values = np.random.default_rng(0).normal(size=(6, 4, 2))
    history = history_of_array(values.reshape(-1, 2), segment_length=4)
    windows = Windows(history, np.arange(1, 7) * 4 - 1, window_length=4)
    np.testing.assert_array_equal(DeviceWindows(windows).gather(), values)


def test_a_bar_is_held_once_however_many_windows_hold_it():
    windows = Windower(5).transform(make_panel([40, 40]))
    complete = windows[windows.complete]
    assert len(DeviceWindows(complete).bars) == 80
    # Each symbol's first bar and four copies of it.
    assert len(DeviceWindows(windows).bars) == 80 + 2 * 4


def test_bars_outside_of_all_windows_stay_where_they_are():
    windows = Windower(5).transform(make_panel([1000]))[[500, 502]]
    assert len(DeviceWindows(windows).bars) == 7


def test_the_bars_are_a_copy():
    windows = Windower(2).transform(make_panel([4]))
    before = windows.gather()
    DeviceWindows(windows).bars.zero_()
    np.testing.assert_array_equal(windows.gather(), before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_type_follows_the_bars_unless_asked_otherwise(dtype):
    windows = Windower(2).transform(make_panel([4], dtype=dtype))
    assert DeviceWindows(windows).gather().dtype == getattr(torch, dtype)
    assert DeviceWindows(windows, dtype=torch.float64).bars.dtype == torch.float64


@pytest.mark.gpu
def test_batches_on_a_gpu_equal_those_of_windows():
    windows = Windower(5, lag=1).transform(make_panel([40, 30], gaps=[7])[10:])
    batch = DeviceWindows(windows, "cuda").gather(np.array([3, 0, 44]))
    assert batch.device.type == "cuda"
    np.testing.assert_array_equal(batch.cpu(), windows.gather([3, 0, 44]))


@pytest.mark.parametrize("most", [32, 96])
def test_predictions_do_not_depend_on_how_many_bars_are_on_the_device(
    most, monkeypatch
):
    sizes = []

    class Counting(DeviceWindows):
        def __init__(self, windows, *args):
            sizes.append(len(windows))
            super().__init__(windows, *args)

    X = np.random.default_rng(0).normal(size=(150, 2))
    windows = Windower(5).transform(X)
    model = LSTMClassifier(hidden_size=4, max_epochs=1, random_state=0, device="cpu")
    model.fit(windows, np.arange(150) % 2)
    expected = model.predict_proba(windows)
    monkeypatch.setattr("sk_ensemble.neural_network._prediction._MOST_ON_DEVICE", most)
    monkeypatch.setattr(
        "sk_ensemble.neural_network._prediction.DeviceWindows", Counting
    )
    assert (model.predict_proba(windows) == expected).all()
    assert max(sizes) == most
    assert sum(sizes) == 150
