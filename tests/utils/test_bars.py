from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bars import (
    coded_symbol_time_keys,
    level_or_column,
    order_by_symbol_time,
    refuse_duplicate_keys,
    symbol_time_keys,
)

KEYS = st.lists(st.tuples(st.sampled_from("CAB"), st.integers(0, 20)), max_size=40)


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "symbol": ["B", "A", "B"],
            "datetime": pd.to_datetime(["1970-01-02", "1970-01-03", "1970-01-01"]),
            "close": [1.0, 2.0, 3.0],
        }
    )


DAY = 86_400 * 10**9
PLACES = {
    "columns": lambda frame: frame,
    "index levels": lambda frame: frame.set_index(["datetime", "symbol"]),
    "one of each": lambda frame: frame.set_index("datetime"),
    "a Series": lambda frame: frame.set_index(["symbol", "datetime"])["close"],
    "categories": lambda frame: frame.astype({"symbol": "category"}),
    "objects": lambda frame: frame.astype({"symbol": object}),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_keys_are_found_wherever_they_stand(frame, place):
    symbols, times = symbol_time_keys(place(frame))
    assert symbols.tolist() == ["B", "A", "B"]
    assert symbols.dtype == object
    assert times.tolist() == [DAY, 2 * DAY, 0]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_codes_of_symbols_give_the_order_that_symbols_give(frame, place):
    symbols, times = symbol_time_keys(place(frame))
    coded, coded_times = coded_symbol_time_keys(place(frame))
    expected = order_by_symbol_time(symbols, times)
    for there, here in zip(
        expected, order_by_symbol_time(coded, coded_times), strict=True
    ):
        np.testing.assert_array_equal(here, there, strict=True)


def test_text_is_not_made_into_one_object_per_row(frame):
    assert isinstance(coded_symbol_time_keys(frame)[0], pd.Categorical)


def test_categories_that_no_row_has_are_no_symbols(frame):
    frame["symbol"] = pd.Categorical(frame["symbol"], categories=["C", "B", "A"])
    sorting = order_by_symbol_time(*coded_symbol_time_keys(frame))
    assert sorting.names.tolist() == ["A", "B"]
    assert sorting.codes.tolist() == [0, 1, 1]


def test_a_column_goes_before_an_index_level_and_absence_is_none(frame):
    both = frame.set_index(frame["close"].rename("symbol"))
    assert level_or_column(both, "symbol").tolist() == ["B", "A", "B"]
    assert level_or_column(frame, "vwap") is None


def test_absent_keys_are_named(frame):
    with pytest.raises(DataError, match=r"'symbol' and 'datetime'.*\['close'\]"):
        symbol_time_keys(frame[["close"]])


@pytest.mark.parametrize("dtype", [object, "category", "str"])
def test_a_missing_symbol_is_refused_with_its_row(frame, dtype):
    frame["symbol"] = pd.Series(["B", None, "B"]).astype(dtype)
    with pytest.raises(DataError, match=r"'symbol' is missing in 1 rows.* row 1"):
        symbol_time_keys(frame)


@given(KEYS)
def test_the_order_is_that_of_a_sorted_list(keys):
    symbols = np.array([symbol for symbol, _ in keys], dtype=object)
    times = np.array([time for _, time in keys], dtype=np.int64)
    sorting = order_by_symbol_time(symbols, times)
    assert sorting.order.tolist() == sorted(range(len(keys)), key=keys.__getitem__)
    in_order = [keys[row][0] for row in sorting.order]
    assert sorting.names[sorting.codes].tolist() == in_order
    assert sorting.names.tolist() == sorted(set(in_order))
    parts = np.split(np.array(in_order, dtype=object), sorting.bounds[1:-1])
    assert [set(part) for part in parts if len(part)] == [{n} for n in sorting.names]


@given(KEYS)
def test_duplicates_are_refused_and_nothing_else(keys):
    symbols = np.array([symbol for symbol, _ in keys], dtype=object)
    times = np.array([time for _, time in keys], dtype=np.int64)
    sorting = order_by_symbol_time(symbols, times)
    arguments = (sorting.codes, times[sorting.order], sorting.order, sorting.names)
    n_duplicates = len(keys) - len(set(keys))
    if not n_duplicates:
        refuse_duplicate_keys(*arguments)
        return
    with pytest.raises(DataError, match=f"^{n_duplicates} duplicate .* among the bars"):
        refuse_duplicate_keys(*arguments)
