"""Panel.plot against the bars it draws."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import Panel, history_of_array


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def make_panel(n_bars=50, symbols=("A", "B"), **options):
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01", periods=n_bars, freq="5min")
    frames = [
        pd.DataFrame(
            {"symbol": name, "datetime": times, "volume": rng.normal(size=n_bars)}
        )
        for name in symbols
    ]
    frame = pd.concat(frames)
    frame["close"] = rng.normal(size=len(frame))
    return Panel.from_frame(frame, **options)


def drawn(axis):
    """Return the values of the line, breaks left out."""
    values = axis.lines[0].get_ydata()
    return values[~np.isnan(values)]


def meshes(axis):
    return [one for one in axis.collections if hasattr(one, "get_coordinates")]


def test_each_symbol_and_column_is_a_line_of_its_values():
    panel = make_panel()
    axes = panel.plot(["volume", "close"])
    assert axes.shape == (2, 2)
    frame = panel.to_frame()
    for symbol, row in zip("AB", axes, strict=True):
        for column, axis in zip(["volume", "close"], row, strict=True):
            assert (axis.get_title("left"), axis.get_ylabel()) == (symbol, column)
            np.testing.assert_allclose(drawn(axis), frame.loc[symbol, column])


def test_close_is_drawn_unless_asked_for_more_or_not_there():
    assert make_panel().plot()[0, 0].get_ylabel() == "close"
    panel = make_panel(features=["volume"])
    assert panel.plot()[0, 0].get_ylabel() == "volume"


def test_the_first_six_symbols_are_drawn_and_any_that_are_asked_for():
    panel = make_panel(symbols="ABCDEFGH")
    assert len(panel.plot()) == 6
    (row,) = panel.plot(symbols="H")
    np.testing.assert_allclose(drawn(row[0]), panel.to_frame().loc["H", "close"])


def test_the_order_of_samples_does_not_matter():
    panel = make_panel()
    order = np.random.default_rng(0).permutation(len(panel))
    for one, other in zip(panel.plot().flat, panel[order].plot().flat, strict=True):
        np.testing.assert_array_equal(
            one.lines[0].get_data(), other.lines[0].get_data()
        )


def test_only_samples_are_drawn_and_pauses_take_no_room():
    panel = make_panel(symbols="A")
    part = panel[[0, 1, 2, 40, 41]]
    places = part.plot()[0, 0].lines[0].get_xdata()
    assert places.tolist() == [0, 1, 2, 3, 4]


def test_a_line_breaks_between_segments_and_where_a_symbol_is_silent():
    times = pd.date_range("2024-01-01", periods=40, freq="5min").delete(range(10, 20))
    frame = pd.DataFrame({"symbol": "A", "datetime": times, "close": 1.0})
    assert (
        np.isnan(Panel.from_frame(frame).plot()[0, 0].lines[0].get_ydata()).sum() == 0
    )
    axis = Panel.from_frame(frame, max_gap="30min").plot()[0, 0]
    assert np.flatnonzero(np.isnan(axis.lines[0].get_ydata())).tolist() == [10]
    panel = make_panel(symbols="AB")
    quiet = panel[(panel.symbols == "A") | (np.arange(len(panel)) % 100 < 50)]
    values = quiet.plot()[1, 0].lines[0].get_ydata()
    assert np.isnan(values).sum() == 0
    gone = panel[
        (panel.symbols == "A") | ~np.isin(np.arange(len(panel)), range(30, 80))
    ]
    assert np.isnan(gone.plot()[1, 0].lines[0].get_ydata()).sum() == 1


def test_of_a_long_line_the_range_of_each_stretch_is_drawn():
    panel = make_panel(n_bars=30_000, symbols="A")
    values = drawn(panel.plot()[0, 0])
    expected = panel.to_frame()["close"].to_numpy()
    assert len(values) == 4000
    pairs = values.reshape(-1, 2)
    stretches = np.array_split(np.arange(len(expected)), 2000)
    for pair, rows in zip(pairs, stretches, strict=True):
        assert tuple(pair) == (expected[rows].min(), expected[rows].max())


def test_labels_colour_the_foot_by_their_mean():
    panel = make_panel(symbols="A")
    y = np.arange(50) % 3 - 1
    (mesh,) = meshes(panel.plot(y=y)[0, 0])
    np.testing.assert_array_equal(mesh.get_array().ravel(), y)
    assert (mesh.norm.vmin, mesh.norm.vmax) == (-1, 1)


def test_folds_are_lanes_below():
    panel = make_panel()
    times = np.searchsorted(np.unique(panel.times), panel.times)
    folds = [(np.flatnonzero(times < 20), np.flatnonzero(times >= 30))]
    axes = panel.plot(folds=iter(folds))
    figure = axes[0, 0].figure
    assert len(figure.axes) == 3
    (mesh,) = meshes(figure.axes[-1])
    kinds = np.repeat([1, 0, 2], [20, 10, 20])
    np.testing.assert_array_equal(mesh.get_array().ravel(), kinds)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["train", "test"]


def test_hostile_names_are_drawn_as_they_are():
    panel = make_panel(symbols=["$x_1$ <b>", "B\n"])
    axes = panel.plot()
    assert {axis.get_title("left") for axis in axes.flat} == {"$x_1$ <b>", "B\\n"}
    axes[0, 0].figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"columns": "closing"}, r"columns has 'closing'.*near are \['close'\]"),
        ({"symbols": ["C"]}, "symbols has 'C', which the panel lacks"),
        ({"columns": []}, "columns is empty"),
        ({"y": [1, 2]}, r"for each of 100 samples, got shape \(2,\)"),
        ({"y": ["up"] * 100}, "y must hold a number"),
        ({"folds": []}, "folds is empty"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(arguments, told):
    with pytest.raises(DataError, match=told):
        make_panel().plot(**arguments)
    assert plt.get_fignums() == []


def test_a_panel_without_samples_times_or_names_is_refused():
    with pytest.raises(DataError, match="nothing to plot"):
        make_panel()[[]].plot()
    rows = Panel(history_of_array(np.zeros((3, 1))), np.arange(3))
    with pytest.raises(DataError, match="no samples with times"):
        rows.plot()


class WithoutMatplotlib:
    """Find no matplotlib, whatever is installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(name, name="matplotlib")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    for name in [each for each in sys.modules if each.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [WithoutMatplotlib(), *sys.meta_path])
    with pytest.raises(ImportError, match=r"sk_ensemble\[experiments\]"):
        make_panel().plot()
