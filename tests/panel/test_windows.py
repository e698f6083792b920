from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from counting import peak_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble import Panel, Windower
from sk_ensemble.panel import Windows, history_of_array
from sk_ensemble.panel import _windows as module

FEATURES = ["close", "volume"]

random_windows = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "window_length": st.integers(1, 7),
        "lag": st.integers(0, 3),
        "max_gap": st.sampled_from([None, "5min", "10min", "20min"]),
    }
)


def slow_bars(records, symbol, time, max_gap):
    """Return the bars of a symbol's segment up to a time, by walking backwards."""
    own = [
        bar for bar in records if bar["symbol"] == symbol and bar["datetime"] <= time
    ]
    own.sort(key=lambda bar: bar["datetime"])
    segment = [own.pop()]
    while own and (
        max_gap is None
        or segment[0]["datetime"] - own[-1]["datetime"] <= pd.Timedelta(max_gap)
    ):
        segment.insert(0, own.pop())
    return [[bar[name] for name in FEATURES] for bar in segment]


def slow_window(bars, window_length, lag):
    """Return one window, bar by bar; the earliest bar is repeated."""
    newest = len(bars) - 1 - lag
    rows = range(newest - window_length + 1, newest + 1)
    return [bars[max(row, 0)] for row in rows]


def slow_segments(frame, samples, max_gap):
    """Return what `slow_bars` finds for every sample."""
    records = frame.to_dict("records")
    stamps = pd.DatetimeIndex(samples.times)
    keys = zip(samples.symbols, stamps, strict=True)
    return [slow_bars(records, *key, max_gap) for key in keys]


@settings(deadline=None, max_examples=40)
@given(random_windows)
def test_every_window_equals_a_slow_loop(frame_of, case):
    frame = frame_of(case["seed"])
    panel = Panel.from_frame(frame, max_gap=case["max_gap"], dtype="float64")
    windows = Windows.from_panel(panel, case["window_length"], case["lag"])
    expected = [
        slow_window(bars, case["window_length"], case["lag"])
        for bars in slow_segments(frame, panel, case["max_gap"])
    ]
    np.testing.assert_array_equal(windows.gather(), expected)


@settings(deadline=None, max_examples=20)
@given(random_windows, st.randoms(use_true_random=False))
def test_windows_of_a_fold_are_those_of_the_whole_panel(frame_of, case, random):
    panel = Panel.from_frame(frame_of(case["seed"]), max_gap=case["max_gap"])
    rows = random.choices(range(len(panel)), k=random.randint(1, len(panel)))
    whole = Windows.from_panel(panel, case["window_length"], case["lag"])
    fold = Windows.from_panel(panel[rows], case["window_length"], case["lag"])
    np.testing.assert_array_equal(fold.gather(), whole.gather()[rows])
    np.testing.assert_array_equal(whole[rows].gather(), whole.gather()[rows])
    np.testing.assert_array_equal(whole.gather(rows), whole.gather()[rows])


def test_a_fold_of_a_plain_array_is_spliced_so_the_comparison_can_fail(frame):
    bars = np.arange(10.0)[:, None]
    whole = np.asarray(Windower(2).transform(bars))
    fold = np.asarray(Windower(2).transform(bars[[0, 5, 9]]))
    assert not np.array_equal(fold, whole[[0, 5, 9]])


@settings(deadline=None, max_examples=20)
@given(random_windows)
def test_the_row_order_of_the_frame_changes_nothing(frame_of, case):
    frame = frame_of(case["seed"])
    one, other = (
        Windows.from_panel(
            Panel.from_frame(rows, max_gap=case["max_gap"]), case["window_length"]
        )
        for rows in (frame, frame.sample(frac=1, random_state=1))
    )
    np.testing.assert_array_equal(one.gather(), other.gather())
    np.testing.assert_array_equal(one.times, other.times)
    np.testing.assert_array_equal(one.symbols, other.symbols)


@settings(deadline=None, max_examples=20)
@given(random_windows)
def test_renaming_the_symbols_changes_no_window(frame_of, case):
    frame = frame_of(case["seed"])
    renamed = frame.assign(symbol=frame["symbol"].map({"A": "Z", "B": "Y", "C": "X"}))
    windows, others = (
        Windows.from_panel(Panel.from_frame(rows), case["window_length"])
        for rows in (frame, renamed)
    )
    back = {"Z": "A", "Y": "B", "X": "C"}
    order = np.lexsort(([back[name] for name in others.symbols], others.times))
    np.testing.assert_array_equal(windows.gather(), others.gather()[order])


def replace_after(frame, time):
    """Replace every bar after a time by noise."""
    late = frame["datetime"] > time
    noise = np.random.default_rng(1).normal(size=(late.sum(), 2))
    noisy = frame.astype({"volume": float})
    noisy.loc[late, FEATURES] = noise
    return noisy


@pytest.mark.parametrize("lag", [0, 1, 2])
@pytest.mark.parametrize("cut", [3, 11, 20, 28])
def test_noise_after_t_leaves_the_windows_up_to_t_unchanged(frame, lag, cut):
    time = pd.Timestamp("2024-01-01") + cut * pd.Timedelta("5min")
    panels = Panel.from_frame(frame), Panel.from_frame(replace_after(frame, time))
    windows, noisy = (Windows.from_panel(panel, 4, lag).gather() for panel in panels)
    known = panels[0].times <= time.to_numpy()
    np.testing.assert_array_equal(windows[known], noisy[known])
    assert known.any()


def test_a_window_that_looks_one_bar_ahead_would_be_caught(frame):
    time = pd.Timestamp("2024-01-01 01:00")
    panels = Panel.from_frame(frame), Panel.from_frame(replace_after(frame, time))
    leaking, noisy = (Windows.from_panel(panel, 4, -1) for panel in panels)
    # The last bar of a symbol has no next one, so look at the others only.
    rows = np.flatnonzero(panels[0].positions < panels[0].history.n_bars - 1)
    known = panels[0].times[rows] <= time.to_numpy()
    assert not np.array_equal(leaking.gather(rows)[known], noisy.gather(rows)[known])


def test_folds_and_windows_share_the_memory_of_the_panel(frame):
    panel = Panel.from_frame(frame)
    for part in (panel[5:], panel[[3, 1]], Windows.from_panel(panel, 60)[::2]):
        assert np.shares_memory(part.history.block, panel.history.block)
    assert not np.shares_memory(panel.to_numpy(), panel.history.block)


@pytest.mark.parametrize(
    "n_bars", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)]
)
def test_windowing_allocates_less_than_the_bars(n_bars):
    block = np.zeros((n_bars, 30), dtype=np.float32)
    panel = Panel(history_of_array(block), np.arange(n_bars))
    allocated = peak_bytes(lambda: Windower(60).fit_transform(panel)[: n_bars // 2])
    assert allocated < 0.3 * block.nbytes


def test_materialised_windows_allocate_many_times_the_bars():
    block = np.zeros((5_000, 30), dtype=np.float32)
    windows = Windower(60).transform(block)
    assert peak_bytes(windows.gather) > 50 * block.nbytes


@pytest.mark.parametrize("segment_length", [None, 500])
def test_a_batch_allocates_itself_and_row_numbers_only(segment_length):
    block = np.zeros((5_000, 30), dtype=np.float32)
    history = history_of_array(block, segment_length=segment_length)
    windows = Windows.from_panel(Panel(history, np.arange(5_000)), 60)
    rows = np.random.default_rng(0).permutation(5_000)[:256]
    batch = windows.gather(rows)
    assert batch.nbytes == 256 * 60 * 30 * 4
    n_padded = (~windows[rows].complete).sum()
    assert (n_padded > 10) == (segment_length is not None)
    # Padded windows are gathered once more, bar by bar.
    allowed = batch.nbytes * (1.05 + 1.2 * n_padded / 256)
    assert peak_bytes(lambda: windows.gather(rows)) < allowed


def test_a_batch_made_bar_by_bar_or_of_slices_would_allocate_more():
    block = np.zeros((5_000, 30), dtype=np.float32)
    windows = Windower(60).transform(block)
    rows = np.random.default_rng(0).permutation(np.arange(60, 5_000))[:256]
    batch = windows.gather(rows).nbytes
    assert peak_bytes(lambda: block[windows.bar_rows(rows)]) > 1.06 * batch
    slices = [(row - 59, row + 1) for row in rows]
    copies = peak_bytes(lambda: np.array([block[a:b].copy() for a, b in slices]))
    assert copies > 1.9 * batch


def test_shape_and_array_agree(frame):
    windows = Windows.from_panel(Panel.from_frame(frame), 4)
    assert windows.shape == np.asarray(windows).shape == (len(frame), 4, 2)
    assert windows.dtype == np.asarray(windows).dtype == np.float32
    assert np.asarray(windows, dtype=np.float64).dtype == np.float64


def test_an_array_without_a_copy_is_refused(frame):
    with pytest.raises(ValueError, match="always a copy"):
        np.array(Windows.from_panel(Panel.from_frame(frame), 4), copy=False)


def test_complete_marks_windows_without_padding(frame):
    panel = Panel.from_frame(frame)
    for window_length, lag in [(1, 0), (4, 0), (4, 2)]:
        windows = Windows.from_panel(panel, window_length, lag)
        depth = [len(bars) for bars in slow_segments(frame, panel, None)]
        expected = np.array(depth) >= window_length + lag
        np.testing.assert_array_equal(windows.complete, expected)


@pytest.mark.parametrize("lag", [0, 2])
def test_reachable_bars_are_exactly_those_in_some_window(frame, lag):
    panel = Panel.from_frame(frame, max_gap="10min")
    windows = Windows.from_panel(panel[[2, 9, 9, 17]], 3, lag)
    expected = np.zeros(len(frame), dtype=bool)
    expected[windows.bar_rows()] = True
    np.testing.assert_array_equal(windows.reachable_bars(), expected)
    assert not expected.all()


def test_a_window_longer_than_the_whole_history_is_padded():
    windows = Windower(5).transform(np.array([[1.0], [2.0]]))
    assert windows.gather()[:, :, 0].tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 1, 2]]


def test_windows_larger_than_an_item_are_gathered_bar_by_bar(frame, monkeypatch):
    windows = Windows.from_panel(Panel.from_frame(frame), 4)
    expected = windows.gather()
    largest = windows[0:1].gather().nbytes
    monkeypatch.setattr(module, "_LARGEST_ITEM", largest - 1)
    monkeypatch.setattr(module, "_strided_windows", None)
    np.testing.assert_array_equal(windows.gather(), expected)
    monkeypatch.setattr(module, "_LARGEST_ITEM", largest)
    with pytest.raises(TypeError, match="not callable"):
        windows.gather()


@pytest.mark.parametrize(
    "rows", [[], slice(2, 2), np.zeros(0, dtype=int)], ids=["list", "slice", "array"]
)
def test_an_empty_batch_keeps_its_shape(frame, rows):
    windows = Windows.from_panel(Panel.from_frame(frame), 4)
    assert windows.gather(rows).shape == (0, 4, 2)


def test_windows_carry_what_the_panel_carries(frame):
    labels = frame.set_index(["symbol", "datetime"]).assign(label=1)
    labels["label_end"] = labels.index.get_level_values("datetime")
    panel, _ = Panel.from_frame(frame).align(labels)
    windows = Windows.from_panel(panel, 4)[::-1]
    for name in ("times", "symbols", "label_end"):
        np.testing.assert_array_equal(
            getattr(windows, name), getattr(panel, name)[::-1]
        )
    assert windows.columns == panel.columns == ("close", "volume")


def test_one_feature_is_windowed_whatever_strides_its_axis_reports() -> None:
    column = np.arange(6.0)[:, None]
    # numpy is free to choose the stride of an axis of length one, and here chooses 0.
    assert column.strides[1] == 0
    windows = Windower(3).transform(column)
    expected = np.stack([column[max(0, t - 2) : t + 1][-1] for t in range(6)])
    np.testing.assert_array_equal(windows.gather()[:, -1], expected)
    np.testing.assert_array_equal(windows.gather([5])[0, :, 0], [3.0, 4.0, 5.0])
