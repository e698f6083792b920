"""plot_splits against the folds it draws."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from sklearn.model_selection import KFold

from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    WalkForwardSplit,
    describe_splits,
    plot_splits,
)
from sk_ensemble.model_selection._plot import COLOURS
from sk_ensemble.panel import Panel

KINDS = list(COLOURS)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def painted(axes):
    """Return the kind of row drawn in each lane and bin, "" for none."""
    mesh = axes.collections[0]
    numbers = mesh.get_array()
    names = np.array([*KINDS, ""])
    return names[np.ma.filled(numbers, len(KINDS)).astype(int)]


def counted(axes):
    """Return how many bins of each lane show each kind."""
    lanes = painted(axes)
    return [{kind: (lane == kind).sum() for kind in KINDS} for lane in lanes]


@pytest.mark.parametrize(
    "cv",
    [
        PurgedSplit(4, purged_size=5, embargo_size=10),
        CombinatorialPurgedSplit(5, 2, purged_size=5, embargo_size=10),
        WalkForwardSplit(4, test_size=20, max_train_size=40, purged_size=5),
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_each_row_has_the_colour_of_what_becomes_of_it(cv):
    X = np.zeros((200, 1))
    axes = plot_splits(cv, X)
    table = describe_splits(cv, X)
    assert counted(axes) == table[KINDS].to_dict("records")
    for lane, (train, test) in zip(painted(axes), cv.split(X), strict=True):
        assert set(lane[train]) == {"train"}
        assert set(lane[test]) == {"test"}


def test_narrow_zones_are_drawn_a_bin_wide():
    cv = PurgedSplit(4, purged_size=1, embargo_size=1)
    lanes = counted(plot_splits(cv, np.zeros((100_000, 1))))
    assert [lane["purged"] for lane in lanes] == [1, 2, 2, 1]
    assert all(sum(lane.values()) == 1000 for lane in lanes)


@pytest.fixture
def panel():
    times = pd.date_range("2024-01-01", periods=300, freq="h", tz="UTC")
    bars = [
        pd.DataFrame({"symbol": symbol, "datetime": own, "close": 1.0})
        for symbol, own in (("A", times), ("B", times[::3]))
    ]
    return Panel.from_frame(pd.concat(bars))


def test_each_symbol_has_axes_of_its_own(panel):
    cv = PurgedSplit(3, purged_size=4)
    axes = plot_splits(cv, panel, by_symbol=True)
    assert [axis.get_title("left") for axis in axes] == ["A", "B"]
    for axis, symbol in zip(axes, "AB", strict=True):
        own = panel.symbols == symbol
        for lane, (train, test) in zip(painted(axis), cv.split(panel), strict=True):
            assert (lane == "train").sum() == own[train].sum()
            assert (lane == "test").sum() == own[test].sum()
            assert (lane == "").sum() == 300 - own.sum()


def test_the_axis_names_dates_and_folds(panel):
    axes = plot_splits(CombinatorialPurgedSplit(10, 2, purged_size=4), panel)
    axes.figure.canvas.draw()
    names = [tick.get_text() for tick in axes.get_xticklabels()]
    assert names[0] == "2024-01-01"
    assert all(name == "" or name.startswith("2024-01-") for name in names)
    folds = [int(tick.get_text()) for tick in axes.get_yticklabels()]
    assert folds == list(range(0, 45, 3))
    assert painted(axes).shape == (45, 300)
    assert axes.figure.get_size_inches()[1] < 9


def test_the_legend_names_the_colours_that_are_there():
    axes = plot_splits(PurgedSplit(4, purged_size=5), np.zeros((100, 1)))
    (legend,) = axes.figure.legends
    shown = {
        text.get_text(): to_hex(patch.get_facecolor())
        for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
    }
    assert shown == {kind: COLOURS[kind] for kind in ("train", "test", "purged")}


def test_given_axes_are_drawn_on():
    _, mine = plt.subplots()
    assert plot_splits(PurgedSplit(4, purged_size=5), np.zeros(100), ax=mine) is mine
    assert len(painted(mine)) == 4
    with pytest.raises(ValueError, match="leave ax out"):
        plot_splits(PurgedSplit(4), np.zeros(100), by_symbol=True, ax=mine)


def test_label_ends_can_be_given():
    index = pd.date_range("2024-01-01", periods=60, freq="h")
    X = pd.DataFrame({"close": 1.0}, index=index)
    ends = index + pd.Timedelta("3h")
    lanes = counted(plot_splits(PurgedSplit(3), X, label_end=ends))
    assert [lane["purged"] for lane in lanes] == [3, 6, 3]


def test_an_empty_fold_is_drawn():
    lanes = counted(plot_splits(PurgedSplit(2, purged_size=9), np.zeros((10, 1))))
    assert [lane["train"] for lane in lanes] == [0, 0]


def test_other_splitters_are_drawn_too():
    cv = KFold(4, shuffle=True, random_state=0)
    X = np.zeros((40, 1))
    for lane, (train, test) in zip(
        painted(plot_splits(cv, X)), cv.split(X), strict=True
    ):
        assert set(lane[train]) == {"train"}
        assert set(lane[test]) == {"test"}


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((20, 1)),
        pd.DataFrame({"close": 1.0}, index=pd.date_range("2024", periods=20)),
    ],
    ids=["array", "one symbol"],
)
def test_rows_without_symbols_have_no_axes_by_symbol(X):
    with pytest.raises(DataError, match="the rows of X have none"):
        plot_splits(PurgedSplit(3, purged_size=1), X, by_symbol=True)


class WithoutMatplotlib:
    """Import machinery of an environment in which matplotlib is not installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(name="matplotlib")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    for name in [each for each in sys.modules if each.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [WithoutMatplotlib(), *sys.meta_path])
    with pytest.raises(ImportError, match=r"sk_ensemble\[experiments\]"):
        plot_splits(PurgedSplit(3, purged_size=1), np.zeros((20, 1)))
