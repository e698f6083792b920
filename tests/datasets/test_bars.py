from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.datasets import load_bars
from sk_ensemble.datasets._bars import _last_instant
from sk_ensemble.exceptions import DataError


@pytest.fixture(scope="module")
def everything():
    return load_bars()


def test_all_bars_have_the_documented_columns_and_rows(everything):
    assert everything.shape == (405_230, 8)
    assert isinstance(everything.index, pd.RangeIndex)
    types = everything.dtypes.astype(str).to_dict()
    assert types == {
        "datetime": "datetime64[ns, UTC]",
        "symbol": "str",
        **dict.fromkeys(["open", "high", "low", "close"], "float64"),
        "volume": "int64",
        "new_contract": "bool",
    }
    counts = everything.groupby("symbol").size().to_dict()
    assert counts == {"AG": 144_870, "CU": 125_703, "IC": 67_328, "IF": 67_329}


def test_all_bars_are_sorted_complete_and_consistent(everything):
    keys = everything[["symbol", "datetime"]]
    assert keys.equals(keys.sort_values(["symbol", "datetime"]))
    assert not keys.duplicated().any()
    assert not everything.isna().any(axis=None)
    inner = everything[["open", "close"]]
    assert (everything["high"] >= inner.max(axis=1)).all()
    assert (everything["low"] <= inner.min(axis=1)).all()
    assert (everything["volume"] > 0).all()


def test_bars_carry_the_stated_number_of_contract_changes(everything):
    changes = everything.groupby("symbol")["new_contract"].sum().to_dict()
    assert changes == {"AG": 13, "CU": 68, "IC": 69, "IF": 69}


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2021", None, "2021-01-01", "2100"),
        (None, "2016", "2000", "2016-12-31 23:59:59.999999999"),
        ("2020-02", "2020-02", "2020-02-01", "2020-02-29 23:59:59.999999999"),
        ("2020-06-30", "2020-06-30", "2020-06-30", "2020-06-30 23:59:59.999999999"),
        (
            datetime.date(2020, 6, 30),
            datetime.date(2020, 6, 30),
            "2020-06-30",
            "2020-06-30 23:59:59.999999999",
        ),
        (
            "2020-06-30 01:35",
            pd.Timestamp("2020-06-30 02:00"),
            "2020-06-30 01:35",
            "2020-06-30 02:00",
        ),
        (
            "2020-06-30 09:35+08:00",
            pd.Timestamp("2020-06-30 10:00", tz="Asia/Shanghai"),
            "2020-06-30 01:35",
            "2020-06-30 02:00",
        ),
    ],
)
def test_limits_select_as_a_mask_does(everything, start, end, first, last):
    times, symbols = everything["datetime"], everything["symbol"]
    mask = times.between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"))
    expected = everything[mask & symbols.isin(["IF", "AG"])].reset_index(drop=True)
    assert len(expected)
    pd.testing.assert_frame_equal(load_bars(["IF", "AG"], start, end), expected)


@pytest.mark.parametrize(
    ("end", "following"),
    [("2020", "2021"), ("2020-02", "2020-03"), ("2020-02-29", "2020-03")],
)
def test_a_partial_end_stops_just_before_the_next_period(end, following):
    after = pd.Timestamp(following, tz="UTC")
    assert _last_instant(end) == after - pd.Timedelta(1, unit="ns")


def test_one_symbol_may_be_given_as_a_string():
    assert set(load_bars("CU", end="2016-01-05")["symbol"]) == {"CU"}


@pytest.mark.parametrize("symbols", [["IF", "MES"], "ES", []])
def test_unknown_symbols_are_refused_with_the_known_ones(symbols):
    with pytest.raises(DataError, match=r"\['AG', 'CU', 'IC', 'IF'\]"):
        load_bars(symbols)


def test_an_empty_selection_is_refused_with_the_span_of_the_data():
    with pytest.raises(DataError, match=r"No bars.*2016-01-04.*2021-10-13"):
        load_bars("IF", start="2022")
    with pytest.raises(DataError, match="No bars"):
        load_bars("IF", start="2020-02", end="2020-01")


@pytest.mark.parametrize("limit", ["soon", 2021, pd.NaT, float("nan"), "2020-13"])
@pytest.mark.parametrize("name", ["start", "end"])
def test_a_limit_that_is_no_time_is_refused(limit, name):
    with pytest.raises(DataError, match=f"{name} must be a date"):
        load_bars("IF", **{name: limit})


def test_two_loads_do_not_share_memory():
    first = load_bars("IF", end="2016-01-05")
    first["close"] = np.nan
    assert load_bars("IF", end="2016-01-05")["close"].notna().all()
