"""describe_splits and embargo_days against plain counting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection import PurgedSplit, describe_splits, embargo_days
from sk_ensemble.panel import Panel, Windows

DAYS = pd.date_range("2024-01-01", periods=20, freq="D", tz="UTC")


def bars_of(hours_by_symbol):
    """Make bars every hour of a day of the given length, for 20 days."""
    parts = [
        pd.DataFrame(
            {
                "symbol": symbol,
                "datetime": np.repeat(DAYS, hours)
                + np.tile(pd.to_timedelta(range(hours), unit="h"), len(DAYS)),
                "close": 1.0,
            }
        )
        for symbol, hours in hours_by_symbol.items()
    ]
    return pd.concat(parts)


@pytest.fixture
def panel():
    bars = bars_of({"short": 4, "long": 12})
    ends = bars.groupby("symbol")["datetime"].shift(-3)
    labels = bars.assign(label=1, label_end=ends)[ends.notna()]
    return Panel.from_frame(bars, features=["close"]).align(labels)[0]


def test_the_four_kinds_of_rows_add_up_and_agree_with_the_folds(panel):
    cv = PurgedSplit(4, embargo_size=30)
    table = describe_splits(cv, panel)
    kinds = table[["train", "test", "purged", "embargoed"]]
    assert (kinds.sum(axis=1) == len(panel)).all()
    folds = list(cv.split(panel))
    assert table["train"].tolist() == [len(train) for train, _ in folds]
    assert table["test"].tolist() == [len(test) for _, test in folds]


def test_purged_rows_are_those_missing_without_embargo(panel):
    n_kept = [len(train) for train, _ in PurgedSplit(4).split(panel)]
    table = describe_splits(PurgedSplit(4, embargo_size=30), panel)
    assert (len(panel) - table["test"] - n_kept).tolist() == table["purged"].tolist()
    assert (table["embargoed"].iloc[:-1] > 0).all()
    assert table["embargoed"].iloc[-1] == 0
    rest = len(panel) - table["test"]
    np.testing.assert_allclose(table["purged_share"], table["purged"] / rest)
    np.testing.assert_allclose(table["embargoed_share"], table["embargoed"] / rest)


def test_test_times_are_those_of_the_first_and_last_test_row(panel):
    cv = PurgedSplit(4)
    table = describe_splits(cv, panel)
    for (_, test), row in zip(cv.split(panel), table.itertuples(), strict=True):
        stamps = pd.DatetimeIndex(panel.times[test]).tz_localize("UTC")
        assert (row.test_start, row.test_end) == (stamps.min(), stamps.max())


def test_an_empty_fold_is_shown():
    table = describe_splits(PurgedSplit(2, purged_size=9), np.zeros((10, 1)))
    assert table["train"].tolist() == [0, 0]
    assert table["purged_share"].tolist() == [1.0, 1.0]


def test_label_ends_can_be_given():
    times = pd.date_range("2024-01-01", periods=40, freq="h")
    X = pd.DataFrame({"close": 1.0}, index=times)
    ends = times + pd.Timedelta("2h")
    table = describe_splits(PurgedSplit(4), X, label_end=ends)
    assert table["purged"].tolist() == [2, 4, 4, 2]


def test_one_number_of_bars_lasts_as_many_days_as_the_longest_market_says(panel):
    # 12 stamps a day, so 36 stamps are 3 days of either symbol.
    days = embargo_days(PurgedSplit(4, embargo_size=36), panel)
    assert days.index.tolist() == ["long", "short"]
    np.testing.assert_allclose(days, 3.0, atol=0.3)


def test_the_same_number_of_bars_is_longer_where_only_a_short_market_trades():
    short = Panel.from_frame(bars_of({"short": 4}))
    long = Panel.from_frame(bars_of({"long": 12}))
    cv = PurgedSplit(4, purged_size=1, embargo_size=12)
    assert embargo_days(cv, short)["short"] == pytest.approx(3.0)
    assert embargo_days(cv, long)["long"] == pytest.approx(1.0)


def test_days_of_windows_and_frames_are_those_of_their_panel():
    bars = bars_of({"short": 4, "long": 12})
    panel = Panel.from_frame(bars)
    # The embargo of the last block, which begins after the data, does not count.
    cv = PurgedSplit(2, purged_size=1, embargo_size="2D")
    days = embargo_days(cv, panel)
    frame = bars.set_index(["symbol", "datetime"])
    pd.testing.assert_series_equal(embargo_days(cv, Windows.from_panel(panel, 3)), days)
    pd.testing.assert_series_equal(embargo_days(cv, frame), days)
    np.testing.assert_allclose(days, 2.0, atol=0.3)


def test_days_run_from_the_real_label_end_as_the_embargo_does(panel):
    real = embargo_days(PurgedSplit(4, embargo_size=36), panel)
    both = embargo_days(PurgedSplit(4, purged_size=8, embargo_size=36), panel)
    pd.testing.assert_series_equal(both, real)


def test_a_bar_is_a_larger_part_of_a_shorter_day():
    hours = [hour for day in range(20) for hour in range(24 * day, 24 * day + 2 + day)]
    index = pd.Timestamp("2024-01-01") + pd.to_timedelta(hours, unit="h")
    X = pd.DataFrame({"close": 1.0}, index=index)
    cv = PurgedSplit(2, purged_size=0, embargo_size=11 + 12)
    counts = np.arange(2, 22)
    part_of_day = np.repeat(1 / counts, counts)
    start = (len(X) + 1) // 2
    expected = part_of_day[start : start + 11 + 12].sum()
    assert embargo_days(cv, X).iloc[0] == pytest.approx(expected)


def test_an_embargo_that_rounds_to_nothing_is_no_day():
    bars = bars_of({"short": 4})
    labels = bars.iloc[::10].assign(label=1)
    labels["label_end"] = labels["datetime"] + pd.Timedelta("2h")
    X, _ = Panel.from_frame(bars, features=["close"]).align(labels)
    assert embargo_days(PurgedSplit(2, embargo_size=0.01), X)["short"] == 0.0


def test_no_embargo_is_no_day_and_one_beyond_the_data_is_unknown(panel):
    assert embargo_days(PurgedSplit(4), panel).tolist() == [0.0, 0.0]
    assert embargo_days(PurgedSplit(2, embargo_size=500), panel).isna().all()


def test_rows_without_times_have_no_days():
    with pytest.raises(DataError, match="no times"):
        embargo_days(PurgedSplit(2, purged_size=1), np.zeros((10, 1)))
