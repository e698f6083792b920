from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel, Windower
from sk_ensemble.inspection._perturb import (
    redraw_bars,
    remove_bars,
    replace_history,
    without_values,
)


@pytest.fixture
def panel() -> Panel:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "symbol": np.repeat(["A", "B"], [30, 20]),
            "datetime": [
                *pd.date_range("2024-01-01", periods=30, freq="1h"),
                *pd.date_range("2024-01-01 12:00", periods=20, freq="1h"),
            ],
            "size": rng.normal(size=50),
            "flag": rng.integers(2, size=50).astype(float),
        }
    )
    return Panel.from_frame(frame, max_gap="2h")


def later(panel: Panel, hour: int) -> np.ndarray:
    stamps = panel.history.times.view("datetime64[ns]")
    return stamps > np.datetime64("2024-01-01") + np.timedelta64(hour, "h")


def test_redrawn_bars_hold_values_of_their_own_column(panel):
    chosen = later(panel, 20)
    changed = redraw_bars(panel.history, chosen, np.random.default_rng(1))
    before, after = panel.history.block, changed.block
    assert np.array_equal(before[~chosen], after[~chosen])
    assert (before[chosen] != after[chosen]).any(axis=0).all()
    assert all(np.isin(after[:, i], before[:, i]).all() for i in range(2))


def test_one_column_can_be_redrawn_alone(panel):
    chosen = later(panel, 20)
    changed = redraw_bars(panel.history, chosen, np.random.default_rng(1), column=0)
    assert np.array_equal(panel.history.block[:, 1], changed.block[:, 1])
    assert not np.array_equal(panel.history.block[:, 0], changed.block[:, 0])


def test_missing_values_stand_in_the_chosen_bars_only(panel):
    chosen = later(panel, 20)
    changed = without_values(panel.history, chosen)
    assert np.array_equal(np.isnan(changed.block).all(axis=1), chosen)


@pytest.mark.parametrize("hour", [5, 20, 28])
def test_windows_up_to_a_cut_are_the_same_without_the_later_bars(panel, hour):
    history = panel.history
    chosen = later(panel, hour)
    known = panel[~chosen[panel.positions]]
    shorter, new_rows = remove_bars(history, chosen)
    cut = replace_history(known, shorter, new_rows[known.positions])
    assert shorter.n_bars == (~chosen).sum()
    one, other = (Windower(4).transform(X).gather() for X in (known, cut))
    assert np.array_equal(one, other)
    assert np.array_equal(known.times, cut.times)
    assert np.array_equal(known.symbols, cut.symbols)


def test_windows_keep_their_length_over_another_history(panel):
    windows = Windower(3, lag=1).transform(panel[np.arange(20, 30)])
    same = replace_history(windows, panel.history)
    assert same.shape == windows.shape
    assert same.lag == 1
