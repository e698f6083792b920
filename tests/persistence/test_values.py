"""What a model may hold besides estimators comes back as it was, type and bits."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.compose import make_column_selector
from sklearn.utils import Bunch

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence._decoder import Decoder
from sk_ensemble.persistence._encoder import Encoder


def there_and_back(value: Any) -> Any:
    encoder = Encoder()
    node = encoder.encode(value, "value")
    encoder.raise_faults()
    text = json.dumps(node, allow_nan=False)
    return Decoder(encoder.tensors, encoder.files).decode(json.loads(text))


def assert_same(one: Any, other: Any) -> None:
    """Compare type, structure and bits, NaN with NaN."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        if one.dtype == object:
            for left, right in zip(one.ravel(), other.ravel(), strict=True):
                assert_same(left, right)
        else:
            assert one.tobytes() == other.tobytes()
    elif isinstance(one, dict):
        assert_same(list(one), list(other))
        assert_same(list(one.values()), list(other.values()))
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    elif isinstance(one, float) and np.isnan(one):
        # Which of all NaNs it was is not kept.
        assert np.isnan(other)
    elif isinstance(one, float):
        assert np.float64(one).tobytes() == np.float64(other).tobytes()
    elif isinstance(one, np.generic) and not isinstance(one, np.str_):
        assert one.tobytes() == other.tobytes()
    else:
        assert one == other


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.text(),
    st.sampled_from(["$array", "$object"]),
)
NUMBERS = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="="),
    hnp.unsigned_integer_dtypes(endianness="="),
    hnp.floating_dtypes(sizes=(16, 32, 64), endianness="="),
    hnp.datetime64_dtypes(max_period="Y", min_period="ns", endianness="="),
    hnp.timedelta64_dtypes(max_period="Y", min_period="ns", endianness="="),
)
ARRAYS = hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
SCALARS = NUMBERS.flatmap(lambda dtype: hnp.arrays(dtype, 1)).map(lambda a: a[0])
KEYS = st.one_of(st.integers(), st.text(), st.booleans(), st.none())
VALUES = st.recursive(
    st.one_of(PLAIN, ARRAYS, SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3),
        st.dictionaries(st.text(), inner, max_size=3).map(lambda d: Bunch(**d)),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_values_come_back_type_and_bits(value):
    assert_same(there_and_back(value), value)


@pytest.mark.parametrize(
    "value",
    [
        -0.0,
        math.nan,
        -math.inf,
        2**53 + 1,
        np.float64(0.1),
        np.str_("text"),
        np.bool_(True),
        np.datetime64("NaT", "ns"),
        np.array(["a", "bc"]),
        np.array([], dtype="<U7"),
        np.array(["a", None, math.nan, 3, (1, 2), [3]], dtype=object),
        np.array([["a"], ["b"]], dtype=object),
        slice(None, 3),
        slice(2),
        float,
        np.float32,
        np.dtype("float32"),
        np.dtype(object),
        np.log1p,
        np.absolute,
        pd.Timedelta("15min"),
        pd.Timestamp("2024-01-02 03:04", tz="UTC"),
        {1: "a", "1": "b", (1, 2): "c", None: "d"},
        "\ud800",
    ],
    ids=repr,
)
def test_this_value_comes_back(value):
    assert_same(there_and_back(value), value)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_order_of_an_array_in_memory_is_kept(order):
    array = np.array(np.arange(6.0).reshape(2, 3), order=order)
    assert there_and_back(array).flags[f"{order}_CONTIGUOUS"]


def test_arrays_come_back_writeable_and_contiguous():
    array = there_and_back(np.arange(10)[::2])
    assert array.flags.writeable
    assert array.flags.c_contiguous
    assert array.tolist() == [0, 2, 4, 6, 8]


def test_bytes_in_the_other_order_hold_the_same_numbers():
    array = there_and_back(np.array([1, 2], dtype=">i4"))
    assert (array.tolist(), array.dtype) == ([1, 2], np.dtype("int32"))


def test_an_array_that_occurs_twice_is_one_again():
    array = np.arange(3)
    one, other = there_and_back([array, array])
    assert one is other


def test_a_series_and_a_table_come_back():
    series = pd.Series({"A": "UTC", "B": "Asia/Shanghai"})
    pd.testing.assert_series_equal(there_and_back(series), series)
    frame = pd.DataFrame(
        [[0.5, math.nan], [0.25, 1.0]],
        index=pd.Index([3, 4], name="fold"),
        columns=["a", "b"],
    )
    pd.testing.assert_frame_equal(there_and_back(frame), frame)
    assert there_and_back(frame.iloc[:0]).columns.tolist() == ["a", "b"]


def test_a_selector_of_columns_comes_back():
    selector = make_column_selector(pattern="^a", dtype_include=[np.number])
    found = there_and_back(selector)
    frame = pd.DataFrame({"a": [1.0], "b": [1.0]})
    assert found(frame) == selector(frame) == ["a"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.random.default_rng(0), "random_state a whole number"),
        (lambda x: x, "functions are code"),
        (len, "functions are code"),
        (print, "functions are code"),
        (1j, "none of the classes"),
        ({1, 2}, "none of the classes"),
        (b"bytes", "none of the classes"),
        (np.array([1j]), "arrays hold"),
        (np.array([b"a"]), "arrays hold"),
        (np.zeros(1, dtype=[("a", "f8")]), "arrays hold"),
        (np.ma.masked_array([1.0]), "arrays hold"),
        (np.longdouble(1), "arrays hold"),
        (np.dtype("c16"), "arrays of complex128"),
        (dict, "no type of numbers"),
        (pd.DataFrame(columns=pd.MultiIndex.from_tuples([("a", "b")])), "levels"),
    ],
    # Without the addresses in memory, which differ between processes.
    ids=lambda value: re.sub(r" at 0x\w+", "", repr(value)),
)
def test_what_cannot_be_saved_is_named_with_its_place(value, words):
    encoder = Encoder()
    encoder.encode({"x": [value]}, "model")
    with pytest.raises(PersistenceError, match=words) as caught:
        encoder.raise_faults()
    assert "model['x'][0] is " in str(caught.value)


def test_all_that_cannot_be_saved_is_listed():
    encoder = Encoder()
    encoder.encode([1j, "fine", print], "model")
    with pytest.raises(PersistenceError) as caught:
        encoder.raise_faults()
    assert [line.split()[0] for line in str(caught.value).splitlines()[1:]] == [
        "model[0]",
        "model[2]",
    ]


def test_what_contains_itself_is_refused():
    value: list[Any] = []
    value.append(value)
    encoder = Encoder()
    encoder.encode(value, "model")
    with pytest.raises(PersistenceError, match=r"model\[0\] is .*contains itself"):
        encoder.raise_faults()
