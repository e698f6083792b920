from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.experiments._differences import json_differences, table_differences

FLOATS = st.lists(st.floats(width=64), min_size=1, max_size=20)


def differences(old, new):
    return list(table_differences("t", pd.DataFrame(old), pd.DataFrame(new)))


@given(FLOATS)
def test_equal_tables_have_no_difference(values):
    assert differences({"a": values}, {"a": list(values)}) == []


@given(FLOATS, st.data())
def test_one_bit_is_a_difference(values, data):
    row = data.draw(st.integers(0, len(values) - 1))
    bit = data.draw(st.integers(0, 63))
    changed = np.array(values)
    changed.view(np.uint64)[row] ^= np.uint64(1) << np.uint64(bit)
    (found,) = differences({"a": values}, {"a": changed})
    assert (found.column, found.n_rows) == ("a", 1)


def test_the_largest_difference_is_told():
    old = {"a": [1.0, 2.0, np.nan, 4.0]}
    (found,) = differences(old, {"a": [1.0, 2.5, np.nan, 3.0]})
    assert (found.n_rows, found.largest) == (2, 1.0)
    assert str(found) == "t: a: 2 rows, at most 1"


@pytest.mark.parametrize(
    ("old", "new", "n_rows"),
    [
        (["a", "b"], ["a", "c"], 1),
        (["a", None], ["a", None], 0),
        (["a", None], ["a", "b"], 1),
        (pd.array([1, None], "Int64"), pd.array([1, None], "Int64"), 0),
        (pd.array([1, None], "Int64"), pd.array([1, 0], "Int64"), 1),
        (pd.to_datetime(["2024-01-01"]), pd.to_datetime(["2024-01-02"]), 1),
        ([True, False], [True, True], 1),
        ([1, 2], [1.0, 2.0], 0),
    ],
)
def test_columns_of_any_type_are_compared(old, new, n_rows):
    found = differences({"a": old}, {"a": new})
    assert sum(difference.n_rows for difference in found) == n_rows


def test_other_rows_and_columns_are_differences():
    (rows,) = differences({"a": [1, 2]}, {"a": [1]})
    assert (rows.n_rows, rows.text) == (1, "2 rows are stored, 1 were made")
    texts = {d.column: d.text for d in differences({"a": [1]}, {"b": [1]})}
    assert texts == {"a": "only stored", "b": "only made now"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_an_equal_document_has_no_difference(document):
    assert list(json_differences("m", document, document)) == []


def test_figures_that_differ_are_named_by_their_paths():
    old = {"test": {"log_loss": 1.0, "folds": [1, 2]}, "gone": None}
    new = {"test": {"log_loss": 1.5, "folds": [1, 3]}, "new": "x"}
    found = {d.column: d.largest for d in json_differences("m", old, new)}
    assert found == {"test.log_loss": 0.5, "test.folds.1": 1, "gone": None, "new": None}
