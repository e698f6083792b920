from __future__ import annotations

import mmap
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd
import pytest
from counting import peak_bytes
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble import Panel
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._side_by_side import side_by_side

STAMPS = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-02", "2024-01-03"])


@pytest.fixture
def bars():
    return pd.DataFrame(
        {
            "symbol": ["MES", "MES", "MGC", "MGC"],
            "datetime": STAMPS,
            "close": [1.0, 2.0, 3.0, 4.0],
            "volume": [1, 2, 3, 4],
        }
    )


def refusal(frame, **options):
    """Return the message with which a frame is refused."""
    with pytest.raises(DataError) as caught:
        Panel.from_frame(frame, **options)
    return str(caught.value)


def test_the_bars_of_these_tests_are_accepted(bars):
    assert Panel.from_frame(bars).shape == (4, 2)


def test_keys_may_be_columns_or_index_levels_of_any_name(bars):
    expected = Panel.from_frame(bars)
    renamed = bars.rename(columns={"symbol": "ticker", "datetime": "stamp"})
    for frame in (renamed, renamed.set_index("stamp"), renamed.set_index("ticker")):
        panel = Panel.from_frame(frame, time="stamp", symbol="ticker")
        np.testing.assert_array_equal(panel.to_numpy(), expected.to_numpy())
        assert panel.columns == ("close", "volume")
    indexed = bars.set_index(["datetime", "symbol"])
    assert Panel.from_frame(indexed).columns == ("close", "volume")


def test_features_are_chosen_by_name_in_the_given_order(bars):
    assert Panel.from_frame(bars, features=["volume", "close"]).to_numpy()[
        0
    ].tolist() == [1, 1]
    assert Panel.from_frame(bars, features="volume").columns == ("volume",)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinity_is_refused_with_column_row_symbol_time_and_value(bars, value):
    bars.loc[2, "close"] = value
    message = refusal(bars)
    for part in ("'close'", "row 2", "'MGC'", "2024-01-02", str(value), "1 infinite"):
        assert part in message


def test_a_number_too_large_for_float32_is_refused_and_fits_float64(bars):
    bars.loc[3, "close"] = 1e39
    message = refusal(bars)
    for part in ("'close'", "row 3", "'MGC'", "2024-01-03", "1e+39", "too large"):
        assert part in message
    assert Panel.from_frame(bars, dtype="float64").to_numpy().max() == 1e39


def test_nan_features_are_kept(bars):
    bars.loc[0, "close"] = np.nan
    assert np.isnan(Panel.from_frame(bars).to_numpy()).sum() == 1


def test_duplicates_are_refused_with_the_first_five_pairs(bars):
    twice = pd.concat([bars, bars, bars], ignore_index=True)
    message = refusal(twice)
    for part in ("8 duplicate", "symbol 'MES' at 2024-01-02", "rows 0 and 4"):
        assert part in message
    assert message.count("rows") == 5


def test_unsorted_bars_are_sorted(bars):
    expected = Panel.from_frame(bars)
    panel = Panel.from_frame(bars.iloc[[3, 0, 2, 1]])
    np.testing.assert_array_equal(panel.history.block, expected.history.block)


NO_NUMBERS = {
    "text": ["a", "b", "c", "d"],
    "numbers as text": ["1", "2", "3", "4"],
    "one text among numbers": [1.0, 2.0, "x", 4.0],
    "times": STAMPS,
    "durations": pd.to_timedelta([1, 2, 3, 4], unit="h"),
    "categories": pd.Categorical([1, 2, 1, 2]),
    "complex": np.ones(4) * 1j,
    "lists": [[1], [2], [3], [4]],
    "decimals": [Decimal(1)] * 4,
}


@pytest.mark.parametrize("values", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_features_that_are_no_numbers_are_refused_by_name(bars, values):
    message = refusal(bars.assign(kind=values))
    row = 2 if "x" in list(values) else 0
    symbol = bars["symbol"][row]
    for part in ("'kind'", "dtype", f"row {row} (symbol '{symbol}'"):
        assert part in message


@pytest.mark.parametrize(
    "dtype",
    [
        "bool",
        "int8",
        "uint64",
        "float16",
        "Int64",
        "Float32",
        "boolean",
        "int64[pyarrow]",
    ],
)
def test_every_kind_of_number_is_taken(bars, dtype):
    ones = pd.Series([1, 0, 1, 0]).astype(dtype)
    panel = Panel.from_frame(bars.assign(close=ones), features=["close"])
    assert panel.to_numpy().ravel().tolist() == [1, 1, 0, 0]


def test_missing_nullable_numbers_are_nan(bars):
    bars["close"] = pd.array([1, None, 3, 4], dtype="Int64")
    assert np.isnan(Panel.from_frame(bars, features=["close"]).to_numpy()).sum() == 1


def test_no_rows_are_refused(bars):
    assert "no rows" in refusal(bars.iloc[:0])


def test_unknown_columns_are_refused(bars):
    message = refusal(bars, features=["close", "vwap"])
    assert "['vwap']" in message
    assert "'close'" in message.split("columns are")[1]


def test_repeated_columns_are_refused(bars):
    assert "['a']" in refusal(bars.set_axis(["symbol", "datetime", "a", "a"], axis=1))
    assert "['close']" in refusal(bars, features=["close", "close"])


def test_missing_features_are_refused(bars):
    assert "no feature column" in refusal(bars[["symbol", "datetime"]])
    assert "no feature column" in refusal(bars, features=[])


def test_feature_names_must_be_text(bars):
    assert "[7]" in refusal(bars.rename(columns={"close": 7}))


@pytest.mark.parametrize("name", ["symbol", "datetime"])
def test_an_absent_key_is_refused_with_the_names_there_are(bars, name):
    message = refusal(bars.drop(columns=name))
    assert f"'{name}'" in message
    assert "'close'" in message


@pytest.mark.parametrize("name", ["symbol", "datetime"])
def test_a_missing_key_is_refused_with_its_row(bars, name):
    bars.loc[2, name] = None
    message = refusal(bars)
    assert f"'{name}' is missing in 1 rows" in message
    assert "row 2" in message


def test_symbols_of_several_types_are_refused(bars):
    message = refusal(bars.astype({"symbol": object}).assign(symbol=[1, 1, "B", "B"]))
    assert "['int', 'str']" in message


@pytest.mark.parametrize("symbols", [[2, 2, 1, 1], pd.Categorical(list("bbaa"))])
def test_symbols_may_be_numbers_or_categories(bars, symbols):
    panel = Panel.from_frame(bars.assign(symbol=symbols))
    assert panel.symbols.tolist() == sorted(set(symbols)) * 2


def test_naive_and_aware_times_together_are_refused_with_row_and_symbol(bars):
    aware = bars.assign(datetime=bars["datetime"].dt.tz_localize("UTC"))
    message = refusal(pd.concat([bars[:2], aware[2:]], ignore_index=True))
    for part in (
        "'datetime' mixes",
        "row 0 (symbol 'MES') has no time zone",
        "row 2 (symbol 'MGC') has time zone UTC",
    ):
        assert part in message


def test_times_of_two_zones_are_refused(bars):
    zones = [bars[:2], bars[2:]]
    for part, zone in zip(zones, ["UTC", "Asia/Shanghai"], strict=True):
        part["datetime"] = part["datetime"].dt.tz_localize(zone)
    message = refusal(pd.concat(zones, ignore_index=True).astype({"datetime": object}))
    assert "time zone Asia/Shanghai" in message


@pytest.mark.parametrize("times", [[1, 2, 3, 4], ["2024-01-02"] * 4, [1.5] * 4])
def test_times_that_are_no_time_stamps_are_refused(bars, times):
    message = refusal(bars.assign(datetime=times))
    assert "'datetime' must hold time stamps" in message
    assert "pandas.to_datetime" in message


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Shanghai"])
def test_units_and_zones_of_the_same_instants_give_identical_bytes(bars, unit, zone):
    expected = Panel.from_frame(bars).history
    times = bars["datetime"].dt.as_unit(unit)
    if zone is not None:
        times = times.dt.tz_localize("UTC").dt.tz_convert(zone)
    history = Panel.from_frame(bars.assign(datetime=times)).history
    assert history.times.tobytes() == expected.times.tobytes()
    assert history.block.tobytes() == expected.block.tobytes()


def test_an_aware_zone_is_converted_not_dropped(bars):
    local = bars.assign(datetime=bars["datetime"].dt.tz_localize("Asia/Shanghai"))
    shift = Panel.from_frame(local).times - Panel.from_frame(bars).times
    assert set(shift) == {np.timedelta64(-8, "h")}


def test_a_time_beyond_the_range_of_nanoseconds_is_refused(bars):
    bars.loc[1, "datetime"] = pd.Timestamp("9999-12-31")
    message = refusal(bars)
    assert "9999-12-31" in message
    assert "row 1 (symbol 'MES')" in message


@pytest.mark.parametrize("dtype", ["float16", "int64", "spam", None])
def test_other_types_than_float32_and_float64_are_refused(bars, dtype):
    assert "'float32' or 'float64'" in refusal(bars, dtype=dtype)


@pytest.mark.parametrize("max_gap", ["spam", "-4h", "0h", pd.NaT, [1]])
def test_a_maximal_gap_must_be_a_positive_duration(bars, max_gap):
    assert "max_gap must be a" in refusal(bars, max_gap=max_gap)


@pytest.mark.parametrize("max_gap", ["10min", pd.Timedelta("10min")])
def test_only_a_longer_step_starts_a_segment(max_gap):
    times = pd.to_datetime(["2024-01-01"] * 4) + pd.to_timedelta([0, 10, 21, 31], "min")
    frame = pd.DataFrame({"symbol": "A", "datetime": times, "close": 1.0})
    history = Panel.from_frame(frame, max_gap=max_gap).history
    assert history.segment_start.tolist() == [0, 0, 2, 2]


def test_something_else_than_a_frame_is_refused(bars):
    with pytest.raises(TypeError, match="got ndarray"):
        Panel.from_frame(bars.to_numpy())


def many_bars(n_bars, dtype="float64"):
    """Return bars of two symbols and 30 features in random row order."""
    values = np.random.default_rng(0).normal(size=(n_bars, 30)).astype(dtype)
    frame = pd.DataFrame(values, columns=[f"feature_{i}" for i in range(30)])
    times = pd.date_range("2020", periods=n_bars // 2, freq="5min")
    frame["symbol"] = np.repeat(["A", "B"], n_bars // 2)
    frame["datetime"] = np.tile(times, 2)
    return frame.sample(frac=1, random_state=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bars_are_filled_in_stretch_by_stretch(dtype):
    frame = many_bars(3_000).astype({"feature_3": "Float64"})
    ordered = frame.sort_values(["symbol", "datetime"]).filter(like="feature")
    expected = ordered.to_numpy(np.float64).astype(dtype)
    for features in (None, [f"feature_{i}" for i in range(10)]):
        block = Panel.from_frame(frame, features=features, dtype=dtype).history.block
        np.testing.assert_array_equal(block, expected[:, : block.shape[1]])


LAYOUTS = {
    "row by row": lambda values: list(values.T),
    "column by column": lambda values: list(np.asfortranarray(values).T),
    "backwards": lambda values: list(values.T[::-1]),
    "every other row": lambda values: list(values.repeat(2, axis=0)[::2].T),
    "rows from the last": lambda values: list(values[::-1].T),
    "one at a time": lambda values: [column.copy() for column in values.T],
    "the same twice": lambda values: [*values.T, *values.T],
    "two matrices": lambda values: [*values.T, *values.astype("float64").T],
    "out of order": lambda values: [values.T[k] for k in (3, 0, 1, 2, 0)],
    "one column": lambda values: [values[:, 0]],
}


@given(st.lists(st.sampled_from(sorted(LAYOUTS)), min_size=1, max_size=4), st.data())
def test_columns_as_matrices_are_the_columns_wherever_they_lie(layouts, data):
    shape = data.draw(st.integers(1, 5)), 4
    values = np.random.default_rng(0).normal(size=shape).astype("float32")
    columns = [column for name in layouts for column in LAYOUTS[name](values)]
    matrices = side_by_side(columns)
    np.testing.assert_array_equal(
        np.concatenate(matrices, axis=1), np.column_stack(columns)
    )
    assert not any(matrix.flags.writeable for matrix in matrices)
    # Each lies within one of the arrays that the columns are views of.
    owners = [c if c.base is None else c.base for c in columns]
    bounds = {np.lib.array_utils.byte_bounds(owner) for owner in owners}
    for matrix in matrices:
        low, high = np.lib.array_utils.byte_bounds(matrix)
        assert any(first <= low and high <= last for first, last in bounds)


@pytest.mark.parametrize("layout", ["row by row", "column by column", "backwards"])
def test_the_columns_of_one_matrix_are_read_as_one(layout):
    values = np.zeros((5, 4), "float32")
    assert len(side_by_side(LAYOUTS[layout](values))) == 1
    assert len(side_by_side(LAYOUTS["two matrices"](values))) == 2


def test_arrays_of_their_own_are_no_matrix_whatever_lies_between_them():
    # One far behind the other: a copy of both in one lies between them, and NumPy would
    # copy that again and again, to keep what is read from what is written.
    mapped = np.frombuffer(mmap.mmap(-1, mmap.PAGESIZE), "float32", 30)
    near = [np.ones(30, "float32") for _ in range(3)]
    for columns in ([mapped, near[0]], [near[0], mapped], near, [near[0], near[0]]):
        matrices = side_by_side(columns)
        assert [matrix.shape for matrix in matrices] == [(30, 1)] * len(columns)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shuffled", [False, True])
def test_the_layout_of_a_frame_in_memory_does_not_matter(layout, shuffled):
    values = np.random.default_rng(0).normal(size=(1_500, 4)).astype("float32")
    columns = dict(enumerate(LAYOUTS[layout](values)))
    expected = np.column_stack(list(columns.values())).astype("float32")
    frame = pd.DataFrame(columns, copy=False).rename(columns="feature_{}".format)
    frame["symbol"] = np.repeat(["A", "B", "C"], 500)
    frame["datetime"] = np.tile(pd.date_range("2020", periods=500, freq="5min"), 3)
    if shuffled:
        frame = frame.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(Panel.from_frame(frame).history.block, expected)


@pytest.mark.parametrize("stretch", [0, 1, 2])
def test_an_infinity_is_found_in_every_stretch(stretch):
    frame = many_bars(3_000).reset_index(drop=True)
    row = frame.sort_values(["symbol", "datetime"]).index[1_100 * stretch]
    assert Panel.from_frame(frame).history.n_bars == 3_000
    frame.loc[row, "feature_7"] = np.inf
    assert f"'feature_7' has 1 infinite value(s), the first in row {row} " in refusal(
        frame
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_building_takes_little_more_memory_than_the_panel(dtype):
    frame = many_bars(50_000, dtype)
    block = Panel.from_frame(frame).history.block
    # Beside 30 features of 4 bytes: time, symbol, segment and position, 28 bytes.
    assert peak_bytes(lambda: Panel.from_frame(frame)) < 1.3 * block.nbytes


def test_sorting_the_frame_beforehand_takes_a_copy_of_it():
    frame = many_bars(50_000, "float32")
    ordered = partial(frame.sort_values, ["symbol", "datetime"])
    size = Panel.from_frame(frame).history.block.nbytes
    assert peak_bytes(lambda: Panel.from_frame(ordered())) > 1.8 * size
