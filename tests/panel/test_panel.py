from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel
from sk_ensemble.exceptions import PanelConversionError


@pytest.fixture
def panel(frame):
    return Panel.from_frame(frame)


def test_samples_are_ordered_by_time_then_symbol(frame, panel):
    expected = frame.sort_values(["datetime", "symbol"])
    assert panel.symbols.tolist() == expected["symbol"].tolist()
    np.testing.assert_array_equal(panel.times, expected["datetime"])
    np.testing.assert_array_equal(
        panel.to_numpy(), expected[["close", "volume"]].to_numpy(dtype="float32")
    )


def test_the_block_is_contiguous_and_symbol_by_symbol(frame, panel):
    history = panel.history
    expected = frame.sort_values(["symbol", "datetime"])
    assert history.block.flags.c_contiguous
    assert history.block.dtype == np.float32
    assert history.symbol_names.tolist() == sorted(frame["symbol"].unique())
    names = history.symbol_names[history.symbol_codes]
    assert names.tolist() == expected["symbol"].tolist()
    for number, name in enumerate(history.symbol_names):
        start, stop = history.symbol_bounds[number : number + 2]
        assert set(names[start:stop]) == {name}


ROWS = {
    "integers in any order with repeats": [5, 0, 0, 3],
    "negative integers": [-1, -4],
    "slice": slice(2, 9, 3),
    "backward slice": slice(None, None, -1),
    "unsigned": np.array([1, 2], dtype=np.uint8),
    "empty": [],
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("as_tuple", [False, True])
def test_rows_are_taken_as_from_an_array(panel, rows, as_tuple):
    part = panel[rows, ...] if as_tuple else panel[rows]
    taken = rows if isinstance(rows, slice) else np.asarray(rows, dtype=np.int64)
    assert isinstance(part, Panel)
    assert part.history is panel.history
    np.testing.assert_array_equal(part.to_numpy(), panel.to_numpy()[taken])
    np.testing.assert_array_equal(part.times, panel.times[taken])
    np.testing.assert_array_equal(part.symbols, panel.symbols[taken])
    assert part.shape == (len(part), 2)


def test_a_mask_takes_rows(panel):
    mask = panel.symbols == "A"
    for key in (mask, mask.tolist(), (mask, slice(None))):
        assert set(panel[key].symbols) == {"A"}
        assert len(panel[key]) == mask.sum()


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([True, False], IndexError, "The mask has 2 entries"),
        ([10_000], IndexError, "Row 10000 is out of bounds"),
        ([-10_000], IndexError, "Row -10000 is out of bounds"),
        ([0.5], TypeError, "integers or booleans, got dtype float64"),
        (["close"], TypeError, "integers or booleans"),
        (3, TypeError, "For one sample use"),
        ([[0, 1]], TypeError, "2 dimensions"),
        ((slice(None), [0]), TypeError, r"RowTransformer\(ColumnTransformer"),
        ((slice(None), np.array([0, 1])), TypeError, r"RowTransformer\(ColumnTr"),
        ((slice(None), "close"), TypeError, r"RowTransformer\(ColumnTransformer"),
        ((slice(None), slice(0, 1)), TypeError, r"RowTransformer\(ColumnTransformer"),
    ],
)
def test_any_other_selection_is_refused(panel, rows, error, message):
    with pytest.raises(error, match=message):
        panel[rows]


CONVERSIONS = {
    "asarray": np.asarray,
    "array": lambda panel: np.array(panel, dtype=float),
    "numpy function": np.isnan,
    "arithmetic": lambda panel: panel + 1,
    "reflected arithmetic": lambda panel: np.ones(2) * panel,
    "mean": np.mean,
    "hstack": lambda panel: np.hstack([panel, panel]),
    "frame": pd.DataFrame,
    "loop": list,
}


@pytest.mark.parametrize("convert", CONVERSIONS.values(), ids=CONVERSIONS)
def test_a_panel_never_becomes_an_array_by_accident(panel, convert):
    with pytest.raises(TypeError):
        convert(panel)


def test_the_error_names_the_ways_out(panel):
    with pytest.raises(PanelConversionError) as caught:
        np.asarray(panel)
    for way in ("RowTransformer(", "Windower(1, flatten=True)", "to_numpy", "to_frame"):
        assert way in str(caught.value)


def test_explicit_copies_are_possible(frame, panel):
    table = panel.to_frame()
    bars = frame.assign(datetime=frame["datetime"].dt.tz_localize("UTC"))
    expected = bars.set_index(["symbol", "datetime"]).loc[table.index]
    np.testing.assert_allclose(table, expected, rtol=1e-6)
    copy = panel.to_numpy()
    copy[:] = 0
    assert panel.to_numpy().any()


@pytest.mark.parametrize(
    "array",
    ["positions", "history.block", "history.times", "history.segment_start"],
)
@pytest.mark.parametrize("travelled", [False, True])
def test_panels_are_immutable(panel, array, travelled):
    owner = pickle.loads(pickle.dumps(panel)) if travelled else panel
    for name in array.split("."):
        owner = getattr(owner, name)
    with pytest.raises(ValueError, match="read-only"):
        owner[:1] = owner[-1:]


def test_a_pickled_panel_comes_back_equal(panel):
    assert len(panel.history.unique_times)
    back = pickle.loads(pickle.dumps(panel[::2]))
    np.testing.assert_array_equal(back.to_numpy(), panel.to_numpy()[::2])
    assert "unique_times" not in vars(back.history)
    assert back.columns == panel.columns


def test_time_order_sorts_a_permuted_panel(panel):
    shuffled = panel[np.random.default_rng(0).permutation(len(panel))]
    ordered = shuffled[shuffled.time_order()]
    np.testing.assert_array_equal(ordered.positions, panel.positions)


def test_the_repr_tells_samples_bars_symbols_and_span(panel):
    text = repr(panel[[0, 1]])
    assert text.startswith(f"Panel(2 samples x 2 features of {len(panel)} bars; ")
    assert "2024-01-01T00" in text
    assert repr(panel[[]]).startswith("Panel(0 samples x 2 features")
